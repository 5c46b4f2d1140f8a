"""Reading operators on plain integers, and numbers that become integers."""

from __future__ import annotations

import math

import numpy as np

from edgekit.errors import ModelFormatError, ShapeError, UnsupportedOperator
from edgekit.ir import Value
from edgekit.ir.graph import DTYPES, Array

from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS"]

WIDTHS = {"int8": 8, "uint8": 8, "int16": 16, "int32": 32}
MOST_FOLD = 30
"""Powers of two up to here are numbers of int32."""


def bucketize(op: Operator, reader: Reader) -> None:
    """How many boundaries lie at or below a number: all of them where it is NaN."""
    x, limits = reader.value(op, 0), op.options("BucketizeOptions")["boundaries"]
    if x.dtype not in ("float32", "int32", "int64"):
        raise UnsupportedOperator(f"numbers are float32, int32 or int64, received {x.dtype}")
    if len(limits) == 0 or not (limits[1:] >= limits[:-1]).all():
        raise ModelFormatError("the boundaries do not rise")
    name = x.name if x.dtype == "float32" else reader.add(op, "Cast", x.name, dtype="float32")
    shape = tuple(-1 if d is None else d for d in x.shape)
    column = reader.add(op, "Reshape", name, shape=(*shape, 1))
    rising = np.asarray(limits, np.float32)
    above = reader.add(op, "Less", column, reader.new_constant(op, rising, "boundaries"))
    below = reader.add(op, "LogicalNot", above)
    counted = reader.add(op, "Cast", below, dtype="int32")
    reader.emit(op, "Sum", counted, axes=(len(shape),))


def right_shift(op: Operator, reader: Reader) -> None:
    """Division by a power of two, towards minus infinity; shifts end at the number's width."""
    x, shift = reader.value(op, 0), reader.value(op, 1)
    if x.dtype not in WIDTHS or shift.dtype != x.dtype:
        raise UnsupportedOperator(f"{', '.join(WIDTHS)} are shifted, received {x} and {shift}")
    numbers = _wide(op, reader, x)
    width = np.array(WIDTHS[x.dtype] - 1, np.int32)
    positive = reader.add(
        op,
        "Maximum",
        _wide(op, reader, shift),
        reader.new_constant(op, np.zeros((), np.int32), "zero"),
    )
    places = reader.add(op, "Minimum", positive, reader.new_constant(op, width, "width"))
    powers = np.left_shift(np.int32(1), np.arange(MOST_FOLD + 1, dtype=np.int32))
    first = reader.new_constant(op, np.append(powers, powers[-1]), "powers")
    numbers = reader.add(op, "FloorDiv", numbers, reader.add(op, "Gather", first, places))
    if x.dtype == "int32":  # 2^31 is 2^30, then 2
        second = np.where(np.arange(MOST_FOLD + 2) > MOST_FOLD, 2, 1).astype(np.int32)
        rest = reader.new_constant(op, second, "rest")
        reader.emit(op, "FloorDiv", numbers, reader.add(op, "Gather", rest, places))
        return
    reader.emit(op, "Cast", numbers, dtype=x.dtype)


def _wide(op: Operator, reader: Reader, value: Value) -> str:
    if value.dtype == "int32":
        return value.name
    return reader.add(op, "Cast", value.name, dtype="int32")


def bitwise_xor(op: Operator, reader: Reader) -> None:
    x, y = (reader.known(reader.tensor(op, i).index) for i in range(2))
    if x is None or y is None:
        raise UnsupportedOperator(
            "bits of what the model is given are not known here; build the model without it"
        )
    if x.dtype != y.dtype or x.dtype.kind not in "iu":
        raise UnsupportedOperator(f"integers of one kind are known, not {x.dtype} and {y.dtype}")
    shape = np.broadcast_shapes(x.shape, y.shape) if _fit(x, y) else None
    if shape is None:
        raise ShapeError(f"{list(x.shape)} and {list(y.shape)} do not fit each other")
    reader.spend(math.prod(shape) * x.itemsize)
    reader.know(op, np.bitwise_xor(x, y))


def _fit(x: Array, y: Array) -> bool:
    pairs = zip(reversed(x.shape), reversed(y.shape), strict=False)
    return all(a == b or 1 in (a, b) for a, b in pairs)


def bitcast(op: Operator, reader: Reader) -> None:
    """The same bytes as numbers of another kind, with a dimension more or less where these are
    shorter or longer."""
    found, output = reader.known(reader.tensor(op, 0).index), reader.output_tensor(op)
    dtype = DTYPES.get(output.dtype)
    if found is None or dtype is None or dtype.kind == "b" or found.dtype.kind == "b":
        raise UnsupportedOperator(
            f"the bytes of what the model is given are not taken for {output.dtype}; use a CAST, "
            "or build the model without it"
        )
    whole, part = found.dtype.itemsize, dtype.itemsize
    shape = found.shape if whole == part else (*found.shape, whole // part)
    if whole < part:
        if found.shape[-1:] != (part // whole,):
            raise ShapeError(f"{list(found.shape)} {found.dtype} is no {dtype}")
        shape = found.shape[:-1]
    reader.know(op, np.frombuffer(found.tobytes(), dtype).reshape(shape))


READERS: dict[str, Rule] = {
    "BUCKETIZE": bucketize,
    "RIGHT_SHIFT": right_shift,
    "BITWISE_XOR": bitwise_xor,
    "BITCAST": bitcast,
}
