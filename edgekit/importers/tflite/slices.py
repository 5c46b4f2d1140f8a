"""Reading slices, parts, stacks and rows by index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir.shapes import axis_of
from edgekit.schema.decoder import Record

from .file import Operator
from .reader import Reader, Rule
from .tensors import quantization

__all__ = ["READERS"]

Dimensions = tuple[int | None, ...]
Range = tuple[int, int, int]  # start, size, step; size -1 for all of an unknown batch


def slice_(op: Operator, reader: Reader) -> None:
    starts, sizes = reader.integers(op, 1), reader.integers(op, 2)
    shape = _shape(op, reader)
    if not len(shape) == len(starts) == len(sizes):
        raise ShapeError(f"{list(shape)} needs as many starts and sizes, received {starts}")
    ranges: list[Range] = []
    for dimension, start, size in zip(shape, starts, sizes, strict=True):
        if dimension is None:
            ranges.append(_whole_batch(start, size))
        else:
            ranges.append((start, dimension - start if size == -1 else size, 1))
    _sliced(op, reader, ranges, None)


def strided_slice(op: Operator, reader: Reader) -> None:
    """Every mask and negative strides; what is sliced becomes ranges, the rest a new shape."""
    begin, end, strides = (reader.integers(op, i) for i in (1, 2, 3))
    options, shape = op.options("StridedSliceOptions"), _shape(op, reader)
    if not len(begin) == len(end) == len(strides) or 0 in strides:
        raise ShapeError(f"begin {begin}, end {end} and strides {strides} do not belong together")
    ranges: list[Range] = []
    result: list[int | None] = []
    for axis in _axes(options, len(begin), len(shape)):
        if axis is None:
            dimension = shape[len(ranges)]
            ranges.append((0, -1 if dimension is None else dimension, 1))
            result.append(dimension)
        elif _bit(options, "new_axis_mask", axis):
            result.append(1)
        else:
            stop = end[axis] + begin[axis] if options["offset"] else end[axis]
            place = (begin[axis], stop, strides[axis])
            found = _range(options, axis, place, shape[len(ranges)])
            ranges.append(found)
            if not _bit(options, "shrink_axis_mask", axis):
                result.append(None if found[1] == -1 else found[1])
    _sliced(op, reader, ranges, tuple(result))


def _axes(options: Record, given: int, rank: int) -> list[int | None]:
    """The entries of begin and end in order; None stands for a dimension that none is about."""
    plain = [i for i in range(given) if not _bit(options, "ellipsis_mask", i)]
    new = sum(_bit(options, "new_axis_mask", i) for i in plain)
    missing = rank - (len(plain) - new)
    if len(plain) < given - 1 or missing < 0:
        raise ShapeError(f"{given} ranges do not fit {rank} dimensions")
    ellipsis = next((i for i in range(given) if i not in plain), given)
    before: list[int | None] = [i for i in plain if i < ellipsis]
    return before + [None] * missing + [i for i in plain if i > ellipsis]


def _bit(options: Record, name: str, axis: int) -> bool:
    return bool(options[name] >> axis & 1)


def _range(options: Record, axis: int, place: Range, dimension: int | None) -> Range:
    """Start, number and step of the elements that begin, end and stride pick."""
    begin, end, stride = place
    open_begin, open_end = (_bit(options, name, axis) for name in ("begin_mask", "end_mask"))
    shrink = _bit(options, "shrink_axis_mask", axis)
    if dimension is None:
        begin, end = 0 if open_begin else begin, -1 if open_end else end
        return _whole_batch(begin, end if stride == 1 and not shrink else 0)
    lowest, highest = (0, dimension) if stride > 0 else (-1, dimension - 1)
    first, last = (lowest, highest) if stride > 0 else (highest, lowest)
    start = first if open_begin else _clamped(begin, dimension, lowest, highest)
    if shrink:
        start = begin + dimension if begin < 0 and not open_begin else start
        if not 0 <= start < dimension:
            raise ShapeError(f"index {begin} is not within {dimension}")
        return start, 1, 1
    stop = last if open_end else _clamped(end, dimension, lowest, highest)
    return start, max(0, -(-(stop - start) // stride)), stride


def _clamped(place: int, dimension: int, low: int, high: int) -> int:
    return min(max(place + dimension if place < 0 else place, low), high)


def _whole_batch(start: int, size: int) -> Range:
    """All of an unknown batch; a number of its samples is a part, whatever the file's batch is."""
    if start != 0 or size != -1:
        raise UnsupportedOperator("a part of an unknown batch cannot be taken")
    return 0, -1, 1


