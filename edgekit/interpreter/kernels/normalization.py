"""LogSoftmax and L2Normalize along the last axis, and Prelu.

LogSoftmax int8, the output at scale 1/16 and zero point 127, d = max - u:
    "float32": sum = table[d] added up in element order, L = f32(log(sum)),
        q = rint((s * q_in - (s * max q_in + L)) / f32(1/16)) + 127, each operation in float32.
    "fixedpoint": the differences in Q5 by the 31-bit multiplier of s * 2^26, their exponentials
        summed in Q12, log of the sum in Q5 (`ir/fixed_functions.py`),
        q = divide(x - log, 22) + 127; -128 where the difference is below -16 or the log's reach.
L2Normalize, the output at scale 1/128 and zero point 0 (uint8: 128): (m, e) = 1 / sqrt(sum u^2),
    int8 u_out = scale(u, m, e + 7), uint8 u_out = scale(128 u, m, e).
Prelu: u_out = scale(u, f32(s / s_out)) from 0 on, scale(u * u_alpha, f32(f32(s * s_alpha) / s_out))
    below.
scale() rounds twice (`ir/fixed_point.py`). All equal LiteRT's default runtime and its reference
kernels bit for bit; the log is rounded once (`interpreter/logarithm.py`), where the C library of a
LiteRT may be off by its last bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from edgekit.ir import fixed_point
from edgekit.ir.fixed_functions import exp_negative, inverse_sqrts, log_above_one

from .. import arithmetic
from ..logarithm import logarithm
from ..step import Step
from . import kernel
from .accumulator import output_limits
from .elementwise import operand
from .pairs import every_pair, look_up_pairs
from .ufuncs import clip

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__: list[str] = []

INPUT_BITS, SUM_BITS, OUTPUT_BITS = 5, 12, 4
SMALLEST = -(2**31)
SMALLEST_NORM = np.array(1e-6, np.float32)
ZERO, INFINITY = np.array(0.0, np.float32), np.array(np.inf, np.float32)


@kernel("LogSoftmax", "float32")
def log_softmax(step: Step) -> None:
    """`x - max - log(sum(exp(x - max)))`."""
    x, y = step.input(0), step.output()
    row = (*x.shape[:-1], 1)
    peak, total, powers = step.scratch(row), step.scratch(row), step.scratch(x.shape)
    step.call(np.maximum.reduce, x, -1, None, peak, True)
    step.call(np.subtract, x, peak, y)
    step.call(np.exp, y, powers)
    step.call(np.add.reduce, powers, -1, None, total, True)
    step.call(np.log, total, total)
    step.call(np.subtract, y, total, y)


@kernel("LogSoftmax", "int8")
def log_softmax_int8(step: Step) -> None:
    if step.arithmetic == "fixedpoint":
        _log_softmax_fixedpoint(step)
        return
    x, y = step.input(0), step.output()
    quant = step.input_quant(0)
    table, scale = step.constant(1), quant.scales[0]
    zero_in, low, high = np.float32(quant.zero_point[0]), -255.0, 0.0

    def run() -> None:
        peak = x.max(-1, keepdims=True)
        weights = np.take(table, (peak - x).astype(np.intp))
        total = np.add.accumulate(weights, -1)[..., -1:]  # in element order
        log = logarithm(total)
        base = scale * (peak + zero_in) + log
        steps = (scale * (x + zero_in) - base) / np.float32(1.0 / 16.0)
        np.copyto(y, np.clip(np.rint(steps), low, high))

    step.call(run)


def _log_softmax_fixedpoint(step: Step) -> None:
    x, y = step.input(0), step.output()
    multiplier, shift = fixed_point.multiplier_and_shift(
        step.input_quant(0).scale[0] * 2.0 ** (31 - INPUT_BITS)
    )
    back = fixed_point.multiplier_and_shift(2.0 ** (31 - shift) / max(multiplier, 1))
    smallest = -math.floor(math.ldexp(2**INPUT_BITS - 1, 31 - INPUT_BITS - shift))

    def run() -> None:
        difference = (x - x.max(-1, keepdims=True)).astype(np.int64)
        counts = difference >= smallest
        scaled = fixed_point.scale(np.where(counts, difference, 0), multiplier, shift)
        powers = fixed_point.divide(exp_negative(scaled, INPUT_BITS), SUM_BITS)
        total = np.where(counts, powers, 0).sum(-1, keepdims=True)
        log = log_above_one(total, SUM_BITS, INPUT_BITS)
        reach = np.maximum(smallest - 1, fixed_point.scale(log + SMALLEST, *back))
        result = fixed_point.divide(scaled - log, 31 - INPUT_BITS - OUTPUT_BITS)
        np.copyto(y, np.where(difference > reach, np.clip(result, -255, 0), -255), "unsafe")

    step.call(run)


@kernel("L2Normalize", "float32")
def l2_normalize(step: Step) -> None:
    """`x / max(sqrt(sum(x^2)), 1e-6)`."""
    x, y = step.input(0), step.output()
    norm = step.scratch((*x.shape[:-1], 1))
    step.call(np.multiply, x, x, y)
    step.call(np.add.reduce, y, -1, None, norm, True)
    step.call(np.sqrt, norm, norm)
    step.call(np.maximum, norm, SMALLEST_NORM, out=norm)
    step.call(np.divide, x, norm, y)


@kernel("L2Normalize", "int8", "uint8")
def l2_normalize_integers(step: Step) -> None:
    x, y = step.input(0), step.output()
    low, high = arithmetic.centered_range(step.output_quant, step.output_dtype)
    signed = step.dtype(0) == "int8"

    def run() -> None:
        u = x.astype(np.int64).reshape(-1, x.shape[-1])
        inverses, places = inverse_sqrts((u * u).sum(-1, keepdims=True))
        if signed:
            rows = fixed_point.scale(u, inverses, places + 7)
        else:
            rows = fixed_point.scale(u * 128, inverses, places)
        np.copyto(y, np.clip(rows, low, high).reshape(y.shape), "unsafe")

    step.call(run)


@kernel("Prelu", "float32")
def prelu(step: Step) -> None:
    """x where it is 0 or above, else alpha * x.

    The sum of what is above 0 and alpha times what is below: masks take 20 times as long. An alpha
    that may be infinite wants them all the same, for it makes NaN of 0.
    """
    x, alpha, y = step.input(0), operand(step, 1), step.output()
    if step.is_constant(1) and np.isfinite(alpha).all():
        below = step.scratch(y.shape)
        step.call(clip, x, -INFINITY, ZERO, below)
        step.call(np.multiply, below, alpha, below)
        step.call(clip, x, ZERO, INFINITY, y)
        step.call(np.add, y, below, y)
        return
    negative = step.scratch(y.shape, np.bool_)
    step.call(np.less, x, ZERO, negative)
    step.call(np.copyto, y, x)
    step.call(lambda: np.multiply(x, alpha, out=y, where=negative))


@kernel("Prelu", "int8", "uint8")
def prelu_integers(step: Step) -> None:
    low, high = output_limits(step)
    scale, alpha = step.input_quant(0).scales[0], step.input_quant(1).scales[0]
    above, below = (
        fixed_point.multiplier_and_shift(float(factor / step.output_quant.scales[0]))
        for factor in (scale, scale * alpha)
    )
    u, slopes = every_pair(step)
    results: NDArray[np.int64] = np.where(
        u >= 0, fixed_point.scale(u, *above), fixed_point.scale(u * slopes, *below)
    )
    look_up_pairs(step, np.clip(results, low, high))
