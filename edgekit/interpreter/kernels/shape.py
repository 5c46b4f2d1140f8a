"""Operators that only move elements; in int8 scale and zero point stay, so u moves as it is."""

from __future__ import annotations

import numpy as np

from edgekit.ir import QuantParams
from edgekit.ir.quant import LIMITS

from ..step import Step
from .registry import kernel

__all__: list[str] = []


@kernel("Reshape", "float32", "int8")
def reshape(step: Step) -> None:
    """Nothing to do where the memory plan lets the output view the input's elements."""
    x, y = step.input(0), step.output()
    if y.flags.c_contiguous:
        same = x.flags.c_contiguous and x.ctypes.data == y.ctypes.data
        if not same:
            step.call(np.copyto, y.reshape(x.shape), x)
        return
    if not x.flags.c_contiguous:
        dense = step.scratch(x.shape)
        step.call(np.copyto, dense, x)
        x = dense
    step.call(np.copyto, y, x.reshape(y.shape))


@kernel("Transpose", "float32", "int8")
def transpose(step: Step) -> None:
    step.call(np.copyto, step.output(), step.input(0).transpose(step.attrs["perm"]))


@kernel("Pad", "float32", "int8")
def pad(step: Step) -> None:
    """In int8 the value is stored as `clip(rint(f32(value) / s) + z)`; 0 is the zero point."""
    x, y, pads = step.input(0), step.output(), step.attrs["pads"]
    value = float(step.attrs["value"])
    if step.quantized:
        value = _centered(value, step.output_quant, step.output_dtype)
    inside = tuple(slice(pads[2 * i], pads[2 * i] + size) for i, size in enumerate(x.shape))
    step.call(y.fill, value)
    step.call(np.copyto, y[inside], x)


def _centered(value: float, quant: QuantParams, dtype: str) -> float:
    """`value` as u = q - z."""
    low, high = (limit - quant.zero_point[0] for limit in LIMITS[dtype])
    return float(np.clip(np.rint(np.float32(value) / quant.scales[0]), low, high))


@kernel("Slice", "float32", "int8")
def slice_(step: Step) -> None:
    x, y = step.input(0), step.output()
    window = tuple(
        slice(start, start + length)
        for start, length in zip(step.attrs["starts"], y.shape, strict=True)
    )
    step.call(np.copyto, y, x[window])


@kernel("Concat", "float32", "int8")
def concat(step: Step) -> None:
    y = step.output()
    axis, start = step.attrs["axis"] % y.ndim, 0
    for position in range(len(step.node.inputs)):
        x = step.input(position)
        window = [slice(None)] * y.ndim
        window[axis] = slice(start, start + x.shape[axis])
        step.call(np.copyto, y[tuple(window)], x)
        start += x.shape[axis]


@kernel("ResizeNearest", "float32", "int8")
def resize_nearest(step: Step) -> None:
    """Cell i of the output is cell i // factor of the input."""
    x, y = step.input(0), step.output()
    batch, height, width, channels = x.shape
    down, right = step.attrs["factors"]
    cells = y.reshape(batch, height, down, width, right, channels)  # splitting never copies
    step.call(np.copyto, cells, x.reshape(batch, height, 1, width, 1, channels))
