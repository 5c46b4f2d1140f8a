"""Forward and backward of recurrent layers: edgekit against PyTorch and Keras.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/recurrent.py [name ...]

64 units, 16 features, 50 times, a batch of 32; the gradients of the weights. All sides run in this
process on one thread, turn by turn, and the smallest CPU time counts. Without PyTorch or Keras
(on PyTorch) only the others' times are printed. OPENBLAS_CORETYPE is to be unset.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
import time
from collections.abc import Callable

import numpy as np

from edgekit.train import GradientTape, layers

Step = Callable[[], object]
UNITS, FEATURES, TIMES, BATCH = 64, 16, 50, 32
NAMES = ("LSTM", "GRU", "SimpleRNN")
ROUNDS = 60
X = np.random.default_rng(0).normal(size=(BATCH, TIMES, FEATURES)).astype(np.float32)


def edgekit_step(name: str) -> Step:
    layer = getattr(layers, name)(UNITS)
    layer(X)

    def step() -> None:
        with GradientTape() as tape:
            total = layer(X).sum()
        tape.gradient(total, layer.trainable_weights)

    return step


def pytorch_step(name: str) -> Step:
    import torch

    torch.set_num_threads(1)
    kind = {"SimpleRNN": "RNN"}.get(name, name)
    module = getattr(torch.nn, kind)(FEATURES, UNITS, batch_first=True)
    x = torch.from_numpy(X)

    def step() -> None:
        module.zero_grad()
        module(x)[0][:, -1].sum().backward()

    return step


def keras_step(name: str) -> Step:
    import keras
    import torch

    layer = getattr(keras.layers, name)(UNITS)
    x = torch.from_numpy(X)
    layer(x)

    def step() -> None:
        layer.zero_grad()
        layer(x).sum().backward()

    return step


def measure(steps: dict[str, Step], rounds: int) -> dict[str, float]:
    """The smallest CPU time of each in milliseconds, taken in turns."""
    best = dict.fromkeys(steps, float("inf"))
    gc.disable()
    for _ in range(rounds):
        for side, step in steps.items():
            begin = time.process_time()
            step()
            best[side] = min(best[side], time.process_time() - begin)
    gc.enable()
    return {side: 1e3 * seconds for side, seconds in best.items()}


def main(names: list[str]) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    sides = {"edgekit": edgekit_step}
    if importlib.util.find_spec("torch"):
        sides["PyTorch"] = pytorch_step
        if importlib.util.find_spec("keras"):
            sides["Keras"] = keras_step
    print(f"{'ms, forward and backward':26}" + "".join(f"{side:>10}" for side in sides))
    for name in names or NAMES:
        rounds = ROUNDS if "Keras" not in sides else ROUNDS // 2
        found = measure({side: make(name) for side, make in sides.items()}, rounds)
        line = "".join(f"{found[side]:10.2f}" for side in sides)
        ratio = (
            f"   edgekit / PyTorch {found['edgekit'] / found['PyTorch']:.2f}"
            if ("PyTorch" in found)
            else ""
        )
        print(f"{name:26}{line}{ratio}")


if __name__ == "__main__":
    main(sys.argv[1:])
