"""Reading operators that move elements, the mean, and what is known from shapes alone."""

from __future__ import annotations

import math

import numpy as np

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir.shapes import axis_of

from .file import Operator, Tensor
from .reader import Reader, Rule
from .tensors import quantization

__all__ = ["MOVE_READERS"]

Dimensions = tuple[int | None, ...]


def concatenation(op: Operator, reader: Reader) -> None:
    options = op.options("ConcatenationOptions")
    names, fused = reader.inputs(op), options["fused_activation_function"]
    reader.emit(op, "Concat", *names, fused=fused, axis=int(options["axis"]))


def mean(op: Operator, reader: Reader) -> None:
    keepdims = bool(op.options("ReducerOptions")["keep_dims"])
    axes = reader.integers(op, 1)
    reader.emit(op, "Mean", reader.input(op, 0), axes=axes, keepdims=keepdims)


def reshape(op: Operator, reader: Reader) -> None:
    """The new shape stands in a tensor or, in older files, in the options alone."""
    if reader.has(op, 1):
        target = reader.integers(op, 1)
    else:
        target = tuple(op.options("ReshapeOptions")["new_shape"].tolist())
    _reshaped(op, reader, target)


def expand_dims(op: Operator, reader: Reader) -> None:
    shape = _shape(op, reader)
    (axis,) = reader.integers(op, 1)
    place = axis_of(axis, len(shape) + 1)
    _reshaped(op, reader, (*shape[:place], 1, *shape[place:]))


def squeeze(op: Operator, reader: Reader) -> None:
    """Without the dimensions named, or without all that are 1."""
    shape = _shape(op, reader)
    named = op.options("SqueezeOptions")["squeeze_dims"].tolist()
    gone = {axis_of(axis, len(shape)) for axis in named}
    gone = gone or {i for i, d in enumerate(shape) if d == 1}
    if any(shape[i] != 1 for i in gone):
        raise ShapeError(f"the dimensions {sorted(gone)} of {list(shape)} are not all 1")
    _reshaped(op, reader, tuple(d for i, d in enumerate(shape) if i not in gone))


def _reshaped(op: Operator, reader: Reader, target: Dimensions) -> None:
    """A Reshape to `target`. An unknown batch stays in front: there it is written -1."""
    shape = _shape(op, reader)
    new = tuple(-1 if d is None else d for d in target)
    if shape[:1] == (None,):
        kept = math.prod(d or 1 for d in shape[1:])
        names_batch = new[:1] == (reader.file_batch,) and math.prod(new[1:]) == kept
        new = (-1, *new[1:]) if names_batch else new
    known = reader.known(reader.tensor(op, 0).index)
    if known is not None and quantization(reader.tensor(op, 0)) is None:
        if new.count(-1) > 1 or (-1 not in new and math.prod(new) != known.size):
            raise ShapeError(f"{list(known.shape)} cannot take the shape {list(new)}")
        reader.know(op, known.reshape(new))
        return
    reader.emit(op, "Reshape", reader.input(op, 0), shape=new)


def transpose(op: Operator, reader: Reader) -> None:
    rank = len(_shape(op, reader))
    perm = tuple(axis_of(axis, rank) for axis in reader.integers(op, 1))
    reader.emit(op, "Transpose", reader.input(op, 0), perm=perm)


def pad(op: Operator, reader: Reader) -> None:
    reader.emit(op, "Pad", reader.input(op, 0), pads=reader.integers(op, 1))


def padv2(op: Operator, reader: Reader) -> None:
    """The value that is added is stored at the scale of the input."""
    fill, tensor = reader.constant(op, 2), reader.tensor(op, 2)
    if fill.size != 1:
        raise UnsupportedOperator(f"one value pads, received {fill.size}")
    quant = quantization(tensor)
    value = float(fill.reshape(-1)[0])
    if quant is not None:
        value = float(quant.scales[0] * np.float32(value - quant.zero_point[0]))
    pads = reader.integers(op, 1)
    reader.emit(op, "Pad", reader.input(op, 0), pads=pads, value=value)


def slice_(op: Operator, reader: Reader) -> None:
    starts, sizes = reader.integers(op, 1), reader.integers(op, 2)
    shape = _shape(op, reader)
    # The whole of a dimension is written -1, which an unknown batch needs.
    whole = shape[:1] == (None,) and starts[:1] == (0,) and sizes[:1] == (reader.file_batch,)
    sizes = (-1, *sizes[1:]) if whole else sizes
    reader.emit(op, "Slice", reader.input(op, 0), starts=starts, sizes=sizes)


def resize_nearest(op: Operator, reader: Reader) -> None:
    """By whole factors, cell i of the output is cell i // factor of the input."""
    options = op.options("ResizeNearestNeighborOptions")
    shape, size = _shape(op, reader), reader.integers(op, 1)
    fits = len(shape) == 4 and len(size) == 2
    pairs = list(zip(size, shape[1:3], strict=True)) if fits else [(1, 2)]
    if options["align_corners"] or any(not old or new % old for new, old in pairs):
        raise UnsupportedOperator(f"{list(shape)} to {list(size)} is no resize by whole factors")
    factors = tuple(new // (old or 1) for new, old in pairs)
    reader.emit(op, "ResizeNearest", reader.input(op, 0), factors=factors)


def shape(op: Operator, reader: Reader) -> None:
    found = _shape(op, reader)
    if None in found:
        raise UnsupportedOperator("the batch is not known")
    reader.know(op, np.array(found, _dtype(reader.output_tensor(op))))


def rank(op: Operator, reader: Reader) -> None:
    reader.know(op, np.array(len(_shape(op, reader)), np.int32))


def _dtype(tensor: Tensor) -> str:
    return "int64" if tensor.dtype == "int64" else "int32"


def _shape(op: Operator, reader: Reader) -> Dimensions:
    """The shape of the first input, which may be empty or known only now."""
    index = reader.tensor(op, 0).index
    known = reader.known(index)
    return reader.value(op, 0).shape if known is None else known.shape


MOVE_READERS: dict[str, Rule] = {
    "CONCATENATION": concatenation,
    "MEAN": mean,
    "RESHAPE": reshape,
    "EXPAND_DIMS": expand_dims,
    "SQUEEZE": squeeze,
    "TRANSPOSE": transpose,
    "PAD": pad,
    "PADV2": padv2,
    "SLICE": slice_,
    "RESIZE_NEAREST_NEIGHBOR": resize_nearest,
    "SHAPE": shape,
    "RANK": rank,
}
