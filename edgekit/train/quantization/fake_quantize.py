"""Numbers rounded to the steps that int8 has, with the gradient straight through the rounding.

Bengio, Leonard and Courville, "Estimating or Propagating Gradients Through Stochastic Neurons",
2013; Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-
Only Inference", 2018. The formulas are those of `interpreter.arithmetic` and `quantize.scales`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.quantize.scales import WEIGHT_LIMIT
from edgekit.train.backend import Array, array_module, same_place
from edgekit.train.primitive import primitive
from edgekit.train.tensor import Tensor

__all__ = ["fake_quantize", "fake_quantize_weight"]


@primitive
def fake_quantize(
    x, *, scale: Any, zero_point: Any, low: int = -128, high: int = 127, away: bool = False,
    finer: float = 1.0,
):  # fmt: skip
    """`(clip(rint(x * f32(1 / scale)) + zero_point, low, high) - zero_point) * scale`.

    The gradient is that of the identity where the rounded number lies within the limits, zero
    elsewhere. scale, zero_point: numbers, or arrays of numpy that broadcast against x. With `away`
    stored integers are rounded with halves away from zero, as means of integers are. finer: above
    1, x is rounded to steps so many times finer first, as `fixed_point.scale` does.
    """
    steps = _steps(x, scale, zero_point, away, finer)
    module = array_module(x)
    bounds = (_numbers(bound - zero_point, x) for bound in (low, high))
    module.clip(steps, *bounds, out=steps)
    steps *= _numbers(np.float32(scale), x)
    return steps


def _numbers(given: Any, x: Array) -> Any:
    """A number, or an array of them where x lives, in the dtype of x."""
    is_several = isinstance(given, np.ndarray)
    return same_place(given, x, x.dtype) if is_several else x.dtype.type(given)


def _steps(
    x: Array, scale: Any, zero_point: Any = 0, away: bool = False, finer: float = 1.0
) -> Array:
    module = array_module(x)
    steps = x * _numbers(np.float32(1.0) / np.float32(scale), x)
    if finer > 1.0:
        steps = module.rint(steps * x.dtype.type(finer)) * x.dtype.type(1 / finer)
        return module.trunc(steps + module.copysign(x.dtype.type(0.5), steps))
    if not away:
        return module.rint(steps, out=steps)
    moved = _numbers(zero_point, x)
    steps += moved
    # a hair more than a half, since a half that was computed may lie a little below
    steps += module.copysign(x.dtype.type(0.5 + 2.0**-10), steps)
    return module.trunc(steps, out=steps) - moved


def _inside(x: Array, scale: Any, zero_point: Any, low: int, high: int, finer: float) -> Array:
    steps = _steps(x, scale, finer=finer)
    least, most = (_numbers(bound - zero_point, x) for bound in (low, high))
    return (steps >= least) & (steps <= most)


@fake_quantize.vjp
def _(g, y, x, *, scale, zero_point, low=-128, high=127, away=False, finer=1.0):
    return (g * _inside(x, scale, zero_point, low, high, finer),)


@fake_quantize.nested_vjp
def _(g, y, x, *, scale, zero_point, low=-128, high=127, away=False, finer=1.0):
    return (g * _inside(x.data, scale, zero_point, low, high, finer).astype(x.dtype),)


@primitive
def fake_quantize_weight(weight, scales, *, limit: int = WEIGHT_LIMIT):
    """`clip(round(weight / scales), -limit, limit) * scales`, halves away from zero.

    scales: an array that broadcasts against the weight; no gradient goes to it. The gradient by
    the weight is zero where the rounded number lies beyond the limit.
    """
    return array_module(weight).clip(_weight_steps(weight, scales), -limit, limit) * scales


def _weight_steps(weight: Array, scales: Array) -> Array:
    module, steps = array_module(weight), weight / scales
    whole = module.trunc(steps)
    return whole + module.copysign((module.abs(steps - whole) >= 0.5).astype(steps.dtype), steps)


def _within(weight: Array, scales: Array, limit: int) -> Array:
    return array_module(weight).abs(_weight_steps(weight, scales)) <= limit


@fake_quantize_weight.vjp
def _(g, y, weight, scales, *, limit=WEIGHT_LIMIT):
    return g * _within(weight, scales, limit), None


@fake_quantize_weight.nested_vjp
def _(g, y, weight, scales, *, limit=WEIGHT_LIMIT):
    given: Any = scales.data if isinstance(scales, Tensor) else scales
    return g * _within(weight.data, given, limit).astype(weight.dtype), None
