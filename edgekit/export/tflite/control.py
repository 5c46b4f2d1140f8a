"""If and While: operators that name other graphs of the file by their place."""

from __future__ import annotations

from edgekit.ir import Node, attributes

from .lowering import Lowering, Options, Rule

__all__ = ["CONTROL_RULES"]


def if_(node: Node, to: Lowering) -> None:
    attrs = attributes(node)
    options = {
        "then_subgraph_index": to.place(attrs["then_branch"]),
        "else_subgraph_index": to.place(attrs["else_branch"]),
    }
    to.emit("IF", node.inputs, node.outputs, ("IfOptions", options))


def while_(node: Node, to: Lowering) -> None:
    attrs = attributes(node)
    options = {
        "cond_subgraph_index": to.place(attrs["condition"]),
        "body_subgraph_index": to.place(attrs["body"]),
    }
    to.emit("WHILE", node.inputs, node.outputs, ("WhileOptions", options))


def update_slice(node: Node, to: Lowering) -> None:
    options: Options = ("DynamicUpdateSliceOptions", {})
    wide = to.input(node, 2).dtype == "int64"
    to.emit("DYNAMIC_UPDATE_SLICE", node.inputs, node.outputs[0], options, 2 if wide else 1)


CONTROL_RULES: dict[str, Rule] = {"If": if_, "While": while_, "UpdateSlice": update_slice}
