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
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.train.ops.activations import relu
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.dense import dense
from edgekit.train.ops.depthwise import depthwise_conv2d
from edgekit.train.ops.losses import softmax_cross_entropy
from edgekit.train.ops.math import mean
from edgekit.train.ops.normalization import batch_norm
from edgekit.train.ops.pooling import global_average_pool2d, max_pool2d
from edgekit.train.ops.shape import flatten
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Tensor, Variable

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


class OurNetwork:
    """The layers as calls of primitives; weights and gradients are views of two flat vectors."""

    def __init__(self, shape: tuple[int, ...], layers: list[Layer]) -> None:
        self.rng = np.random.default_rng(0)
        self.variables: list[Variable] = []
        self.layers = layers
        self.taken = 0
        self(np.zeros((2, *shape), np.float32))
        self.flat = np.concatenate([v.data.ravel() for v in self.variables])
        self.gradient = np.empty_like(self.flat)
        offset = 0
        for v in self.variables:
            v.data = self.flat[offset : offset + v.size].reshape(v.shape)
            offset += v.size
        self.moments = np.zeros((2, self.flat.size), np.float32)
        self.steps = 0

    def weight(self, *shape: int, start: float | None = None) -> Variable:
        """The next weight; made when the network runs for the first time."""
        self.taken += 1
        if self.taken > len(self.variables):
            fan = int(np.prod(shape[:-1])) or 1
            value = self.rng.normal(size=shape) * (2 / fan) ** 0.5
            data = value if start is None else np.full(shape, start)
            self.variables.append(Variable(data.astype(np.float32)))
        return self.variables[self.taken - 1]

    def __call__(self, x: Any) -> Any:
        self.taken = 0
        return self.run(x, self.layers)

    def run(self, x: Any, layers: list[Layer]) -> Any:
        for kind, *arguments in layers:
            x = getattr(self, kind)(x, *arguments)
        return x

    def conv(self, x: Any, channels: int, kernel: Any, strides: int, padding: str) -> Any:
        k = self.weight(*kernel, x.shape[-1], channels)
        b = self.weight(channels, start=0)
        return conv2d(x, k, b, strides=(strides, strides), padding=padding)

    def depthwise(self, x: Any, strides: int) -> Any:
        k = self.weight(3, 3, x.shape[-1], 1)
        b = self.weight(x.shape[-1], start=0)
        return depthwise_conv2d(x, k, b, strides=(strides, strides), padding="same")

    def norm(self, x: Any) -> Any:
        gamma, beta = self.weight(x.shape[-1], start=1), self.weight(x.shape[-1], start=0)
        return batch_norm(x, gamma, beta, None, None, training=True)[0]

    def dense(self, x: Any, units: int) -> Any:
        return dense(x, self.weight(x.shape[-1], units), self.weight(units, start=0))

    def relu(self, x: Any) -> Any:
        return relu(x)

    def pool(self, x: Any) -> Any:
        return max_pool2d(x, pool_size=(2, 2))

    def flatten(self, x: Any) -> Any:
        return flatten(x)

    def average(self, x: Any) -> Any:
        return global_average_pool2d(x)

    def residual(self, x: Any, main: list[Layer], short: list[Layer]) -> Any:
        return self.run(x, main) + self.run(x, short)

    def step(self, x: np.ndarray, y: np.ndarray) -> Tensor:
        with GradientTape() as tape:
            loss = mean(softmax_cross_entropy(self(x), y))
        offset = 0
        for g in tape.gradient(loss, self.variables):
            self.gradient[offset : offset + g.size] = g.data.ravel()
            offset += g.size
        self.adam()
        return loss

    def adam(self, rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999) -> None:
        """Adam over the flat vector in pieces that stay in the cache."""
        self.steps += 1
        alpha = rate * (1 - beta2**self.steps) ** 0.5 / (1 - beta1**self.steps)
        for start in range(0, self.flat.size, 16384):
            part = slice(start, start + 16384)
            g, (m, v) = self.gradient[part], self.moments[:, part]
            m += (g - m) * np.float32(1 - beta1)
            v += (g * g - v) * np.float32(1 - beta2)
            scale = np.sqrt(v)
            scale += np.float32(1e-7)
            self.flat[part] -= m * np.float32(alpha) / scale


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
    have_torch = importlib.util.find_spec("torch") is not None
    print(f"{'network':12}{'batch':>6}{'edgekit ms':>12}{'PyTorch ms':>12}{'speed':>8}")
    for name, batch in RUNS:
        if names and name not in names:
            continue
        shape, layers = NETWORKS[name]
        rng = np.random.default_rng(1)
        x = rng.normal(size=(batch, *shape)).astype(np.float32)
        y = rng.integers(0, 2, batch).astype(np.int32)
        network = OurNetwork(shape, layers)
        functions: list[Callable[[], Any]] = [lambda n=network, x=x, y=y: n.step(x, y)]
        if have_torch:
            functions.append(torch_step(shape, layers, x, y))
        ours, *theirs = interleaved(functions, 6.0)
        line = f"{name:12}{batch:>6}{ours:>12.3f}"
        print(line + (f"{theirs[0]:>12.3f}{theirs[0] / ours:>8.2f}" if theirs else ""), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