def reverse(op: Operator, reader: Reader) -> None:
    """Backwards slices."""
    shape = _shape(op, reader)
    axes = {axis_of(axis, len(shape)) for axis in reader.integers(op, 1)}
    if any(shape[axis] is None for axis in axes):
        raise UnsupportedOperator("an unknown batch cannot be turned around")
    ranges = [
        ((d or 1) - 1, d or 1, -1) if i in axes else (0, -1 if d is None else d, 1)
        for i, d in enumerate(shape)
    ]
    _sliced(op, reader, ranges, None)


def _sliced(
    op: Operator, reader: Reader, ranges: Sequence[Range], result: Dimensions | None
) -> None:
    """The elements of `ranges`, then a Reshape to `result` where that is another shape."""
    shape = _shape(op, reader)
    known = _plain_data(op, reader)
    if known is not None:
        part = known[tuple(slice(*_stop(*one)) for one in ranges)]
        reader.know(op, part if result is None else part.reshape(_target(result)))
        return
    if any(size == 0 for _, size, _ in ranges):
        raise UnsupportedOperator(f"nothing of {list(shape)} is left")
    starts, sizes, steps = (tuple(one[i] for one in ranges) for i in range(3))
    steps = () if set(steps) <= {1} else steps
    x = reader.value(op, 0)
    taken = tuple(None if size == -1 else size for size in sizes)
    if result is None or result == taken:
        reader.emit(op, "Slice", x.name, starts=starts, sizes=sizes, steps=steps)
        return
    name = x.name
    if taken != shape or steps:
        name = reader.add(
            op, "Slice", x.name, quant=x.quant, starts=starts, sizes=sizes, steps=steps
        )
    reader.emit(op, "Reshape", name, shape=_target(result))


def _stop(start: int, size: int, step: int) -> tuple[int, int | None, int]:
    stop = start + size * step
    return start, None if stop < 0 else stop, step


def _target(shape: Dimensions) -> tuple[int, ...]:
    return tuple(-1 if d is None else d for d in shape)


