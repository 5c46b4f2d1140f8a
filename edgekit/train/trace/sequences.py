"""How embeddings, turned sequences and what is done time by time are written in the graph."""

from __future__ import annotations

import math

import numpy as np

from edgekit.errors import UnsupportedOperator

from .calls import Call, rule

__all__ = ["turned"]


@rule("embed")
def _embed(call: Call) -> str:
    return call.add("Gather", call.value(0), call.value(1), axis=0)


@rule("any_true")
def _any_true(call: Call) -> str:
    axis = call.attrs.get("axis", -1) % len(call.shape_of(0))
    keepdims = bool(call.attrs.get("keepdims", False))
    return call.add("ReduceAny", call.value(0), axes=(axis,), keepdims=keepdims)


@rule("zero_state")
def _zero_state(call: Call) -> str:
    """A product of a corner of the input with zeros: so there is a row for each sample."""
    rank, shape = len(call.shape_of(0)), tuple(call.attrs["shape"])
    corner = call.add("Slice", call.value(0), starts=(0,) * rank, sizes=(-1, *[1] * (rank - 1)))
    row = call.add("Reshape", corner, shape=(-1, 1)) if rank != 2 else corner
    zeros = call.add("Dense", row, call.number(np.zeros((math.prod(shape), 1), np.float32)))
    return zeros if len(shape) == 1 else call.add("Reshape", zeros, shape=(-1, *shape))


@rule("flip")
def _flip(call: Call) -> str:
    axis = call.attrs.get("axis", 1) % len(call.shape)
    return turned(call, call.value(0), axis, call.shape[axis])


def turned(call: Call, value: str, axis: int, size: int | None) -> str:
    """The elements along an axis in the opposite order."""
    if size is None:
        raise UnsupportedOperator("the order of the samples of a batch cannot be turned around")
    numbers = call.integers(np.arange(size)[::-1])
    return call.add("Gather", value, numbers, axis=axis)


@rule("fold_time")
def _fold_time(call: Call) -> tuple[str, ...]:
    """One value for each time: a graph keeps its batch, so what follows is written time by time."""
    shape = call.shape_of(0)
    rest = shape[2:]
    rows = [
        call.add("Slice", call.value(0), starts=(0, t, *[0] * len(rest)), sizes=(-1, 1, *rest))
        for t in range(shape[1] or 0)
    ]
    return tuple(call.add("Reshape", row, shape=(-1, *rest)) for row in rows)


@rule("unfold_time")
def _unfold_time(call: Call) -> str:
    shape = call.shape
    rows = [call.add("Reshape", row, shape=(-1, 1, *shape[2:])) for row in call.times(0)]
    return call.add("Concat", *rows, axis=1) if len(rows) > 1 else rows[0]
