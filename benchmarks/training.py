"""One training step (forward, backward, Adam) of small networks: edgekit's primitives against
PyTorch.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/training.py [name ...]

Both sides run in this process on one thread, turn by turn, and the smallest CPU time of a step
counts. PyTorch is at its best here: channels_last and a fused Adam. Without PyTorch only our times
are printed. OPENBLAS_CORETYPE is to be unset, so that numpy's BLAS takes the kernels of this
processor.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from edgekit.train import layers
from edgekit.train.models import Model
from edgekit.train.ops.losses import softmax_cross_entropy
from edgekit.train.ops.math import mean
from edgekit.train.optimizers import Adam
from edgekit.train.tape import GradientTape

Layer = tuple[Any, ...]


def conv(channels: int, kernel: tuple[int, int], strides: int = 1, padding: str = "same") -> Layer:
    return ("conv", channels, kernel, strides, padding)


def convolution_block(channels: int, strides: int = 1) -> list[Layer]:
    return [conv(channels, (3, 3), strides), ("norm",), ("relu",)]


def separable(channels: int, strides: int = 1) -> list[Layer]:
    return [
        ("depthwise", strides),
        ("norm",),
        ("relu",),
        conv(channels, (1, 1)),
        ("norm",),
        ("relu",),
    ]


def residual(channels: int, strides: int = 1) -> list[Layer]:
    main = [*convolution_block(channels, strides), conv(channels, (3, 3)), ("norm",)]
    short = [] if strides == 1 else [conv(channels, (1, 1), strides)]
    return [("residual", main, short), ("relu",)]


NETWORKS: dict[str, tuple[tuple[int, ...], list[Layer]]] = {
    "mlp": ((784,), [("dense", 128), ("relu",), ("dense", 10)]),
    "lenet": (
        (28, 28, 1),
        [
            conv(6, (5, 5)),
            ("relu",),
            ("pool",),
            conv(16, (5, 5), padding="valid"),
            ("relu",),
            ("pool",),
            ("flatten",),
            ("dense", 120),
            ("relu",),
            ("dense", 84),
            ("relu",),
            ("dense", 10),
        ],
    ),
    "dscnn": (
        (49, 10, 1),
        [
            conv(64, (10, 4), 2),
            ("norm",),
            ("relu",),
            *[layer for _ in range(4) for layer in separable(64)],
            ("average",),
            ("dense", 12),
        ],
    ),
    "resnet8": (
        (32, 32, 3),
        [
            *convolution_block(16),
            *residual(16),
            *residual(32, 2),
            *residual(64, 2),
            ("average",),
            ("dense", 10),
        ],
    ),
    "mobilenet": (
        (96, 96, 3),
        [
            *convolution_block(8, 2),
            *separable(16),
            *separable(32, 2),
            *separable(32),
            *separable(64, 2),
            *separable(64),
            *separable(128, 2),
            *[layer for _ in range(5) for layer in separable(128)],
            *separable(256, 2),
            *separable(256),
            ("average",),
            ("dense", 2),
        ],
    ),
}

RUNS = [
    ("mlp", 32),
    ("mlp", 128),
    ("lenet", 32),
    ("lenet", 128),
    ("dscnn", 100),
    ("resnet8", 32),
    ("mobilenet", 32),
]


def our_network(shape: tuple[int, ...], specification: list[Layer]) -> Any:
    """The layers as a functional model."""

    def extend(x: Any, layer: Layer) -> Any:
        kind, *arguments = layer
        if kind == "residual":
            return layers.Add()([reduce(extend, branch, x) for branch in arguments])
        return MAKE[kind](*arguments)(x)

    image = layers.Input(shape)
    return Model(image, reduce(extend, specification, image))


MAKE: dict[str, Callable[..., Any]] = {
    "conv": lambda channels, kernel, strides, padding: layers.Conv2D(
        channels, kernel, strides, padding
    ),
    "depthwise": lambda strides: layers.DepthwiseConv2D(3, strides, "same"),
    "norm": layers.BatchNormalization,
    "dense": layers.Dense,
    "relu": layers.ReLU,
    "pool": layers.MaxPooling2D,
    "flatten": layers.Flatten,
    "average": layers.GlobalAveragePooling2D,
}


def our_step(
    shape: tuple[int, ...], specification: list[Layer], x: np.ndarray, y: np.ndarray
) -> Any:
    """A function that does one step of ours, in the loop that Keras' guides call custom."""
    network = our_network(shape, specification)
    optimizer = Adam()
    variables = network.trainable_variables

    def step() -> None:
        with GradientTape() as tape:
            loss = mean(softmax_cross_entropy(network(x, training=True), y))
        optimizer.apply(tape.gradient(loss, variables), variables)

    return step


