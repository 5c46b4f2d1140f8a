"""The networks in PyTorch at its best: channels_last, and a fused Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

Layer = tuple[Any, ...]


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
