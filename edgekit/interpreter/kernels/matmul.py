"""BatchMatMul: products of matrices, either of which may be computed by the model.

Int8 and int16 are exact sums of u * v, rescaled by s_x * s_y / s_out as `rescaling.py` says. What
XNNPACK takes is rounded like a Dense: int8 in "float32" where the second zero point is 0, but not
a FULLY_CONNECTED of two activations, which has `rounding="dense"`.
"""

from __future__ import annotations

import numpy as np

from .. import arithmetic
from ..step import Array, Step
from . import kernel
from .accumulator import output_limits
from .rescaling import product_rescaler
from .ufuncs import clip

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
    int16 = step.dtype(0) == "int16"
    own = step.attrs["rounding"] == "own" and step.input_quant(1).zero_point[0] == 0
    if step.arithmetic == "float32" and not int16 and own:
        _finish_float32(step, sums)
        return
    to_output = product_rescaler(step)
    low, high = (int(limit) for limit in output_limits(step))

    def rescale() -> None:
        np.copyto(out, np.clip(to_output(sums.astype(np.int64)), low, high), "unsafe")

    step.call(rescale)


def _finish_float32(step: Step, sums: Array) -> None:
    out, quants = step.output(), (step.input_quant(0), step.input_quant(1), step.output_quant)
    scaled = sums if sums.dtype == np.float32 else step.scratch(sums.shape)
    if scaled is not sums:
        step.call(np.copyto, scaled, sums, "same_kind")
    step.call(np.multiply, scaled, arithmetic.requantize_scales(*quants), scaled)
    step.call(np.rint, scaled, scaled)
    step.call(clip, scaled, *output_limits(step), out)


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
