"""Rules of reductions over axes, and of searches along them."""

from __future__ import annotations

import numpy as np

from edgekit.ir import Node, attributes
from edgekit.schema.tflite_layout import TensorType

from .lowering import Lowering, Rule, versioned

__all__ = ["REDUCTION_RULES"]


def reduction(code: str, int16: int = 3) -> Rule:
    """int16: the version that has this dtype."""

    def rule(node: Node, to: Lowering) -> None:
        x, attrs = to.input(node, 0), attributes(node)
        axes = sorted({axis % len(x.shape) for axis in attrs["axes"]})
        options = ("ReducerOptions", {"keep_dims": attrs["keepdims"]})
        inputs = (x.name, to.integers(axes, f"{node.name}/axes"))
        to.emit(code, inputs, node.outputs[0], options, versioned(x, int16=int16))

    return rule


def position(code: str, options: str) -> Rule:
    def rule(node: Node, to: Lowering) -> None:
        x, attrs = to.input(node, 0), attributes(node)
        axis = attrs["axis"] % len(x.shape)
        inputs = (x.name, _number(axis, f"{node.name}/axis", to))
        dtype = TensorType.by_name()[attrs["dtype"].upper()]
        version = 3 if x.dtype == "bool" else versioned(x)
        to.emit(code, inputs, node.outputs[0], (options, {"output_type": dtype}), version)

    return rule


def cumulative_sum(node: Node, to: Lowering) -> None:
    x, attrs = to.input(node, 0), attributes(node)
    inputs = (x.name, _number(attrs["axis"] % len(x.shape), f"{node.name}/axis", to))
    options = {"exclusive": attrs["exclusive"], "reverse": attrs["reverse"]}
    to.emit("CUMSUM", inputs, node.outputs[0], ("CumsumOptions", options))


def top_k(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    inputs = (x.name, _number(attributes(node)["k"], f"{node.name}/k", to))
    to.emit("TOPK_V2", inputs, node.outputs, ("TopKV2Options", {}), versioned(x))


def one_hot(node: Node, to: Lowering) -> None:
    """TFLite has the indices first, then the depth, then what stands where, and elsewhere."""
    on, off, indices = (to.input(node, i).name for i in range(3))
    attrs = attributes(node)
    depth = _number(attrs["depth"], f"{node.name}/depth", to)
    rank = len(to.output(node).shape)
    axis = attrs["axis"] % rank
    options = ("OneHotOptions", {"axis": -1 if axis == rank - 1 else axis})
    to.emit("ONE_HOT", (indices, depth, on, off), node.outputs[0], options)


def _number(number: int, name: str, to: Lowering) -> str:
    return to.constant(np.array(number, np.int32), name)


REDUCTION_RULES: dict[str, Rule] = {
    "Mean": reduction("MEAN"),
    "Sum": reduction("SUM", int16=1),
    "ReduceMax": reduction("REDUCE_MAX"),
    "ReduceMin": reduction("REDUCE_MIN"),
    "ReduceProd": reduction("REDUCE_PROD", int16=2),
    "ReduceAny": reduction("REDUCE_ANY"),
    "ReduceAll": reduction("REDUCE_ALL"),
    "ArgMax": position("ARG_MAX", "ArgMaxOptions"),
    "ArgMin": position("ARG_MIN", "ArgMinOptions"),
    "CumSum": cumulative_sum,
    "TopK": top_k,
    "OneHot": one_hot,
}
