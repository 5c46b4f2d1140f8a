"""Which dtypes LiteRT has no kernel for, of those that a graph may give an operator."""

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


def check_kernel(node: Node, to: Lowering) -> None:
    """Raise UnsupportedOperator where a runtime would refuse the file."""
    dtype = to.input(node, 0).dtype if node.inputs else ""
    if dtype in MISSING.get(node.op, ()):
        raise UnsupportedOperator(f"LiteRT's kernel takes no {dtype}; it would refuse the file")
    if node.op == "DepthwiseConv2D" and dtype == "int16" and len(node.inputs) > 2:
        bias = to.input(node, 2).dtype
        if bias != "int64":
            raise UnsupportedOperator(
                f"LiteRT's kernel takes a bias of int64 with int16, received {bias}"
            )
