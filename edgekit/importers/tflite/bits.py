"""Reading operators on plain integers, and numbers that become integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ModelFormatError, ShapeError, UnsupportedOperator
from edgekit.ir import Value
from edgekit.ir.graph import DTYPES, Array

from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS"]

WIDTHS = {"int8": 8, "uint8": 8, "int16": 16, "int32": 32}
NARROW = frozenset(("int8", "uint8", "int16"))
"""What the graph holds as real numbers while it runs."""
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
    numbers, places = _wide(op, reader, x), _places(op, reader, x, shift)
    powers = np.left_shift(np.int32(1), np.arange(MOST_FOLD + 1, dtype=np.int32))
    first = reader.new_constant(op, np.append(powers, powers[-1]), "powers")
    numbers = reader.add(op, "FloorDiv", numbers, reader.add(op, "Gather", first, places))
    if x.dtype == "int32":  # 2^31 is 2^30, then 2
        second = np.where(np.arange(MOST_FOLD + 2) > MOST_FOLD, 2, 1).astype(np.int32)
        rest = reader.new_constant(op, second, "rest")
        reader.emit(op, "FloorDiv", numbers, reader.add(op, "Gather", rest, places))
        return
    reader.emit(op, "Cast", numbers, dtype=x.dtype)


def left_shift(op: Operator, reader: Reader) -> None:
    """A product with a power of two, of which the lowest bits remain."""
    x, shift = reader.value(op, 0), reader.value(op, 1)
    if x.dtype not in WIDTHS or (shift.dtype, shift.shape) != (x.dtype, x.shape):
        raise UnsupportedOperator(f"{', '.join(WIDTHS)} are shifted, received {x} and {shift}")
    numbers, places = _wide(op, reader, x), _places(op, reader, x, shift)
    powers = np.left_shift(np.int32(1), np.arange(MOST_FOLD + 2, dtype=np.int32))
    factors = reader.add(op, "Gather", reader.new_constant(op, powers, "powers"), places)
    if x.dtype == "int32":
        reader.emit(op, "Mul", numbers, factors)
    else:
        reader.emit(op, "Cast", reader.add(op, "Mul", numbers, factors), dtype=x.dtype)


def _places(op: Operator, reader: Reader, x: Value, shift: Value) -> str:
    """The shifts, from 0 to the last bit of the number."""
    width = np.array(WIDTHS[x.dtype] - 1, np.int32)
    positive = reader.add(
        op,
        "Maximum",
        _wide(op, reader, shift),
        reader.new_constant(op, np.zeros((), np.int32), "zero"),
    )
    return reader.add(op, "Minimum", positive, reader.new_constant(op, width, "width"))


def _wide(op: Operator, reader: Reader, value: Value) -> str:
    if value.dtype == "int32":
        return value.name
    return reader.add(op, "Cast", value.name, dtype="int32")


def bitwise_xor(op: Operator, reader: Reader) -> None:
    """Short integers have the bits that they have in 32."""
    x, y = reader.value(op, 0), reader.value(op, 1)
    if x.dtype not in (*WIDTHS, "int64") or x.dtype != y.dtype:
        raise UnsupportedOperator(f"integers of one kind are known, received {x} and {y}")
    if x.dtype not in NARROW:
        reader.emit(op, "BitwiseXor", x.name, y.name)
        return
    numbers = [_wide(op, reader, value) for value in (x, y)]
    reader.emit(op, "Cast", reader.add(op, "BitwiseXor", *numbers), dtype=x.dtype)


def bitcast(op: Operator, reader: Reader) -> None:
    """The same bytes as numbers of another kind."""
    found, output = reader.known(reader.tensor(op, 0).index), reader.output_tensor(op)
    kinds = [DTYPES.get(tensor.dtype) for tensor in (reader.tensor(op, 0), output)]
    if None in kinds or "bool" in kinds:
        raise UnsupportedOperator(f"the bytes are not taken for {output.dtype}; use a CAST")
    if found is not None:
        reader.know(op, _taken(found, np.dtype(kinds[1])))
    elif NARROW.isdisjoint(kind.name for kind in kinds if kind is not None):
        reader.emit(op, "Bitcast", reader.input(op, 0), dtype=output.dtype)
    else:
        raise UnsupportedOperator(
            f"{reader.tensor(op, 0).dtype} has no bytes here before the run; use a CAST, or build "
            "the model without it"
        )


def _taken(found: Array, dtype: np.dtype[Any]) -> Array:
    whole, part = found.dtype.itemsize, dtype.itemsize
    shape = found.shape if whole == part else (*found.shape, whole // part)
    if whole < part:
        if found.shape[-1:] != (part // whole,):
            raise ShapeError(f"{list(found.shape)} {found.dtype} is no {dtype}")
        shape = found.shape[:-1]
    return np.frombuffer(found.tobytes(), dtype).reshape(shape)


READERS: dict[str, Rule] = {
    "BUCKETIZE": bucketize,
    "RIGHT_SHIFT": right_shift,
    "STABLEHLO_SHIFT_LEFT": left_shift,
    "BITWISE_XOR": bitwise_xor,
    "BITCAST": bitcast,
}
