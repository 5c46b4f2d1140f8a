"""Padding and layouts, as the window functions of PyTorch want them."""

from __future__ import annotations

from typing import Any


def same(size: Any, kernel: Any, strides: Any, dilations: Any = (1, 1)) -> tuple[int, ...]:
    """TensorFlow's "same" padding as torch's pad wants it: left, right, top, bottom."""
    pads: list[int] = []
    for n, k, s, d in zip(size[::-1], kernel[::-1], strides[::-1], dilations[::-1], strict=True):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pads += [total // 2, total - total // 2]
    return tuple(pads)


def torch_pads(padding: Any, size: Any, kernel: Any, strides: Any, dilations: Any) -> Any:
    if padding == "valid":
        return (0, 0, 0, 0)
    if padding == "same":
        return same(size, kernel, strides, dilations)
    top, left, bottom, right = padding
    return (left, right, top, bottom)


def nchw(x: Any) -> Any:
    return x.permute(0, 3, 1, 2)


def nhwc(x: Any) -> Any:
    return x.permute(0, 2, 3, 1)
