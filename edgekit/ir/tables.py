"""Lookup tables of integer operators: made once, at conversion, and stored in the model file.

exp, tanh and erf differ in their last bits between processors and libraries, so no integer path
computes them on the device. A table of an int8 or uint8 node has one entry for each stored input q,
from the lowest on, and holds what the operator gives for it (`tables16.py` has those of int16). In
the formulas x = f32(s_x) * f32(q - z_x), operations are those of float32 unless written otherwise,
transcendental functions are rounded once from float64, `inv = f32(1) / f32(s_y)`, `rint` rounds
halves to even, `round` away from zero, and every result is clipped to the dtype's limits.

| operator  | arithmetic "float32"                 | arithmetic "fixedpoint"           |
|-----------|--------------------------------------|-----------------------------------|
| Sigmoid   | rint(f(x) * inv + z_y), f in float64 | round(f(x) * inv) + z_y           |
| Tanh, Elu | rint(f(x) * inv + z_y)               | round(f(x) * inv) + z_y           |
| Gelu      | round(f(x) * inv) + z_y              | the same                          |
| HardSwish | 16-bit fixed point, see `integer_tables.py` | the same                          |
| LeakyRelu | 8-bit multipliers, see `leaky_relu`  | 31-bit multipliers                |
| Softmax   | f32(exp(-(f32(s_x) * f32(beta)) * d)) for d = 0..255 (float32) | the same |

    Sigmoid f(x) = 1 / (1 + exp(-x))          Tanh f(x) = tanh(x)
    Elu     f(x) = x above 0, else alpha * (exp(x) - 1)
    Gelu    f(x) = (0.5 * x) * erfc(x * -sqrt(1/2))
    Gelu approximate
            f(x) = (0.5 * x) * (1 + tanh(sqrt(2/pi) * (x + ((0.044715 * x) * x) * x)))

"float32" equals LiteRT's default runtime on x86-64 and "fixedpoint" its reference kernels, bit for
bit, with one reservation: LiteRT takes float tanh, expm1 and erfc from the C library of the machine
it runs on. Libraries before glibc 2.41 are off by a last bit at times; where f(x) lies that close
to half a step, such a LiteRT gives the neighbouring integer.

What LiteRT has no answer to is defined here: its reference kernels know no Elu (the formula is that
of its builtin kernel), its Elu has alpha = 1, and it refuses a HardSwish whose output scale is
below s_x / 128 (then the float64 value is rounded once).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import QuantizationError, lookup

from .graph import ARITHMETICS, Array, Node, Value
from .ops import attributes
from .quant import LIMITS, QuantParams

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TABLES", "all_tables", "centered", "stored", "table_for"]

Floats = np.ndarray[Any, np.dtype[np.float32]]
Function = Callable[[Floats, Mapping[str, Any]], Floats]

F32 = np.float32


def table_for(node: Node, x: Value, y: Value, arithmetic: str) -> Array:
    """The table of one integer node with input `x` and output `y`, of `OpSpec.table_kind`.

    Raises QuantizationError where a scale is missing, UnsupportedOperator where `node` is of an
    operator without a table.
    """
    if arithmetic not in ARITHMETICS:
        raise QuantizationError(f"arithmetic {arithmetic!r} is none of {', '.join(ARITHMETICS)}")
    make = _maker(node.op, x.dtype)
    for value in (x, y):
        if value.quant is None or value.quant.per_channel:
            raise QuantizationError(
                f"{node.op} {node.name!r}: {value.name!r} needs one scale, received {value.quant}"
            )
    assert x.quant is not None and y.quant is not None
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # they saturate
        return make(attributes(node), x.quant, y.quant, arithmetic, x.dtype)


def _maker(op: str, dtype: str) -> Callable[..., Array]:
    if dtype == "int16":
        from .tables16 import TABLES16  # few networks have them

        return lookup(TABLES16, op, "operator with a table")
    return TABLES[op] if op in TABLES else lookup(all_tables(), op, "operator with a table")


def all_tables() -> Mapping[str, Callable[..., Array]]:
    """What makes the table of each operator that has one in 8 bits."""
    from .integer_tables import INTEGER_TABLES  # what few networks have
    from .math_tables import MATH_TABLES

    return {**TABLES, **INTEGER_TABLES, **MATH_TABLES}


def sigmoid(x: Floats, attrs: Mapping[str, Any]) -> Floats:
    """`1 / (1 + exp(-x))` in float64, rounded once."""
    return _rounded(1.0 / (1.0 + np.exp(-x.astype(np.float64))))


def sigmoid_in_steps(x: Floats, attrs: Mapping[str, Any]) -> Floats:
    """`1 / (1 + exp(-x))`, each operation rounded to float32."""
    return F32(1.0) / (F32(1.0) + _rounded(np.exp(-x.astype(np.float64))))


def tanh(x: Floats, attrs: Mapping[str, Any]) -> Floats:
    return _rounded(np.tanh(x.astype(np.float64)))


def elu(x: Floats, attrs: Mapping[str, Any]) -> Floats:
    negative = F32(attrs["alpha"]) * _rounded(np.expm1(x.astype(np.float64)))
    return np.where(x > 0, x, negative)


def gelu(x: Floats, attrs: Mapping[str, Any]) -> Floats:
    """`x * Phi(x)`; by erfc, which keeps its digits where x is far below zero."""
    half = F32(0.5) * x
    if attrs["approximate"]:
        cubic = x + ((F32(0.044715) * x) * x) * x
        inner = F32(math.sqrt(2.0 / math.pi)) * cubic
        return half * (F32(1.0) + tanh(inner, attrs))
    scaled = x * F32(-math.sqrt(0.5))
    return half * np.array([math.erfc(t) for t in scaled.tolist()], np.float32)


def _by_arithmetic(function: Function, fixedpoint: Function | None = None) -> Callable[..., Array]:
    """Rounded as the runtime of each arithmetic rounds: with the zero point, or before it."""

    def make(
        attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, arithmetic: str, dtype: str
    ) -> Array:
        if arithmetic == "float32":
            steps = _in_steps(function, attrs, x, y, dtype)
            return stored(np.rint(steps + F32(y.zero_point[0])), dtype)
        steps = _in_steps(fixedpoint or function, attrs, x, y, dtype)
        return stored(_half_away(steps) + y.zero_point[0], dtype)

    return make


def _half_away_always(function: Function) -> Callable[..., Array]:
    def make(
        attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, arithmetic: str, dtype: str
    ) -> Array:
        steps = _half_away(_in_steps(function, attrs, x, y, dtype))
        return stored(steps + y.zero_point[0], dtype)

    return make


def softmax(
    attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, arithmetic: str, dtype: str
) -> Array:
    """The weight of a logit that lies d steps below the largest, d = 0..255."""
    exponent = -(x.scales[0] * F32(attrs["beta"])) * np.arange(256, dtype=np.float32)
    return _rounded(np.exp(exponent.astype(np.float64)))


TABLES: dict[str, Callable[..., Array]] = {
    "Sigmoid": _by_arithmetic(sigmoid, sigmoid_in_steps),
    "Tanh": _by_arithmetic(tanh),
    "Elu": _by_arithmetic(elu),
    "Gelu": _half_away_always(gelu),
    "Softmax": softmax,
    "WideSoftmax": softmax,
}
"""Those that most networks need; `all_tables` has the rest."""


def centered(x: QuantParams, dtype: str) -> NDArray[np.int64]:
    """u = q - z of every stored input, in the order of the table."""
    low, high = LIMITS[dtype]
    return np.arange(low, high + 1, dtype=np.int64) - x.zero_point[0]


def _in_steps(
    function: Function, attrs: Mapping[str, Any], x: QuantParams, y: QuantParams, dtype: str
) -> Floats:
    """The function's value for every stored input, in steps of the output."""
    real = x.scales[0] * centered(x, dtype).astype(np.float32)
    steps: Floats = function(real, attrs) * (F32(1.0) / y.scales[0])
    return steps


def _rounded(exact: NDArray[np.float64]) -> Floats:
    return exact.astype(np.float32)


def _half_away(steps: Floats) -> NDArray[np.float64]:
    """Rounded to integers, halves away from zero; in float64, where adding 0.5 is exact."""
    wide = steps.astype(np.float64)
    rounded: NDArray[np.float64] = np.copysign(np.floor(np.abs(wide) + 0.5), wide)
    return rounded


def stored(numbers: NDArray[Any], dtype: str) -> Array:
    integers: Array = np.clip(numbers, *LIMITS[dtype]).astype(dtype)
    return integers
