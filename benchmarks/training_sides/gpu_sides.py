"""One side of the GPU comparison, as a process of its own that measures when it is asked.

    python gpu_sides.py SIDE NETWORK BATCH PRECISION

It prints a line of JSON when it is warm, and for every line that it reads one with the
milliseconds of a step. Sides: edgekit, eager and compiled (PyTorch), keras (Keras on jax).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["SIDES", "STEPS", "edgekit_side"]

STEPS = 256  # of an epoch, and of a measurement

Round = Callable[[], float]
"""Measures once: milliseconds of a step."""


def samples(shape: tuple[int, ...], count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((count, *shape), np.float32)
    return x, rng.integers(0, 2, count).astype(np.int32)


def _second_epoch(api: Any, model: Any, x: Any, y: Any, batch: int) -> float:
    """Seconds of an epoch of `fit` in which nothing is made for the first time."""

    class Clock(api.callbacks.Callback):
        seconds = 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.seconds = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seconds = time.perf_counter() - self.seconds

    clock = Clock()
    model.fit(x, y, batch_size=batch, epochs=2, verbose=0, callbacks=[clock])
    return clock.seconds


def edgekit_side(
    shape: tuple[int, ...], layers: Any, batch: int, precision: str, steps: int = STEPS
) -> tuple[dict[str, Any], Round]:
    """`fit` on data that live on the GPU, with what its graph holds and what bounds a step."""
    import cupy
    from limits import bandwidth, cost_of, launch_floor, nodes_of, rate
    from networks import our_network

    from edgekit import train

    train.set_float32_precision(precision)
    train.backend.set_device("gpu")
    model = our_network(shape, layers)
    loss = train.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    x, y = map(cupy.asarray, samples(shape, batch * steps))

    def measured() -> float:
        return 1e3 * _second_epoch(train, model, x, y, batch) / steps

    measured()
    step = model._gpu_loop.step("train_step")
    graphs = [(nodes_of(one.graph), count) for (_, count), one in step._graphs.items()]
    nodes, count = max(graphs, default=(0, 1))
    kernels = round(nodes / count)
    size = {} if steps == STEPS else {"size": 64, "times": 1}  # small where it is only tried
    arithmetic, traffic = cost_of(model, batch).milliseconds(rate(**size), bandwidth(**size))
    return {
        "refusal": step.refusal,
        "kernels": kernels,
        "launch_ms": launch_floor(count * kernels, times=50 if steps == STEPS else 1) / count,
        "arithmetic_ms": arithmetic,
        "memory_ms": traffic,
        "graph_bytes": model._gpu_loop.work.bytes_held(),
    }, measured


def torch_side(
    shape: tuple[int, ...], layers: Any, batch: int, precision: str, compiled: bool
) -> tuple[dict[str, Any], Round]:
    """PyTorch at its best: channels_last, a fused Adam, one batch that lies on the GPU."""
    import torch
    from pytorch import torch_network

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = True
    network = torch_network(shape, layers).to("cuda", memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), fused=True, capturable=True)
    x, y = samples(shape, batch)
    inputs, labels = torch.from_numpy(x).cuda(), torch.from_numpy(y).long().cuda()
    if inputs.ndim == 4:
        inputs = inputs.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    criterion = torch.nn.CrossEntropyLoss()

    def loss_of(inputs: Any, labels: Any) -> Any:
        return criterion(network(inputs), labels)

    if compiled:
        loss_of = torch.compile(loss_of, mode="reduce-overhead")

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss_of(inputs, labels).backward()
        optimizer.step()

    def measured() -> float:
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(STEPS):
            step()
        torch.cuda.synchronize()
        return 1e3 * (time.perf_counter() - start) / STEPS

    for _ in range(16):
        step()
    measured()
    return {"version": torch.__version__}, measured


def keras_side(
    shape: tuple[int, ...], layers: Any, batch: int, precision: str
) -> tuple[dict[str, Any], Round]:
    """`fit` of Keras on jax."""
    import jax
    import keras
    from networks import network_of

    jax.config.update(
        "jax_default_matmul_precision", "tensorfloat32" if precision == "tf32" else "float32"
    )
    model = network_of(keras, shape, layers)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = samples(shape, batch * STEPS)

    def measured() -> float:
        return 1e3 * _second_epoch(keras, model, x, y, batch) / STEPS

    measured()
    return {"version": f"{keras.__version__}, jax {jax.__version__}"}, measured


SIDES: dict[str, Callable[..., tuple[dict[str, Any], Round]]] = {
    "edgekit": edgekit_side,
    "eager": lambda *given: torch_side(*given, compiled=False),
    "compiled": lambda *given: torch_side(*given, compiled=True),
    "keras": keras_side,
}


def main(side: str, network: str, batch: str, precision: str) -> None:
    from networks import NETWORKS

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what frameworks print does not mix with the answers
    facts, measured = SIDES[side](*NETWORKS[network], int(batch), precision)
    print(json.dumps(facts), file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps({"ms": measured()}), file=answers, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    os.environ.setdefault("KERAS_BACKEND", "jax")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("CUPY_TF32", "1" if sys.argv[4] == "tf32" else "0")
    main(*sys.argv[1:5])
