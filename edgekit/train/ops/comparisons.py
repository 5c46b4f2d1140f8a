"""Comparisons, which have no derivative, and the choice between two values, which has one."""

from __future__ import annotations

from edgekit.train import backend
from edgekit.train.primitive import primitive

from .reductions import unbroadcast

__all__ = [
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "not_equal",
    "where",
]


@primitive
def where(condition, a, b):
    """a where `condition` holds, b elsewhere."""
    return backend.where(condition, a, b)


@where.vjp
def _(g, y, condition, a, b, *, needs):
    ga = unbroadcast(g * condition, a) if needs[1] else None
    return None, ga, unbroadcast(g * ~condition, b) if needs[2] else None


@primitive(differentiable=False)
def greater(a, b):
    """a > b."""
    return a > b


@primitive(differentiable=False)
def greater_equal(a, b):
    """a >= b."""
    return a >= b


@primitive(differentiable=False)
def less(a, b):
    """a < b."""
    return a < b


@primitive(differentiable=False)
def less_equal(a, b):
    """a <= b."""
    return a <= b


@primitive(differentiable=False)
def equal(a, b):
    """a == b."""
    return a == b


@primitive(differentiable=False)
def not_equal(a, b):
    """a != b."""
    return a != b