def torch_network(shape: tuple[int, ...], layers: list[Layer]) -> Any:
    """The same layers in PyTorch, NCHW in channels_last memory."""
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, main: Any, short: Any) -> None:
            super().__init__()
            self.main, self.short = main, short

        def forward(self, x: Any) -> Any:
            return self.main(x) + self.short(x)

    class SamePadding(nn.Module):
        def __init__(self, kernel: Any, strides: int) -> None:
            super().__init__()
            self.kernel, self.strides = kernel, strides

        def forward(self, x: Any) -> Any:
            pads: list[int] = []
            for size, k in zip(x.shape[:1:-1], self.kernel[::-1], strict=True):
                total = max((-(-size // self.strides) - 1) * self.strides + k - size, 0)
                pads += [total // 2, total - total // 2]
            return nn.functional.pad(x, pads)

    def convolution(channels: int, out: int, kernel: Any, strides: int, padding: str, groups: int):
        if padding == "valid" or tuple(kernel) == (1, 1):
            return [nn.Conv2d(channels, out, kernel, strides, groups=groups)]
        if strides == 1 and all(k % 2 for k in kernel):
            same = tuple(k // 2 for k in kernel)
            return [nn.Conv2d(channels, out, kernel, padding=same, groups=groups)]
        return [
            SamePadding(kernel, strides),
            nn.Conv2d(channels, out, kernel, strides, groups=groups),
        ]

    def build(layers: list[Layer], channels: int) -> tuple[Any, int]:
        made: list[Any] = []
        for kind, *arguments in layers:
            if kind == "conv":
                out, kernel, strides, padding = arguments
                made += convolution(channels, out, kernel, strides, padding, 1)
                channels = out
            elif kind == "depthwise":
                made += convolution(channels, channels, (3, 3), arguments[0], "same", channels)
            elif kind == "norm":
                made.append(nn.BatchNorm2d(channels))
            elif kind == "relu":
                made.append(nn.ReLU())
            elif kind == "pool":
                made.append(nn.MaxPool2d(2))
            elif kind == "average":
                made += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
            elif kind == "flatten":
                made.append(nn.Flatten())
                channels *= 25
            elif kind == "dense":
                made.append(nn.Linear(channels, arguments[0]))
                channels = arguments[0]
            else:
                main, out = build(arguments[0], channels)
                made.append(Residual(main, build(arguments[1], channels)[0]))
                channels = out
        return nn.Sequential(*made), channels

    return build(layers, shape[-1])[0]


def torch_step(shape: tuple[int, ...], layers: list[Layer], x: np.ndarray, y: np.ndarray) -> Any:
    """A function that does one step in PyTorch."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = torch_network(shape, layers).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y).long()
    if x.ndim == 4:
        inputs = inputs.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    criterion = torch.nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        criterion(network(inputs), labels).backward()
        optimizer.step()

    return step


def interleaved(functions: list[Callable[[], Any]], seconds: float) -> list[float]:
    """The smallest CPU time of each function, in ms, called turn by turn for `seconds`."""
    best = [float("inf")] * len(functions)
    for function in functions:
        for _ in range(3):
            function()
    end = time.perf_counter() + seconds
    gc.disable()
    while time.perf_counter() < end:
        for i, function in enumerate(functions):
            start = time.process_time()
            function()
            best[i] = min(best[i], time.process_time() - start)
    gc.enable()
    return [1e3 * t for t in best]


def main(names: list[str]) -> None:
    if "OPENBLAS_CORETYPE" in os.environ:
        print(f"OPENBLAS_CORETYPE={os.environ['OPENBLAS_CORETYPE']}: numpy's BLAS is held back")
    have_torch = importlib.util.find_spec("torch") is not None
    print(f"{'network':12}{'batch':>6}{'edgekit ms':>12}{'PyTorch ms':>12}{'speed':>8}")
    for name, batch in RUNS:
        if names and name not in names:
            continue
        shape, specification = NETWORKS[name]
        rng = np.random.default_rng(1)
        x = rng.normal(size=(batch, *shape)).astype(np.float32)
        y = rng.integers(0, 2, batch).astype(np.int32)
        functions = [our_step(shape, specification, x, y)]
        if have_torch:
            functions.append(torch_step(shape, specification, x, y))
        ours, *theirs = interleaved(functions, 6.0)
        line = f"{name:12}{batch:>6}{ours:>12.3f}"
        print(line + (f"{theirs[0]:>12.3f}{theirs[0] / ours:>8.2f}" if theirs else ""), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
