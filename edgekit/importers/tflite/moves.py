"""Reading operators that move elements, the mean, and what is known from shapes alone."""

from __future__ import annotations

import math

import numpy as np

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir.graph import AttrValue
from edgekit.ir.shapes import axis_of
from edgekit.ir.validate import MOST_DIMENSIONS
from edgekit.schema.generated.tflite_layout import MirrorPadMode

from .file import Operator, Tensor
from .reader import Reader, Rule
from .tensors import quantization

__all__ = ["READERS"]

Dimensions = tuple[int | None, ...]
LONGEST_RANGE = LARGEST_FILLED = 2**20  # elements


def concatenation(op: Operator, reader: Reader) -> None:
    """uint8 inputs may have scales of their own, which are changed to the output's."""
    options = op.options("ConcatenationOptions")
    fused, quant = options["fused_activation_function"], quantization(reader.output_tensor(op))
    names = []
    for position, name in enumerate(reader.inputs(op)):
        value = reader.value(op, position)
        if value.dtype == "uint8" and quant is not None and value.quant != quant:
            attrs: dict[str, AttrValue] = {"dtype": "uint8", "rounding": "joined"}
            name = reader.add(op, "Requantize", name, quant=quant, **attrs)
        names.append(name)
    reader.emit(op, "Concat", *names, fused=fused, axis=int(options["axis"]))


def reshape(op: Operator, reader: Reader) -> None:
    """The new shape stands in a tensor or, in older files, in the options alone."""
    if reader.has(op, 1):
        target = reader.integers(op, 1)
    else:
        target = tuple(op.options("ReshapeOptions")["new_shape"].tolist())
    _reshaped(op, reader, target)


def expand_dims(op: Operator, reader: Reader) -> None:
    shape = _shape(op, reader)
    axis = reader.integer(op, 1)
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
    elif new.count(-1) == 1:
        rest = math.prod(d for d in new if d != -1)
        size = math.prod(d or 0 for d in shape) // rest if rest else 0
        new = tuple(size if d == -1 else d for d in new)
    known = reader.known(reader.tensor(op, 0).index)
    if known is not None and quantization(reader.tensor(op, 0)) is None:
        if (
            len(new) > MOST_DIMENSIONS
            or new.count(-1) > 1
            or (-1 not in new and math.prod(new) != known.size)
        ):
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


def mirror_pad(op: Operator, reader: Reader) -> None:
    mode = op.options("MirrorPadOptions")["mode"]
    names = MirrorPadMode.names()
    if mode not in names:
        op.record.fail("builtin_options", f"mirror pad mode {mode} is not known")
    pads, name = reader.integers(op, 1), names[mode].lower()
    reader.emit(op, "MirrorPad", reader.input(op, 0), pads=pads, mode=name)


def tile(op: Operator, reader: Reader) -> None:
    reader.emit(op, "Tile", reader.input(op, 0), repeats=reader.integers(op, 1))


def broadcast_to(op: Operator, reader: Reader) -> None:
    shape = _shape(op, reader)
    target: tuple[int, ...] = reader.integers(op, 1)
    if shape[:1] == (None,) and target[:1] == (reader.file_batch,) and len(shape) == len(target):
        target = (-1, *target[1:])
    reader.emit(op, "BroadcastTo", reader.input(op, 0), shape=target)


def fill(op: Operator, reader: Reader) -> None:
    """One number everywhere: known now while it is small, else a broadcast at run time."""
    target, tensor = reader.integers(op, 0), reader.tensor(op, 1)
    value = None if quantization(tensor) is not None else reader.known(tensor.index)
    if min(target, default=0) < 0 or len(target) > MOST_DIMENSIONS:
        raise ShapeError(f"there is no shape {list(target)}")
    if math.prod(tensor.shape) != 1:
        raise ShapeError(f"one number fills a shape, received {list(tensor.shape)}")
    if value is None or math.prod(target) > LARGEST_FILLED:
        reader.emit(op, "BroadcastTo", reader.input(op, 1), shape=target)
    else:
        reader.know(op, np.full(target, value.reshape(()), value.dtype))


def zeros_like(op: Operator, reader: Reader) -> None:
    found, dtype = _shape(op, reader), reader.output_tensor(op).dtype
    count = math.prod(d or 0 for d in found)
    if None in found or dtype not in ("float32", "int32", "int64") or count > LARGEST_FILLED:
        raise UnsupportedOperator(f"zeros of {dtype}{list(found)} are not known")
    reader.spend(8 * math.prod(d or 0 for d in found))
    reader.know(op, np.zeros([d or 0 for d in found], dtype))


def range_(op: Operator, reader: Reader) -> None:
    first, limit, step = (reader.constant(op, i).reshape(()) for i in range(3))
    if not step or not np.isfinite([first, limit, step]).all():
        raise ShapeError(f"a range from {first} to {limit} in steps of {step} has no end")
    count = max(0, math.ceil((float(limit) - float(first)) / float(step)))
    if count > LONGEST_RANGE:
        raise UnsupportedOperator(f"a range of {count} numbers; the most are {LONGEST_RANGE}")
    places = np.arange(count).astype(first.dtype)
    reader.know(op, (first + places * step).astype(first.dtype))


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


READERS: dict[str, Rule] = {
    "CONCATENATION": concatenation,
    "RESHAPE": reshape,
    "EXPAND_DIMS": expand_dims,
    "SQUEEZE": squeeze,
    "TRANSPOSE": transpose,
    "PAD": pad,
    "PADV2": padv2,
    "MIRROR_PAD": mirror_pad,
    "TILE": tile,
    "BROADCAST_TO": broadcast_to,
    "FILL": fill,
    "ZEROS_LIKE": zeros_like,
    "RANGE": range_,
    "SHAPE": shape,
    "RANK": rank,
}
