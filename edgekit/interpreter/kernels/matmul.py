"""BatchMatMul: products of matrices, either of which may be computed by the model.

Int8, int16, in both arithmetics: exact sums of u * v, and the fixed-point rescaling of the
reference kernels by s_x * s_y / s_out, taken in float64: `fixed_point.scale`, and in
int16 "short" of `rescaling.py`.
"""

from __future__ import annotations

import numpy as np

from edgekit.ir import fixed_point

from .. import arithmetic
from ..step import Array, Step
from . import kernel
from .accumulator import output_limits
from .rescaling import short_rescaler

__all__: list[str] = []


@kernel("BatchMatMul", "float32")
def batch_matmul(step: Step) -> None:
    x, y = _matrices(step)
    step.call(np.matmul, x, y, step.output())


@kernel("BatchMatMul", "int8", "int16")
def batch_matmul_int8(step: Step) -> None:
    x, y = _matrices(step)
    out = step.output()
    exact = _largest_sum(step, x.shape[-1]) < arithmetic.EXACT_FLOAT32
    if not exact:
        x, y = _wide(step, x), _wide(step, y)
    sums = step.scratch(out.shape, x.dtype)
    step.call(np.matmul, x, y, sums)
    first, second, result = step.input_quant(0), step.input_quant(1), step.output_quant
    scale = arithmetic.fixedpoint_scale(first, second, result)
    short, pair = short_rescaler(scale), fixed_point.multipliers_and_shifts(scale)
    int16 = step.dtype(0) == "int16"
    low, high = (int(limit) for limit in output_limits(step))

    def rescale() -> None:
        wide = sums.astype(np.int64)
        scaled = short(wide) if int16 else fixed_point.scale(wide, *pair)
        np.copyto(out, np.clip(scaled, low, high), "unsafe")

    step.call(rescale)


def _matrices(step: Step) -> tuple[Array, Array]:
    x, y = step.input(0), step.input(1)
    x = np.swapaxes(x, -1, -2) if step.attrs["adj_x"] else x
    y = np.swapaxes(y, -1, -2) if step.attrs["adj_y"] else y
    return x, y


def _largest_sum(step: Step, terms: int) -> int:
    limits = [arithmetic.centered_range(step.input_quant(i), step.dtype(i)) for i in (0, 1)]
    first, second = (max(-low, high) for low, high in limits)
    return terms * first * second


def _wide(step: Step, x: Array) -> Array:
    """A copy in float64, in which sums are exact to 2^53."""
    wide = step.scratch(x.shape, np.float64)
    step.call(np.copyto, wide, x)
    return wide
