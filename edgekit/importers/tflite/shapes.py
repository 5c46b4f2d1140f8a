"""Reading operators that repeat or mirror elements, and what is known from shapes alone."""

from __future__ import annotations

import math

import numpy as np

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir.validate_values import MOST_DIMENSIONS
from edgekit.schema.tflite_layout import MirrorPadMode

from .elements import input_shape
from .file import Operator, Tensor
from .reader import Reader, Rule
from .tensors import quantization

__all__ = ["READERS"]

LONGEST_RANGE = LARGEST_FILLED = 2**20  # elements


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
    shape = input_shape(op, reader)
    target: tuple[int, ...] = reader.integers(op, 1)
    if shape[:1] == (None,) and target[:1] == (reader.file_batch,) and len(shape) == len(target):
        target = (-1, *target[1:])
    reader.emit(op, "BroadcastTo", reader.input(op, 0), shape=target)


def broadcast_args(op: Operator, reader: Reader) -> None:
    """The shape that two shapes have when they are broadcast against each other."""
    shapes = [reader.integers(op, i) for i in range(2)]
    dtype, rank = reader.constant(op, 0).dtype, max(map(len, shapes))
    first, second = ((1,) * (rank - len(s)) + s for s in shapes)
    if any(a != b and 1 not in (a, b) for a, b in zip(first, second, strict=True)):
        raise ShapeError(f"{list(shapes[0])} and {list(shapes[1])} do not fit each other")
    found = [b if a == 1 else a for a, b in zip(first, second, strict=True)]
    reader.know(op, np.array(found, dtype))


def fill(op: Operator, reader: Reader) -> None:
    """One number everywhere: known now while it is small, else a broadcast at run time."""
    target, tensor = reader.integers(op, 0), reader.tensor(op, 1)
    value = None if quantization(tensor) is not None else reader.known(tensor.index)
    if min(target, default=0) < 0 or len(target) > MOST_DIMENSIONS:
        raise ShapeError(f"there is no shape {list(target)}")
    found = tensor.shape if value is None else value.shape
    if math.prod(found) != 1:
        raise ShapeError(f"one number fills a shape, received {list(found)}")
    if value is None or math.prod(target) > LARGEST_FILLED:
        reader.emit(op, "BroadcastTo", reader.input(op, 1), shape=target)
    else:
        reader.know(op, np.full(target, value.reshape(()), value.dtype))


def zeros_like(op: Operator, reader: Reader) -> None:
    found, dtype = input_shape(op, reader), reader.output_tensor(op).dtype
    count = math.prod(d or 0 for d in found)
    if None in found or dtype not in ("float32", "int32", "int64") or count > LARGEST_FILLED:
        raise UnsupportedOperator(f"zeros of {dtype}{list(found)} are not known")
    reader.spend(8 * math.prod(d or 0 for d in found))
    reader.know(op, np.zeros([d or 0 for d in found], dtype))


def range_(op: Operator, reader: Reader) -> None:
    given = [reader.constant(op, i) for i in range(3)]
    if any(numbers.size != 1 for numbers in given):
        raise ShapeError(f"a range is of three numbers, received {given}")
    first, limit, step = (number.reshape(()) for number in given)
    if not step or not np.isfinite([first, limit, step]).all():
        raise ShapeError(f"a range from {first} to {limit} in steps of {step} has no end")
    count = max(0, math.ceil((float(limit) - float(first)) / float(step)))
    if count > LONGEST_RANGE:
        raise UnsupportedOperator(f"a range of {count} numbers; the most are {LONGEST_RANGE}")
    places = np.arange(count).astype(first.dtype)
    reader.know(op, (first + places * step).astype(first.dtype))


def shape(op: Operator, reader: Reader) -> None:
    found = input_shape(op, reader)
    if None in found:
        raise UnsupportedOperator("the batch is not known")
    reader.know(op, np.array(found, _dtype(reader.output_tensor(op))))


def rank(op: Operator, reader: Reader) -> None:
    reader.know(op, np.array(len(input_shape(op, reader)), np.int32))


def _dtype(tensor: Tensor) -> str:
    return "int64" if tensor.dtype == "int64" else "int32"


READERS: dict[str, Rule] = {
    "MIRROR_PAD": mirror_pad,
    "TILE": tile,
    "BROADCAST_TO": broadcast_to,
    "BROADCAST_ARGS": broadcast_args,
    "FILL": fill,
    "ZEROS_LIKE": zeros_like,
    "RANGE": range_,
    "SHAPE": shape,
    "RANK": rank,
}
