"""Softmax: in float32, and in 8 bits by the table of exponentials that the model file holds."""

from __future__ import annotations

import numpy as np

from ..step import Floats, Step
from . import kernel
from .ufuncs import clip

__all__: list[str] = []


@kernel("Softmax", "float32")
def softmax(step: Step) -> None:
    """`exp(beta * (x - max)) / sum`, along `axis`."""
    x, y = step.input(0), step.output()
    axis = step.attrs["axis"] % x.ndim
    kept = tuple(1 if i == axis else d for i, d in enumerate(x.shape))
    if x.size == x.shape[axis]:  # a single row: numbers without dimensions are combined faster
        x, y, axis, kept = x.reshape(-1), y.reshape(-1), 0, ()
    peak, total = step.scratch(kept), step.scratch(kept)
    _find_peak(step, x, axis, peak)
    step.call(np.subtract, x, peak, y)
    if step.attrs["beta"] != 1.0:
        step.call(np.multiply, y, np.array(step.attrs["beta"], np.float32), y)
    step.call(np.exp, y, y)
    if kept:
        step.call(np.add.reduce, y, axis, None, total, True)
    else:  # a product with ones is a sum
        step.call(np.dot, y, np.ones(len(y), np.float32), total)
    step.call(np.divide, y, total, y)


def _find_peak(step: Step, x: Floats, axis: int, peak: Floats) -> None:
    """Of a single row numpy finds the place of the largest number sooner than the number."""
    if peak.ndim:
        step.call(np.maximum.reduce, x, axis, None, peak, True)
        return
    place = step.scratch((), np.intp)
    step.call(x.argmax, None, place)
    step.call(x.take, place, None, peak, "clip")


@kernel("Softmax", "int8", "uint8")
def softmax_bytes(step: Step) -> None:
    """`table[d]` for d = max - u, a sum in element order, and one rounding.

    `u = min(round_half_away(table[d] * (1 / (sum * f32(1/256)))), 255)`; in "fixedpoint" as
    `integer_softmax.py` says. The output is always at scale 1/256 and counts from its lowest
    number, so u is 0 to 255.
    """
    if step.arithmetic == "fixedpoint":
        _in_integers(step, 8)
    else:
        _by_table(step, 256)


@kernel("WideSoftmax", "int8")
def softmax_wide(step: Step) -> None:
    """The same with 65536 steps to 1 or, in "fixedpoint", `integer_softmax.py`."""
    if step.arithmetic == "fixedpoint":
        _in_integers(step, 16)
    else:
        _by_table(step, 65536)


def _in_integers(step: Step, bits: int) -> None:
    from .integer_softmax import in_integers  # for those who ask for this arithmetic

    in_integers(step, bits)


def _by_table(step: Step, steps: int) -> None:
    x, y = step.input(0), step.output()
    axis = step.attrs["axis"] % x.ndim
    x, y = np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1)
    kept: tuple[int, ...] = (*x.shape[:-1], 1)
    if x.size == x.shape[-1]:  # a single row: numbers without dimensions are combined faster
        x, y, kept = x.reshape(-1), y.reshape(-1), ()
    table = np.ascontiguousarray(step.constant(1), np.float32)
    peak, total, inverse = step.scratch(kept), step.scratch(kept), step.scratch(kept)
    powers, running = step.scratch(x.shape), step.scratch(x.shape)
    places = step.scratch(x.shape, np.intp)
    share = np.array(step.output_quant.scale[0], np.float32)
    low, high = np.array(0.0, np.float32), np.array(steps - 1, np.float32)
    # Half away from zero: the largest float32 below one half is added, so that only true halves
    # reach the next integer.
    half = np.array(0.5 - 2.0**-25, np.float32)
    _find_peak(step, x, -1, peak)
    step.call(np.subtract, peak, x, powers)
    step.call(np.copyto, places, powers, "unsafe")
    step.call(table.take, places, None, powers, "clip")
    step.call(np.add.accumulate, powers, -1, None, running)
    # The end of each running sum: sequential, where numpy's own sum goes pairwise.
    step.call(np.multiply, running[..., -1].reshape(kept), share, total)
    step.call(np.reciprocal, total, inverse)
    step.call(np.multiply, powers, inverse, powers)
    step.call(np.add, powers, half, powers)
    step.call(np.trunc, powers, powers)
    step.call(clip, powers, low, high, y)
