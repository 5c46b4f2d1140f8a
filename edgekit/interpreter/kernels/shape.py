"""Operators that only move elements; in int8 scale and zero point stay, so u moves as it is."""

from __future__ import annotations

import numpy as np

from edgekit.ir import QuantParams
from edgekit.ir.quant import LIMITS

from ..step import Array, Step
from . import kernel
from .reshape import EVERY, dense_input
from .ufuncs import copy_runs

__all__: list[str] = []


@kernel("Transpose", *EVERY)
def transpose(step: Step) -> None:
    step.call(np.copyto, step.output(), step.input(0).transpose(step.attrs["perm"]))


@kernel("Pad", *EVERY)
def pad(step: Step) -> None:
    """In int8 the value is stored as `clip(rint(f32(value) / s) + z)`; 0 is the zero point."""
    x, y, pads = step.input(0), step.output(), step.attrs["pads"]
    value = float(step.attrs["value"])
    if step.quantized:
        value = _centered(value, step.output_quant, step.output_dtype)
    inside = tuple(slice(pads[2 * i], pads[2 * i] + size) for i, size in enumerate(x.shape))
    step.call(y.fill, y.dtype.type(value))
    step.call(np.copyto, y[inside], x)


def _centered(value: float, quant: QuantParams, dtype: str) -> float:
    """`value` as u = q - z."""
    low, high = (limit - quant.zero_point[0] for limit in LIMITS[dtype])
    return float(np.clip(np.rint(np.float32(value) / quant.scales[0]), low, high))


@kernel("MirrorPad", *EVERY)
def mirror_pad(step: Step) -> None:
    """What lies next to the edge, backwards: without the edge (reflect) or with it (symmetric).

    One dimension after the other, so that corners mirror what was mirrored before.
    """
    x, y, pads = step.input(0), step.output(), step.attrs["pads"]
    skip = 1 if step.attrs["mode"] == "reflect" else 0
    window = [slice(pads[2 * i], pads[2 * i] + size) for i, size in enumerate(x.shape)]
    step.call(np.copyto, y[tuple(window)], x)
    for axis, size in enumerate(x.shape):
        before, after = pads[2 * axis], pads[2 * axis + 1]
        window[axis] = slice(0, before + size + after)
        part = np.moveaxis(y[tuple(window)], axis, 0)
        end = before + size
        if before:
            mirrored = part[before + skip : 2 * before + skip][::-1]
            step.call(np.copyto, part[:before], mirrored)
        if after:
            mirrored = part[end - skip - after : end - skip][::-1]
            step.call(np.copyto, part[end:], mirrored)


@kernel("Slice", *EVERY)
def slice_(step: Step) -> None:
    x, y, attrs = step.input(0), step.output(), step.attrs
    steps = attrs["steps"] or (1,) * x.ndim
    window = []
    for start, step_, length in zip(attrs["starts"], steps, y.shape, strict=True):
        end = start + length * step_
        window.append(slice(start, None if end < 0 else end, step_))
    _copy(step, y, x[tuple(window)])


@kernel("Concat", *EVERY)
def concat(step: Step) -> None:
    y = step.output()
    axis, start = step.attrs["axis"] % y.ndim, 0
    for position in range(len(step.node.inputs)):
        x = step.input(position)
        _copy(step, _part(y, axis, start, x.shape[axis]), x)
        start += x.shape[axis]


@kernel("Split", *EVERY)
def split(step: Step) -> None:
    x = step.input(0)
    axis, start = step.attrs["axis"] % x.ndim, 0
    for position, size in enumerate(step.attrs["sizes"]):
        _copy(step, step.output(position), _part(x, axis, start, size))
        start += size


def _copy(step: Step, target: Array, source: Array) -> None:
    """Nothing to do where the source lies in its place already."""
    pairs = zip(source.shape, target.strides, source.strides, strict=True)
    alike = all(size == 1 or one == other for size, one, other in pairs)
    if not alike or target.ctypes.data != source.ctypes.data:
        copy_runs(step, target, source)


def _part(x: Array, axis: int, start: int, size: int) -> Array:
    window = [slice(None)] * x.ndim
    window[axis] = slice(start, start + size)
    part: Array = x[tuple(window)]
    return part


@kernel("Tile", *EVERY)
def tile(step: Step) -> None:
    """Each dimension of the output, split into repeats and what is repeated."""
    x, y, repeats = step.input(0), step.output(), step.attrs["repeats"]
    pairs = [number for pair in zip(repeats, x.shape, strict=True) for number in pair]
    ones = [number for size in x.shape for number in (1, size)]
    step.call(np.copyto, y.reshape(pairs), dense_input(step).reshape(ones))


@kernel("BroadcastTo", *EVERY)
def broadcast_to(step: Step) -> None:
    step.call(np.copyto, step.output(), step.input(0))
