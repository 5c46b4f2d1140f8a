"""Shape rules of operators that reduce, search and select."""

from __future__ import annotations

from edgekit.errors import ShapeError

from .graph import Shape
from .shapes import Attrs, Inputs, axis_of, broadcast, shape_of, shape_text

__all__ = ["along_axis", "one_hot", "reduced", "select", "top_k", "without_axis"]


def reduced(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """Without the `axes`, or with 1 in their place."""
    x = shape_of(inputs, 0)
    axes = {axis_of(axis, len(x)) for axis in attrs["axes"]}
    if attrs["keepdims"]:
        return (tuple(1 if i in axes else d for i, d in enumerate(x)),)
    return (tuple(d for i, d in enumerate(x) if i not in axes),)


def without_axis(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x = shape_of(inputs, 0)
    axis = axis_of(attrs["axis"], len(x))
    return ((*x[:axis], *x[axis + 1 :]),)


def along_axis(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """The shape stays; the axis must exist."""
    x = shape_of(inputs, 0)
    axis_of(attrs["axis"], len(x))
    return (x,)


def top_k(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, k = shape_of(inputs, 0), attrs["k"]
    if not x or x[-1] is None or x[-1] < k:
        raise ShapeError(f"the {k} largest need as many in the last dimension of {shape_text(x)}")
    return (*x[:-1], k), (*x[:-1], k)


def one_hot(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """The shape of the indices with `depth` put in at `axis`; -1 is behind the last."""
    indices, axis = shape_of(inputs, 2), attrs["axis"]
    if shape_of(inputs, 0) != () or shape_of(inputs, 1) != ():
        raise ShapeError("what stands where an index points, and elsewhere, are single numbers")
    axis = axis_of(axis, len(indices) + 1)
    if axis == 0 and indices[:1] == (None,):
        raise ShapeError("an unknown batch must stay first")
    return ((*indices[:axis], attrs["depth"], *indices[axis:]),)


def select(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """All three inputs broadcast against each other."""
    (both,) = broadcast(inputs[:2], attrs)
    (condition,) = broadcast((inputs[0], inputs[2]), attrs)
    rank = max(len(both), len(condition))
    result: list[int | None] = []
    for a, b in zip(
        (1,) * (rank - len(both)) + both, (1,) * (rank - len(condition)) + condition, strict=True
    ):
        if a != b and 1 not in (a, b):
            raise ShapeError(
                f"the condition {shape_text(shape_of(inputs, 2))} does not fit {shape_text(both)}"
            )
        result.append(b if a == 1 else a)
    return (tuple(result),)
