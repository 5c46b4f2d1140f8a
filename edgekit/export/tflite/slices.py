"""Rules of slices, parts and rows by index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, Value, attributes

from .lowering import Lowering, Rule, versioned

__all__ = ["SLICE_RULES"]


def slice_(node: Node, to: Lowering) -> None:
    """Steps need STRIDED_SLICE; where a dimension is walked to its end, a mask says so."""
    x, attrs = to.input(node, 0), attributes(node)
    starts, sizes, steps = attrs["starts"], attrs["sizes"], attrs["steps"]
    begin = to.integers(starts, f"{node.name}/starts")
    if not steps:
        inputs = (x.name, begin, to.integers(sizes, f"{node.name}/sizes"))
        to.emit("SLICE", inputs, node.outputs[0], ("SliceOptions", {}), versioned(x, 5))
        return
    lengths = [size or -1 for size in to.output(node).shape]
    ends = [start + n * step for start, n, step in zip(starts, lengths, steps, strict=True)]
    whole = [i for i, n in enumerate(lengths) if n == -1]
    to_end = [i for i, end in enumerate(ends) if end < 0 or i in whole]
    options = {
        "begin_mask": sum(1 << i for i in whole),
        "end_mask": sum(1 << i for i in to_end),
    }
    numbers = (
        begin,
        to.integers([0 if i in to_end else end for i, end in enumerate(ends)], f"{node.name}/ends"),
        to.integers(steps, f"{node.name}/steps"),
    )
    version = 4 if len(x.shape) > 4 else versioned(x)
    to.emit(
        "STRIDED_SLICE",
        (x.name, *numbers),
        node.outputs[0],
        ("StridedSliceOptions", options),
        version,
    )


def split(node: Node, to: Lowering) -> None:
    x, attrs = to.input(node, 0), attributes(node)
    axis = to.integers([attrs["axis"] % len(x.shape)], f"{node.name}/axis")
    options = ("SplitVOptions", {"num_splits": len(attrs["sizes"])})
    inputs = (x.name, to.integers(attrs["sizes"], f"{node.name}/sizes"), axis)
    to.emit("SPLIT_V", inputs, node.outputs, options, versioned(x))


def gather(node: Node, to: Lowering) -> None:
    x, indices, attrs = to.input(node, 0), to.input(node, 1), attributes(node)
    axis, batch = attrs["axis"] % len(x.shape), attrs["batch_dims"]
    batch = batch + len(indices.shape) if batch < 0 else batch
    options = ("GatherOptions", {"axis": axis, "batch_dims": batch})
    version = 5 if batch else versioned(x)
    to.emit("GATHER", (x.name, indices.name), node.outputs[0], options, version)


def gather_nd(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    inputs = (x.name, to.input(node, 1).name)
    to.emit("GATHER_ND", inputs, node.outputs[0], ("GatherNdOptions", {}))


SEGMENTS = {
    "multiply": ("UNSORTED_SEGMENT_PROD", "UnsortedSegmentProdOptions"),
    "largest": ("UNSORTED_SEGMENT_MAX", "UnsortedSegmentMaxOptions"),
    "smallest": ("UNSORTED_SEGMENT_MIN", "UnsortedSegmentMinOptions"),
}


def scatter_nd(node: Node, to: Lowering) -> None:
    """Sums go to any places; products and ends along the first dimension; others one by one."""
    x, indices, attrs = to.input(node, 0), to.input(node, 1), attributes(node)
    shape, combine, y = attrs["shape"], attrs["combine"], node.outputs[0]
    if combine == "add":
        inputs = (indices.name, x.name, _numbers(shape, indices, f"{node.name}/shape", to))
        to.emit("SCATTER_ND", inputs, y, ("ScatterNdOptions", {}))
        return
    depth = indices.shape[-1]
    if depth != (len(shape) if combine == "last" else 1) or len(indices.shape) != 2:
        raise UnsupportedOperator(
            f"TFLite has no operator that keeps the {combine} of rows at places of {depth} "
            f"dimensions in {list(shape)}"
        )
    if combine == "last":
        sizes = _numbers(shape, indices, f"{node.name}/shape", to)
        fill = to.constant(np.array(attrs["fill"], x.dtype), f"{node.name}/fill")
        options = ("SparseToDenseOptions", {"validate_indices": False})
        version = 2 if x.dtype == "int64" else 1
        to.emit("SPARSE_TO_DENSE", (indices.name, sizes, x.name, fill), y, options, version)
        return
    if x.dtype == "int64":
        raise UnsupportedOperator("LiteRT's kernel takes no int64; it would refuse the file")
    code, table = SEGMENTS[combine]
    name = f"{node.name}/segments"
    if indices.data is not None:
        numbers = to.constant(indices.data.reshape(-1), name)
    else:
        numbers = to.between(name, indices.shape[:1], indices)
        every = to.integers([-1], f"{node.name}/all")
        to.emit("RESHAPE", (indices.name, every), numbers, ("ReshapeOptions", {}))
    count = to.constant(np.array(shape[0], np.int32), f"{node.name}/count")
    to.emit(code, (x.name, numbers, count), y, (table, {}))


def _numbers(numbers: Sequence[int], like: Value, name: str, to: Lowering) -> str:
    """A vector in the dtype of another."""
    return to.constant(np.array(numbers, like.dtype), name)


SLICE_RULES: dict[str, Rule] = {
    "Slice": slice_,
    "Split": split,
    "Gather": gather,
    "GatherNd": gather_nd,
    "ScatterNd": scatter_nd,
}
