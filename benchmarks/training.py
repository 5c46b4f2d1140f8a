"""Training on the CPU: steps against PyTorch, `fit` against Keras, and what surrounds them.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/training.py [part or network ...]

Parts: steps, threads, fit, start, tape; without names all of them. A step is forward, backward and
Adam. Sides that are compared run in one process on one thread, turn by turn, and the smallest CPU
time counts; PyTorch is at its best, channels_last and with a fused Adam. What is not installed is
left out. "bar" is the least that a column before it is to reach.

With `--device gpu` instead: training on a GPU, see training_sides/gpu.py.

Whether OPENBLAS_CORETYPE holds back numpy's BLAS is printed: PyTorch has its own and is not held
back by it. The bars are for OPENBLAS_CORETYPE=Haswell on a processor with AVX-512.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from training_sides.networks import NETWORKS, our_network, our_step
from training_sides.pytorch import torch_step

from edgekit.train import GradientTape, Tensor, set_threads
from edgekit.train.ops.activations import relu

__all__ = ["NETWORKS", "our_network", "our_step"]

# network, batch, and how much of PyTorch's speed is to be reached
RUNS = [
    ("mlp", 32, 0.95),
    ("mlp", 128, 1.05),
    ("lenet", 32, 0.70),
    ("lenet", 128, 0.55),
    ("dscnn", 100, 0.62),
    ("resnet8", 32, 0.46),
    ("mobilenet", 32, 0.50),
]
SECONDS = float(os.environ.get("BENCH_SECONDS", "12"))

FIRST_STEP = """
import numpy as np
from edgekit.train import Sequential, layers
model = Sequential([
    layers.Input((784,)), layers.Dense(128, activation="relu"), layers.Dense(10, "softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.train_on_batch(np.ones((32, 784), "float32"), np.zeros(32, "int64"))
"""


def batch_of(name: str, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels for a network."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(batch, *NETWORKS[name][0])).astype(np.float32)
    return x, rng.integers(0, 2, batch).astype(np.int32)


def interleaved(
    functions: list[Callable[[], Any]],
    seconds: float,
    clock: Callable[[], float],
    prepare: Callable[[int], Any] | None = None,
) -> list[float]:
    """The smallest time of each function, in ms, called turn by turn for `seconds`.

    prepare: called with the number of the function before each call, its time not counted.
    """
    best = [float("inf")] * len(functions)
    for function in functions:
        for _ in range(3):
            function()
    end = time.perf_counter() + seconds
    gc.disable()
    while time.perf_counter() < end:
        for i, function in enumerate(functions):
            if prepare is not None:
                prepare(i)
            start = clock()
            function()
            best[i] = min(best[i], clock() - start)
    gc.enable()
    return [1e3 * t for t in best]


def measure_steps(names: list[str]) -> None:
    have_torch = importlib.util.find_spec("torch") is not None
    print(f"{'step':12}{'batch':>6}{'edgekit ms':>12}{'PyTorch ms':>12}{'speed':>8}{'bar':>6}")
    for name, batch, bar in RUNS:
        if names and name not in names:
            continue
        shape, specification = NETWORKS[name]
        x, y = batch_of(name, batch)
        functions = [our_step(shape, specification, x, y)]
        if have_torch:
            functions.append(torch_step(shape, specification, x, y))
        ours, *theirs = interleaved(functions, SECONDS, time.process_time)
        line = f"{name:12}{batch:>6}{ours:>12.3f}"
        speed = f"{theirs[0]:>12.3f}{theirs[0] / ours:>8.2f}{bar:>6.2f}" if theirs else ""
        print(line + speed, flush=True)


def measure_threads(names: list[str]) -> None:
    """Two threads against one. What the calling thread itself computes, its waiting not counted,
    is what a step takes where both threads have a core; wall time says less on a busy machine.
    Threads are started with the first step that shares, which is not counted."""
    print(f"\n{'two threads':12}{'batch':>6}{'caller ms':>12}{'of one':>8}{'bar':>6}{'wall':>8}")
    for name, batch, _ in RUNS:
        if name == "mlp" or (names and name not in names):
            continue
        shape, specification = NETWORKS[name]
        step = our_step(shape, specification, *batch_of(name, batch))

        def start(i: int, step: Callable[[], Any] = step) -> None:
            set_threads(i + 1)
            step()

        callers = interleaved([step, step], SECONDS / 2, time.thread_time, start)
        walls = interleaved([step, step], SECONDS / 2, time.perf_counter, start)
        set_threads(1)
        print(
            f"{name:12}{batch:>6}{callers[1]:>12.3f}{callers[0] / callers[1]:>8.2f}{1.5:>6.2f}"
            f"{walls[0] / walls[1]:>8.2f}",
            flush=True,
        )


def measure_fit() -> None:
    script = Path(__file__).with_name("training_sides") / "fit.py"
    print(f"\n{'fit, MLP b32':18}{'edgekit µs':>12}{'Keras µs':>12}{'speed':>8}{'bar':>6}")
    for backend, bar in (("torch", 4.0), ("jax", 0.75)):
        if any(importlib.util.find_spec(name) is None for name in ("keras", backend)):
            continue
        environment = {**os.environ, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": ""}
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        command = [sys.executable, str(script)]
        made = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        ours, theirs = json.loads(made.stdout.splitlines()[-1])
        name = f"Keras on {backend}"
        print(f"{name:18}{ours:>12.0f}{theirs:>12.0f}{theirs / ours:>8.2f}{bar:>6.2f}", flush=True)


def measure_start(times: int = 15) -> None:
    """CPU time of a process that imports edgekit.train and does one step of a dense network."""
    best = {"edgekit": float("inf"), "numpy alone": float("inf")}
    for _ in range(times):
        for name, code in (("edgekit", FIRST_STEP), ("numpy alone", "import numpy")):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", code], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            best[name] = min(best[name], spent)
    ours, numpy_alone = best["edgekit"], best["numpy alone"]
    print(
        f"\nprocess start to the first step: {ours:.3f} s (at most 0.25), numpy {numpy_alone:.3f}"
    )


def measure_tape(operations: int = 50) -> None:
    """What the tape adds to an operation and its derivative, beyond the functions themselves."""
    x = Tensor(np.ones(1, np.float32))

    def taped() -> None:
        with GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in range(operations):
                y = relu(y)
        tape.gradient(y, [x])

    def bare() -> None:
        y = x.data
        for _ in range(operations):
            y = relu.forward(y)
        for _ in range(operations):
            y = relu.backward(y, y, y)[0]

    with_tape, without = interleaved([taped, bare], 3.0, time.process_time)
    added = 1e3 * (with_tape - without) / operations
    print(f"tape: {added:.2f} µs for an operation and its derivative (at most 3)")


def main(names: list[str]) -> None:
    core = os.environ.get("OPENBLAS_CORETYPE", "not set")
    print(f"OPENBLAS_CORETYPE: {core}; numpy {np.__version__}\n")
    parts = {
        "steps": lambda: measure_steps(networks),
        "threads": lambda: measure_threads(networks),
        "fit": measure_fit,
        "start": measure_start,
        "tape": measure_tape,
    }
    networks = [name for name in names if name in NETWORKS]
    unknown = [name for name in names if name not in parts and name not in NETWORKS]
    if unknown:
        sys.exit(f"{', '.join(unknown)}: not among {', '.join([*parts, *NETWORKS])}")
    chosen = [name for name in names if name in parts]
    chosen = chosen or (["steps", "threads"] if networks else list(parts))
    for name in chosen:
        parts[name]()


if __name__ == "__main__":
    if sys.argv[1:3] == ["--device", "gpu"]:
        from training_sides import gpu

        gpu.main(sys.argv[3:])
    else:
        main(sys.argv[1:])
