"""Reductions over axes.

The formulas of quantized ones; n is the number of elements in each sum, results are clipped.

Mean: `arithmetic.mean_float32` and `mean_fixedpoint`; int16 always the latter.
Sum, "float32": `arithmetic.sum_float32`; "fixedpoint": u_out = scale(sum u, s_in / s_out), rounded
    twice. LiteRT's reference runtime sums uint8 so; for int8 it combines the bits of the stored
    integers with "or", which is no sum, and this does not follow.
Sum, int16: q = round(f32(sum q) * f32(s_in / s_out)), halves away from zero, in both arithmetics.
ReduceMax, ReduceMin: the scale stays.
ReduceProd: r = s_in / s_out^(1/n) in float64, p = u_1, then p = short(p * u, r) for each further
    element, in order, and u_out = short(p, r): 15 bits of multiplier, one rounding
    (`fixed_point.short_scale`).
Integers: sums and products wrap; the mean is cut towards zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from edgekit.ir import QuantParams, fixed_point
from edgekit.ir.quant import LIMITS

from .. import arithmetic
from ..step import Array, Step
from . import Kernel, kernel
from .accumulator import output_limits
from .pooling import add_up
from .ufuncs import clip

__all__: list[str] = []

QUANTIZED = ("int8", "uint8", "int16")
Line = Callable[[QuantParams, QuantParams, int], tuple[np.float32, np.float32]]
FURTHEST = np.float32(2.0**31)
"""Results up to here are rounded and clipped alike in float32 and as integers."""


class Reduced:
    """The axes of a reduction, and an array with 1 in their place that the calls must fill."""

    def __init__(self, step: Step) -> None:
        self.x = step.input(0)
        self.axes = tuple(sorted({axis % self.x.ndim for axis in step.attrs["axes"]}))
        self.kept = tuple(1 if i in self.axes else d for i, d in enumerate(self.x.shape))
        self.count = math.prod(self.x.shape[i] for i in self.axes)


def fold(function: np.ufunc) -> Kernel:
    """A kernel that reduces by one numpy function."""

    def run(step: Step) -> None:
        what, y = Reduced(step), step.output()
        reduce = function.reduce
        if y.flags.c_contiguous:
            step.call(reduce, what.x, what.axes, y.dtype, y.reshape(what.kept), True)
            return
        result = step.scratch(what.kept, y.dtype)
        step.call(reduce, what.x, what.axes, y.dtype, result, True)
        step.call(np.copyto, y, result.reshape(y.shape))

    return run


kernel("Sum", "float32", "int32", "int64")(fold(np.add))
kernel("ReduceProd", "float32", "int32", "int64")(fold(np.multiply))
kernel("ReduceAny", "bool")(fold(np.logical_or))
kernel("ReduceAll", "bool")(fold(np.logical_and))
kernel("ReduceMax", "float32", *QUANTIZED, "int32", "int64")(fold(np.maximum))
kernel("ReduceMin", "float32", *QUANTIZED, "int32", "int64")(fold(np.minimum))


@kernel("Mean", "float32")
def mean(step: Step) -> None:
    what, y = Reduced(step), step.output()
    sums = step.scratch(what.kept)
    add_up(step, what.x, what.axes, sums)
    step.call(np.divide, sums.reshape(y.shape), np.array(what.count, np.float32), y)


@kernel("Mean", "int32", "int64")
def mean_of_integers(step: Step) -> None:
    what, y = Reduced(step), step.output()
    count = np.int64(what.count)

    def run() -> None:
        sums = what.x.sum(what.axes, np.int64).reshape(y.shape)
        np.copyto(y, np.where(sums < 0, -(-sums // count), sums // count), "unsafe")

    step.call(run)


@kernel("Mean", *QUANTIZED)
def mean_quantized(step: Step) -> None:
    fixedpoint = step.arithmetic == "fixedpoint" or step.dtype(0) == "int16"
    rescale = arithmetic.mean_fixedpoint if fixedpoint else arithmetic.mean_float32
    x_quant, y_quant = step.input_quant(0), step.output_quant
    if not fixedpoint and _along_line(step, arithmetic.mean_line):
        return
    _rescaled(step, lambda sums, count: rescale(sums, x_quant, y_quant, count))


@kernel("Sum", *QUANTIZED)
def sum_quantized(step: Step) -> None:
    x_quant, y_quant = step.input_quant(0), step.output_quant
    rescale = arithmetic.sum_float32
    if step.dtype(0) == "int16":
        rescale = arithmetic.sum_int16
    elif step.arithmetic == "fixedpoint":
        rescale = arithmetic.sum_fixedpoint
    elif _along_line(step, arithmetic.sum_line):
        return
    _rescaled(step, lambda sums, count: rescale(sums, x_quant, y_quant, count))


def _along_line(step: Step, line: Line) -> bool:
    """`rint(f32(sum q) * slope + shift)` in float32, where all integers on the way are exact there;
    False, with nothing done, where they may not be."""
    what, y = Reduced(step), step.output()
    x_quant, y_quant = step.input_quant(0), step.output_quant
    with np.errstate(over="ignore", invalid="ignore"):
        slope, shift = line(x_quant, y_quant, what.count)
        furthest = np.abs(slope) * np.float32(arithmetic.EXACT_FLOAT32) + np.abs(shift)
    limits = (*arithmetic.centered_range(x_quant, step.dtype(0)), *LIMITS[step.dtype(0)])
    largest = what.count * max(abs(limit) for limit in limits)
    if largest >= arithmetic.EXACT_FLOAT32 or not furthest < FURTHEST:
        return False
    sums = step.scratch(what.kept)
    add_up(step, what.x, what.axes, sums)
    flat, numbers = sums.reshape(-1), (what.count * x_quant.zero_point[0], slope, shift)
    offset, factor, start = (np.array(number, np.float32) for number in numbers)
    if offset:
        step.call(np.add, flat, offset, flat)
    step.call(np.multiply, flat, factor, flat)
    step.call(np.add, flat, start, flat)
    step.call(np.rint, flat, flat)
    step.call(np.subtract, flat, np.array(y_quant.zero_point[0], np.float32), flat)
    step.call(clip, sums.reshape(y.shape), *output_limits(step), y)
    return True


def _rescaled(step: Step, rescale: arithmetic.RescaleSums) -> None:
    """Exact sums of the stored integers, brought to the output's scale by `rescale`."""
    what, y = Reduced(step), step.output()
    limits = arithmetic.centered_range(step.input_quant(0), step.dtype(0))
    exact = what.count * max(abs(limit) for limit in limits) < arithmetic.EXACT_FLOAT32
    sums = step.scratch(what.kept, np.float32 if exact else np.float64)
    add_up(step, what.x, what.axes, sums)
    sums = sums.reshape(y.shape)
    offset = what.count * step.input_quant(0).zero_point[0]
    zero = step.output_quant.zero_point[0]
    low, high = (int(limit) for limit in output_limits(step))

    def run() -> None:
        with np.errstate(over="ignore", invalid="ignore"):  # scales of any size saturate
            stored = rescale(sums.astype(np.int64) + offset, what.count)
        np.copyto(y, np.clip(stored - zero, low, high), "unsafe")

    step.call(run)