def split(op: Operator, reader: Reader) -> None:
    """Equal parts; the axis comes first."""
    axis = reader.integer(op, 0)
    shape, count = _shape(op, reader, 1), len(op.outputs)
    size = shape[axis_of(axis, len(shape))]
    if size is None or not count or size % count:
        raise ShapeError(f"{list(shape)} cannot be split into {count} along axis {axis}")
    _parts(op, reader, 1, axis, (size // count,) * count)


def split_v(op: Operator, reader: Reader) -> None:
    """Parts of given sizes, one of which may be -1: the rest."""
    sizes, axis = reader.integers(op, 1), reader.integer(op, 2)
    shape = _shape(op, reader)
    whole = shape[axis_of(axis, len(shape))]
    if sizes.count(-1) == 1 and whole is not None:
        rest = whole - sum(size for size in sizes if size != -1)
        sizes = tuple(rest if size == -1 else size for size in sizes)
    _parts(op, reader, 0, axis, sizes)


def _parts(op: Operator, reader: Reader, position: int, axis: int, sizes: tuple[int, ...]) -> None:
    known = _plain_data(op, reader, position)
    if known is None:
        reader.emit(op, "Split", reader.input(op, position), axis=axis, sizes=sizes)
        return
    if (
        sum(sizes) != known.shape[axis]
        or len(sizes) != len(op.outputs)
        or min(sizes, default=0) < 0
    ):
        raise ShapeError(f"parts of {sizes} along axis {axis} do not make up {list(known.shape)}")
    for i, part in enumerate(np.split(known, np.cumsum(sizes[:-1]), axis)):
        reader.know(op, part, i)


def unpack(op: Operator, reader: Reader) -> None:
    """Parts of one each, without their axis."""
    shape, count = _shape(op, reader), len(op.outputs)
    axis = axis_of(int(op.options("UnpackOptions")["axis"]), len(shape))
    if shape[axis] != count:
        raise ShapeError(f"{list(shape)} does not hold {count} along axis {axis}")
    known = _plain_data(op, reader)
    if known is not None:
        for i in range(count):
            reader.know(op, np.take(known, i, axis), i)
        return
    x = reader.value(op, 0)
    parts = [x.name]
    if count > 1:
        ones = (1,) * count
        parts = list(
            reader.add_all(op, "Split", x.name, count=count, quant=x.quant, axis=axis, sizes=ones)
        )
    rest = _target((*shape[:axis], *shape[axis + 1 :]))
    for i, part in enumerate(parts):
        reader.emit_one(op, i, "Reshape", part, shape=rest)


def pack(op: Operator, reader: Reader) -> None:
    """Each with an axis more, then side by side along it."""
    shape = _shape(op, reader)
    axis = axis_of(int(op.options("PackOptions")["axis"]), len(shape) + 1)
    known = [_plain_data(op, reader, i) for i in range(len(op.inputs))]
    if all(data is not None and data.shape == shape for data in known):
        reader.know(op, np.stack([data for data in known if data is not None], axis))
        return
    longer = _target((*shape[:axis], 1, *shape[axis:]))
    if len(op.inputs) == 1:
        reader.emit(op, "Reshape", reader.input(op, 0), shape=longer)
        return
    values = [reader.value(op, i) for i in range(len(op.inputs))]
    parts = [reader.add(op, "Reshape", v.name, quant=v.quant, shape=longer) for v in values]
    reader.emit(op, "Concat", *parts, axis=axis)


def gather(op: Operator, reader: Reader) -> None:
    options = op.options("GatherOptions")
    axis, batch_dims = int(options["axis"]), int(options["batch_dims"])
    reader.emit(op, "Gather", *reader.inputs(op)[:2], axis=axis, batch_dims=batch_dims)


def gather_nd(op: Operator, reader: Reader) -> None:
    reader.emit(op, "GatherNd", *reader.inputs(op)[:2])


def embedding_lookup(op: Operator, reader: Reader) -> None:
    """Rows of a table; quantized tables are for real numbers, and become them here."""
    table, quant = reader.value(op, 1), quantization(reader.tensor(op, 1))
    name = table.name
    if quant is not None and reader.output_tensor(op).dtype == "float32":
        scales = quant.scales.reshape(-1, *[1] * (len(table.shape) - 1))
        zeros = quant.zero_points.astype(np.float32).reshape(scales.shape)
        if table.data is None or quant.axis not in (None, 0):
            raise UnsupportedOperator("a quantized table is a constant with scales for its rows")
        real = (table.data.astype(np.float32) - zeros) * scales
        name = reader.new_constant(op, real, "table")
    reader.emit(op, "Gather", name, reader.input(op, 0), axis=0)


def _plain_data(op: Operator, reader: Reader, position: int = 0) -> np.ndarray | None:
    """An input that is known now and is no quantized number."""
    tensor = reader.tensor(op, position)
    return None if quantization(tensor) is not None else reader.known(tensor.index)


def _shape(op: Operator, reader: Reader, position: int = 0) -> Dimensions:
    """The shape of an input, which may be empty or known only now."""
    known = reader.known(reader.tensor(op, position).index)
    return reader.value(op, position).shape if known is None else known.shape


READERS: dict[str, Rule] = {
    "SLICE": slice_,
    "STRIDED_SLICE": strided_slice,
    "REVERSE_V2": reverse,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "UNPACK": unpack,
    "PACK": pack,
    "GATHER": gather,
    "GATHER_ND": gather_nd,
    "EMBEDDING_LOOKUP": embedding_lookup,
}
