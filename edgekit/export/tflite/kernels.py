"""What LiteRT has no kernel for, of what a graph may give an operator: dtypes and scales."""

from __future__ import annotations

from collections.abc import Mapping

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node

from .lowering import Lowering

__all__ = ["check_kernel"]

MISSING: Mapping[str, tuple[str, ...]] = {
    "ArgMax": ("int16", "int64"),
    "ArgMin": ("int16", "int64"),
    "DepthToSpace": ("int16", "bool"),
    "FloorDiv": ("int64",),
    "OneHot": ("int16",),
    "SpaceToDepth": ("int16", "bool"),
    "Split": ("bool",),
}
"""Operator -> dtypes of its first input (ai-edge-litert 2.3.0; the tests try all others)."""


WEIGHTED = ("Conv2D", "DepthwiseConv2D", "TransposeConv2D", "Dense")
LARGEST_RATIO = 2.0**8
"""Of the scale of products to that of the output, in XNNPACK; reference kernels take any."""


def check_kernel(node: Node, to: Lowering) -> None:
    """Raise UnsupportedOperator where a runtime would refuse the file."""
    dtype = to.input(node, 0).dtype if node.inputs else ""
    if dtype in MISSING.get(node.op, ()):
        raise UnsupportedOperator(f"LiteRT's kernel takes no {dtype}; it would refuse the file")
    if node.op in WEIGHTED and dtype in ("int8", "uint8"):
        _check_ratio(node, to)
    if node.op == "DepthwiseConv2D" and dtype == "int16" and len(node.inputs) > 2:
        bias = to.input(node, 2).dtype
        if bias != "int64":
            raise UnsupportedOperator(
                f"LiteRT's kernel takes a bias of int64 with int16, received {bias}"
            )


def _check_ratio(node: Node, to: Lowering) -> None:
    x, weight, y = to.input(node, 0).quant, to.input(node, 1).quant, to.output(node).quant
    if x is None or weight is None or y is None or to.graph.metadata.arithmetic != "float32":
        return
    ratio = float((x.scales * weight.scales / y.scales).max())
    if ratio >= LARGEST_RATIO:
        raise UnsupportedOperator(
            f"the scale of its products is {ratio:.4g} times that of its output; LiteRT's default "
            f"runtime takes less than {LARGEST_RATIO:g} (a graph of arithmetic 'fixedpoint', for "
            "its reference kernels, may have any)"
        )
