"""Rules of slices, parts, repeats and rows by index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.frozen import replace
from edgekit.ir import Node, attributes

from .elements import axis_in
from .lowering import TO_FIRST, Layout, Lowering, Rule

__all__ = ["SLICE_RULES"]

FAR = 2**31 - 1


def slice_(node: Node, to: Lowering) -> None:
    attrs, layout = attributes(node), to.layout(node.inputs)
    steps = attrs["steps"] or (1,) * len(attrs["starts"])
    ends = []
    for start, size, step in zip(attrs["starts"], attrs["sizes"], steps, strict=True):
        end = start + size * step
        ends.append(FAR if size == -1 else -FAR if end < 0 else end)
    _slice(node, to, layout, attrs["starts"], ends, steps)


def split(node: Node, to: Lowering) -> None:
    """A slice for each part."""
    attrs, layout = attributes(node), to.layout(node.inputs)
    rank, begin = len(to.value(node.inputs[0]).shape), 0
    for output, size in zip(node.outputs, attrs["sizes"], strict=True):
        starts, ends = [0] * rank, [FAR] * rank
        starts[attrs["axis"]], ends[attrs["axis"]] = begin, begin + size
        _slice(replace(node, outputs=(output,)), to, layout, starts, ends, (1,) * rank)
        begin += size


def _slice(
    node: Node,
    to: Lowering,
    layout: Layout,
    starts: Sequence[int],
    ends: Sequence[int],
    steps: Sequence[int],
) -> None:
    order = TO_FIRST if layout == "first" else range(len(starts))
    numbers = {"starts": starts, "ends": ends, "axes": range(len(starts)), "steps": steps}
    numbers = {what: [line[i] for i in order] for what, line in numbers.items()}
    numbers["axes"] = sorted(numbers["axes"])
    inputs = [to.integers(line, f"{node.name}/{what}") for what, line in numbers.items()]
    to.write(node, "Slice", [to.read(node.inputs[0], layout), *inputs], layout)


def gather(node: Node, to: Lowering) -> None:
    """GatherND knows batches: there the axis must come right after them."""
    attrs, x = attributes(node), to.value(node.inputs[0])
    indices = to.value(node.inputs[1])
    rank, axis, batch = len(x.shape), attrs["axis"] % len(x.shape), attrs["batch_dims"]
    batch = batch + len(indices.shape) if batch < 0 else batch
    if batch == 0:
        inputs = [to.read(x.name), to.read(indices.name)]
        to.write(node, "Gather", inputs, axis=axis)
        return
    outer, inner = list(range(batch, axis)), list(range(axis + 1, rank))
    perm = (*range(batch), axis, *outer, *inner)
    turned = to.between(node, "Transpose", [to.read(x.name)], perm=perm)
    places = to.integers((-1,), f"{node.name}/last")
    deeper = to.between(node, "Unsqueeze", [_wide(node, to), places])
    rows = to.between(node, "GatherND", [turned, deeper], batch_dims=batch)
    chosen = len(indices.shape) - batch
    back = [
        *range(batch),
        *range(batch + chosen, batch + chosen + len(outer)),
        *range(batch, batch + chosen),
        *range(batch + chosen + len(outer), rank - 1 + chosen),
    ]
    to.write(node, "Transpose", [rows], perm=back)


def gather_nd(node: Node, to: Lowering) -> None:
    to.write(node, "GatherND", [to.read(node.inputs[0]), _wide(node, to)])


def scatter_nd(node: Node, to: Lowering) -> None:
    attrs, x = attributes(node), to.value(node.inputs[0])
    reductions = {"add": ("add", 0), "multiply": ("mul", 1), "last": ("none", attrs["fill"])}
    if attrs["combine"] not in reductions:
        raise UnsupportedOperator(
            f"ONNX has no ScatterND that keeps the {attrs['combine']} before opset 18"
        )
    reduction, start = reductions[attrs["combine"]]
    number = to.constant(np.array(start, x.dtype), f"{node.name}/start")
    shape = to.integers(attrs["shape"], f"{node.name}/shape")
    base = to.between(node, "Expand", [number, shape])
    inputs = [base, _wide(node, to), to.read(x.name)]
    to.write(node, "ScatterND", inputs, reduction=reduction)


def _wide(node: Node, to: Lowering) -> str:
    """The indices in int64."""
    name = to.read(node.inputs[1])
    if to.value(node.inputs[1]).dtype == "int64":
        return name
    return to.between(node, "Cast", [name], to=to.types["int64"])


def tile(node: Node, to: Lowering) -> None:
    repeats = to.integers(attributes(node)["repeats"], f"{node.name}/repeats")
    to.write(node, "Tile", [to.read(node.inputs[0]), repeats])


def broadcast_to(node: Node, to: Lowering) -> None:
    """A 1 keeps the dimension that is there."""
    shape = [max(d, 1) for d in attributes(node)["shape"]]
    numbers = to.integers(shape, f"{node.name}/shape")
    to.write(node, "Expand", [to.read(node.inputs[0]), numbers])


def mirror_pad(node: Node, to: Lowering) -> None:
    """Rows by index: ONNX mirrors without the edge only."""
    attrs, layout = attributes(node), to.layout(node.inputs)
    shape, pads = to.value(node.inputs[0]).shape, attrs["pads"]
    tensor = to.read(node.inputs[0], layout)
    sides = [
        (i, pads[2 * i : 2 * i + 2]) for i in range(len(shape)) if any(pads[2 * i : 2 * i + 2])
    ]
    for count, (axis, side) in enumerate(sides, 1):
        places = np.pad(np.arange(shape[axis] or 1), side, mode=attrs["mode"])
        inputs = [tensor, to.integers(places.tolist(), f"{node.name}/places")]
        place = axis_in(layout, axis, len(shape))
        if count < len(sides):
            tensor = to.between(node, "Gather", inputs, axis=place)
        else:
            to.write(node, "Gather", inputs, layout, axis=place)
    if not sides:
        to.write(node, "Identity", [tensor], layout)


SLICE_RULES: dict[str, Rule] = {
    "Slice": slice_,
    "Split": split,
    "Gather": gather,
    "GatherNd": gather_nd,
    "ScatterNd": scatter_nd,
    "Tile": tile,
    "BroadcastTo": broadcast_to,
    "MirrorPad": mirror_pad,
}
