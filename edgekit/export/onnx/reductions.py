"""Rules of reductions over axes, and of searches along them."""

from __future__ import annotations

import numpy as np

from edgekit.frozen import replace
from edgekit.ir import Node, attributes

from .elements import axis_in
from .lowering import Layout, Lowering, Rule

__all__ = ["REDUCTION_RULES"]


def reduction(op: str, axes_are_input: bool = False) -> Rule:
    """Over the rows and columns of an image that is held channels first, it may stay so.

    axes_are_input: ONNX moved the axes of ReduceSum before those of its kin.
    """

    def rule(node: Node, to: Lowering) -> None:
        held, x, axes = _reduced(node, to)
        keepdims = int(attributes(node)["keepdims"])
        if not axes:  # which ONNX takes for all of them
            to.write(node, "Identity", [x], held)
        elif axes_are_input:
            inputs = [x, to.integers(axes, f"{node.name}/axes")]
            to.write(node, op, inputs, held, keepdims=keepdims)
        else:
            to.write(node, op, [x], held, axes=axes, keepdims=keepdims)

    return rule


def logical(op: str) -> Rule:
    """Any and all are the largest and the smallest of 0 and 1."""

    def rule(node: Node, to: Lowering) -> None:
        held, x, axes = _reduced(node, to)
        if not axes:  # as above
            to.write(node, "Identity", [x], held)
            return
        keepdims = int(attributes(node)["keepdims"])
        numbers = to.between(node, "Cast", [x], to=to.types["int32"])
        found = to.between(node, op, [numbers], axes=axes, keepdims=keepdims)
        to.write(node, "Cast", [found], held, to=to.types["bool"])

    return rule


def _reduced(node: Node, to: Lowering) -> tuple[Layout, str, list[int]]:
    """How the result is held, the input, and the axes in its layout."""
    attrs = attributes(node)
    rank = len(to.value(node.inputs[0]).shape)
    layout = to.layout(node.inputs)
    over_image = sorted(a % rank for a in attrs["axes"]) == [1, 2]
    if not (attrs["keepdims"] or over_image):
        layout = "last"
    axes = [axis_in(layout, axis, rank) for axis in attrs["axes"]]
    held: Layout = layout if attrs["keepdims"] else "last"
    return held, to.read(node.inputs[0], layout), axes


def position(op: str) -> Rule:
    """ONNX counts in int64; truth values are searched as numbers."""

    def rule(node: Node, to: Lowering) -> None:
        x, attrs = to.read(node.inputs[0]), attributes(node)
        if to.value(node.inputs[0]).dtype == "bool":
            x = to.between(node, "Cast", [x], to=to.types["int32"])
        if attrs["dtype"] == "int64":
            to.write(node, op, [x], axis=attrs["axis"], keepdims=0)
            return
        found = to.between(node, op, [x], axis=attrs["axis"], keepdims=0)
        to.write(node, "Cast", [found], to=to.types["int32"])

    return rule


def cumulative_sum(node: Node, to: Lowering) -> None:
    attrs = attributes(node)
    axis = to.constant(np.int64(attrs["axis"]), f"{node.name}/axis")
    exclusive, reverse = int(attrs["exclusive"]), int(attrs["reverse"])
    inputs = [to.read(node.inputs[0]), axis]
    to.write(node, "CumSum", inputs, exclusive=exclusive, reverse=reverse)


def top_k(node: Node, to: Lowering) -> None:
    inputs = [to.read(node.inputs[0]), to.integers([attributes(node)["k"]], f"{node.name}/k")]
    values, indices = (to.unique(f"{name}/TopK") for name in node.outputs)
    to.emit(node, "TopK", inputs, values, more=[indices], axis=-1)
    to.write(replace(node, outputs=node.outputs[:1]), "Identity", [values])
    to.write(replace(node, outputs=node.outputs[1:]), "Cast", [indices], to=to.types["int32"])


def one_hot(node: Node, to: Lowering) -> None:
    """By comparison: ONNX's own operator counts negative indices from the end."""
    on, off, indices = (to.read(i) for i in node.inputs)
    attrs, rank = attributes(node), len(to.value(node.outputs[0]).shape)
    axis = attrs["axis"] % rank
    dtype = to.value(node.inputs[2]).dtype
    places = np.arange(attrs["depth"], dtype=dtype).reshape((-1, *[1] * (rank - 1 - axis)))
    axes = to.integers([axis], f"{node.name}/axis")
    wanted = to.between(node, "Unsqueeze", [indices, axes])
    hot = to.between(node, "Equal", [wanted, to.constant(places, f"{node.name}/places")])
    to.write(node, "Where", [hot, on, off])


REDUCTION_RULES: dict[str, Rule] = {
    "Mean": reduction("ReduceMean"),
    "Sum": reduction("ReduceSum", axes_are_input=True),
    "ReduceMax": reduction("ReduceMax"),
    "ReduceMin": reduction("ReduceMin"),
    "ReduceProd": reduction("ReduceProd"),
    "ReduceAny": logical("ReduceMax"),
    "ReduceAll": logical("ReduceMin"),
    "ArgMax": position("ArgMax"),
    "ArgMin": position("ArgMin"),
    "CumSum": cumulative_sum,
    "TopK": top_k,
    "OneHot": one_hot,
}
