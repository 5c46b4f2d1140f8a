"""Functions of one number or two, and what is counted along axes, as the graph has them."""

from __future__ import annotations

import math

from edgekit.errors import UnsupportedOperator

from .calls import RULES, Call, rule
from .parts import axes_of, plain, reduced

__all__: list[str] = []

RULES.update(
    {
        "arctan2": plain("Atan2"),
        "ceil": plain("Ceil"),
        "cos": plain("Cos"),
        "cumsum": plain("CumSum", axis="axis"),
        "floor": plain("Floor"),
        "floor_mod": plain("FloorMod"),
        "numpy_floor_divide": plain("FloorDiv"),
        "numpy_logical_and": plain("LogicalAnd"),
        "numpy_logical_not": plain("LogicalNot"),
        "numpy_logical_or": plain("LogicalOr"),
        "round": plain("Round"),
        "sign": plain("Sign"),
        "sin": plain("Sin"),
    }
)


# -- made of others -------------------------------------------------------------------------------


@rule("exp2")
def _exp2(call: Call) -> str:
    return call.add("Exp", call.add("Mul", call.value(0), call.number(math.log(2))))


@rule("expm1")
def _expm1(call: Call) -> str:
    return call.add("Sub", call.add("Exp", call.value(0)), call.number(1.0))


@rule("log1p")
def _log1p(call: Call) -> str:
    return call.add("Log", call.add("Add", call.value(0), call.number(1.0)))


@rule("tan")
def _tan(call: Call) -> str:
    return call.add("Div", call.add("Sin", call.value(0)), call.add("Cos", call.value(0)))


def _of_powers(call: Call, op: str) -> str:
    """(e^x - e^-x) / 2, or with Add their sum."""
    x = call.value(0)
    other = call.add("Exp", call.add("Mul", x, call.number(-1.0)))
    return call.add("Mul", call.add(op, call.add("Exp", x), other), call.number(0.5))


@rule("sinh")
def _sinh(call: Call) -> str:
    return _of_powers(call, "Sub")


@rule("cosh")
def _cosh(call: Call) -> str:
    return _of_powers(call, "Add")


def _square(call: Call, position: int) -> str:
    return call.add("Mul", call.value(position), call.value(position))


@rule("hypot")
def _hypot(call: Call) -> str:
    return call.add("Sqrt", call.add("Add", _square(call, 0), _square(call, 1)))


@rule("arctan")
def _arctan(call: Call) -> str:
    return call.add("Atan2", call.value(0), call.number(1.0))


def _side(call: Call) -> str:
    """sqrt(1 - x^2)."""
    return call.add("Sqrt", call.add("Sub", call.number(1.0), _square(call, 0)))


@rule("arcsin")
def _arcsin(call: Call) -> str:
    return call.add("Atan2", call.value(0), _side(call))


@rule("arccos")
def _arccos(call: Call) -> str:
    return call.add("Atan2", _side(call), call.value(0))


@rule("arcsinh")
def _arcsinh(call: Call) -> str:
    root = call.add("Sqrt", call.add("Add", _square(call, 0), call.number(1.0)))
    return call.add("Log", call.add("Add", call.value(0), root))


@rule("arctanh")
def _arctanh(call: Call) -> str:
    above = call.add("Add", call.value(0), call.number(1.0))
    below = call.add("Sub", call.number(1.0), call.value(0))
    return call.add("Mul", call.add("Log", call.add("Div", above, below)), call.number(0.5))


@rule("numpy_trunc")
def _trunc(call: Call) -> str:
    size = call.add("Maximum", call.value(0), call.add("Mul", call.value(0), call.number(-1.0)))
    return call.add("Mul", call.add("Sign", call.value(0)), call.add("Floor", size))


@rule("numpy_isnan")
def _isnan(call: Call) -> str:
    return call.add("NotEqual", call.value(0), call.value(0))


# -- along axes -----------------------------------------------------------------------------------


def _of_truth(op: str) -> None:
    """The rule of a reduction of truth values."""

    @rule(f"numpy_{op.removeprefix('Reduce').lower()}")
    def _(call: Call) -> str:
        if call.dtype_of(0) != "bool":
            raise UnsupportedOperator(f"{op} is of truth values; compare with 0 first")
        return reduced(call, op)


_of_truth("ReduceAll")
_of_truth("ReduceAny")


@rule("min")
def _min(call: Call) -> str:
    return reduced(call, "ReduceMin")


def _place(op: str) -> None:
    """The rule of where an extreme is."""

    @rule(f"numpy_{op.lower()}")
    def _(call: Call) -> str:
        if call.attrs.get("axis") is None or call.attrs.get("keepdims"):
            raise UnsupportedOperator("a place can be exported along one axis, without keepdims")
        (axis,) = axes_of(call, call.attrs["axis"])
        return call.add(op, call.value(0), axis=axis, dtype="int64")


_place("ArgMax")
_place("ArgMin")
