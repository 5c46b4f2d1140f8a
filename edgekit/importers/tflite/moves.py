"""Reading operators that move elements as few files want them moved: what these do is said with
operators that the graph has.
"""

from __future__ import annotations

import numpy as np

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir import Value
from edgekit.ir.graph import DTYPES
from edgekit.ir.shapes import axis_of

from .file import Operator
from .reader import Reader, Rule
from .tensors import real_number

__all__ = ["READERS", "spread"]

Dimensions = tuple[int | None, ...]


def reverse_sequence(op: Operator, reader: Reader) -> None:
    """The first `length` elements of each sample backwards, the rest as it is.

    A Gather whose indices follow from the lengths: t becomes length - 1 - t where t < length.
    """
    options, x, lengths = (
        op.options("ReverseSequenceOptions"),
        reader.value(op, 0),
        _lengths(op, reader),
    )
    rank = len(x.shape)
    batch, axis = (axis_of(int(options[name]), rank) for name in ("batch_dim", "seq_dim"))
    size = x.shape[axis]
    if batch == axis or lengths.shape != (x.shape[batch],) or size is None:
        raise ShapeError(
            f"one length for each of axis {batch} reverses axis {axis} of {list(x.shape)}, "
            f"received {list(lengths.shape)}"
        )
    rows = -1 if lengths.shape[0] is None else lengths.shape[0]
    column = reader.add(op, "Reshape", lengths.name, shape=(rows, 1))
    numbers = np.arange(size, dtype=DTYPES[lengths.dtype]).reshape(1, -1)
    places = reader.new_constant(op, numbers, "places")
    one = reader.new_constant(op, np.ones((), numbers.dtype), "one")
    turned = reader.add(op, "Sub", reader.add(op, "Sub", column, one), places)
    inside = reader.add(op, "Less", places, column)
    indices = reader.add(op, "Select", turned, places, inside)
    order = (batch, axis, *(i for i in range(rank) if i not in (batch, axis)))
    if order == tuple(range(rank)):
        reader.emit(op, "Gather", x.name, indices, axis=1, batch_dims=1)
        return
    moved = reader.add(op, "Transpose", x.name, quant=x.quant, perm=order)
    found = reader.add(op, "Gather", moved, indices, quant=x.quant, axis=1, batch_dims=1)
    reader.emit(op, "Transpose", found, perm=tuple(order.index(i) for i in range(rank)))


def _lengths(op: Operator, reader: Reader) -> Value:
    lengths = reader.value(op, 1)
    if lengths.dtype not in ("int32", "int64") or len(lengths.shape) != 1:
        raise UnsupportedOperator(f"lengths are a list of int32 or int64, received {lengths}")
    return lengths


def matrix_diag(op: Operator, reader: Reader) -> None:
    """Matrices of zeros with rows of x along their diagonals."""
    x = reader.value(op, 0)
    if not x.shape or x.shape[-1] is None:
        raise ShapeError(f"a diagonal is a row of known length, received {list(x.shape)}")
    zero = reader.new_constant(op, np.zeros((), DTYPES[x.dtype]), "zero", x.quant)
    _on_diagonal(op, reader, x, zero, (x.shape[-1], x.shape[-1]))


def matrix_set_diag(op: Operator, reader: Reader) -> None:
    """Matrices with other diagonals."""
    x, diagonal = reader.value(op, 0), reader.value(op, 1)
    size = tuple(d or 0 for d in x.shape[-2:])
    if len(size) < 2 or diagonal.shape != (*x.shape[:-2], min(size)):
        raise ShapeError(f"{list(diagonal.shape)} are no diagonals of {list(x.shape)}")
    if x.quant != diagonal.quant:
        raise UnsupportedOperator(f"the scales {x.quant} and {diagonal.quant} must be one")
    _on_diagonal(op, reader, diagonal, x.name, (size[0], size[1]))


def _on_diagonal(
    op: Operator, reader: Reader, diagonal: Value, elsewhere: str, size: tuple[int, int]
) -> None:
    """Rows lie along the columns of wide matrices and the rows of high ones."""
    reader.spend(size[0] * size[1])
    mask = reader.new_constant(op, np.eye(*size, dtype=bool), "diagonal")
    last = (size[0], 1) if size[0] < size[1] else (1, size[1])
    shape = tuple(-1 if d is None else d for d in diagonal.shape[:-1])
    rows = reader.add(op, "Reshape", diagonal.name, quant=diagonal.quant, shape=(*shape, *last))
    reader.emit(op, "Select", rows, elsewhere, mask)


def dilate(op: Operator, reader: Reader) -> None:
    """Elements with others between them, `dilations - 1` along each dimension."""
    x, steps = reader.value(op, 0), reader.integers(op, 1)
    if len(steps) != len(x.shape) or min(steps, default=1) < 1:
        raise ShapeError(f"{list(x.shape)} cannot be dilated by {list(steps)}")
    fill = reader.constant(op, 2)
    if fill.size != 1:
        raise UnsupportedOperator(f"one value lies between, received {fill.size}")
    value = real_number(fill, x.quant)
    wide, shape = spread(op, reader, x, steps, value)
    sizes = tuple(-1 if d is None else d for d in shape)
    reader.emit(op, "Slice", wide, starts=(0,) * len(sizes), sizes=sizes)


def spread(
    op: Operator, reader: Reader, x: Value, steps: tuple[int, ...], value: float
) -> tuple[str, Dimensions]:
    """x with `steps - 1` elements behind each along each dimension; its name, and its shape
    without those behind the last."""
    name, shape = x.name, list(x.shape)
    for axis, step in enumerate(steps):
        size = shape[axis]
        if step == 1 or size == 1:
            continue
        if size is None:
            raise UnsupportedOperator("an unknown batch cannot be dilated")
        before, after = (
            tuple(-1 if d is None else d for d in s) for s in (shape[:axis], shape[axis + 1 :])
        )
        split = reader.add(op, "Reshape", name, quant=x.quant, shape=(*before, size, 1, *after))
        pads = [0] * (2 * len(shape) + 2)
        pads[2 * axis + 3] = step - 1
        padded = reader.add(op, "Pad", split, quant=x.quant, pads=tuple(pads), value=value)
        joined = (*before, size * step, *after)
        name = reader.add(op, "Reshape", padded, quant=x.quant, shape=joined)
        shape[axis] = size * step
    pairs = zip(x.shape, steps, strict=True)
    return name, tuple(d if d is None else (d - 1) * step + 1 for d, step in pairs)


READERS: dict[str, Rule] = {
    "REVERSE_SEQUENCE": reverse_sequence,
    "MATRIX_DIAG": matrix_diag,
    "MATRIX_SET_DIAG": matrix_set_diag,
    "DILATE": dilate,
}