@kernel("ReduceProd", "int8", "int16")
def product_of_stored(step: Step) -> None:
    what, y = Reduced(step), step.output()
    root = step.output_quant.scale[0] ** (1.0 / what.count)
    pair = fixed_point.multiplier_and_shift(step.input_quant(0).scale[0] / root)
    low, high = arithmetic.centered_range(step.output_quant, step.output_dtype)
    offset = step.input_quant(0).zero_point[0] - step.output_quant.zero_point[0]

    def keep() -> None:
        np.copyto(y, (what.x + np.float32(offset)).reshape(y.shape))

    if what.count == 1 and step.arithmetic == "float32":
        step.call(keep)  # LiteRT copies what is stored, whatever the scales are
        return

    def run() -> None:
        product = np.ones(1, np.int64)
        for position, u in enumerate(_in_order(what)):
            product = u if position == 0 else fixed_point.short_scale(product * u, *pair)
        result = np.clip(fixed_point.short_scale(product, *pair), low, high)
        np.copyto(y, result.reshape(y.shape), "unsafe")

    step.call(run)


def _in_order(what: Reduced) -> Array:
    """The elements of each product, in the order of the memory: [n, results]."""
    others = [i for i in range(what.x.ndim) if i not in what.axes]
    moved = what.x.astype(np.int64).transpose(*what.axes, *others)
    ordered: Array = moved.reshape(what.count, -1)
    return ordered
