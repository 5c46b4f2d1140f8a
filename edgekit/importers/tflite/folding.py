"""What a file's nodes are before the run: constants computed now, lookup tables made."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, QuantParams, Value, attributes, spec
from edgekit.ir.graph import DTYPES, Array
from edgekit.ir.ops import infer_shapes
from edgekit.ir.tables import table_for
from edgekit.ir.validate import node_problems, output_dtypes

__all__ = ["Folding", "check_kind"]

LARGEST_FOLDED = 2**25
MOST_GROWTH = 16
"""Bytes of all constants that are computed while a file is read, which may name any size: so many,
and so many times the file's own, since float16 weights double."""
LARGEST_INPUT = 2**22
"""Bytes of the inputs of a node that is computed now; larger ones wait for the run."""

Values = Mapping[str, Value]


class Folding:
    """Computes constants and tables; counts the bytes of what it computed."""

    def __init__(self, file_size: int) -> None:
        self.most = LARGEST_FOLDED + MOST_GROWTH * file_size
        self.spent = 0

    def spend(self, size: int) -> None:
        self.spent += size
        if self.spent > self.most:
            raise UnsupportedOperator(
                f"more than {self.most} bytes of constants would have to be computed"
            )

    def evaluate(self, node: Node, quant: QuantParams | None, values: Values) -> Array | None:
        """The constant that a node of constants gives; None if it must wait for the run."""
        if quant is not None or None in node.inputs:
            return None
        given = [values[str(name)] for name in node.inputs]
        if any(value.data is None or value.quant is not None for value in given):
            return None
        from edgekit.ir.passes.constants import EVALUATE  # few files have nodes of constants

        attrs = attributes(node)
        if node.op not in EVALUATE or attrs.get("activation", "none") != "none":
            return None
        arrays = [value.array() for value in given]
        if sum(array.nbytes for array in arrays) > LARGEST_INPUT or node_problems(node, given):
            return None
        (shape,) = infer_shapes(spec(node.op), given, attrs)
        (dtype,) = output_dtypes(spec(node.op), given, attrs, 1)
        self.spend(math.prod(d or 1 for d in shape) * DTYPES[dtype].itemsize)
        with np.errstate(all="ignore"):
            data = EVALUATE[node.op](arrays, attrs)
        return np.asarray(data, DTYPES[dtype], order="C")

    def table(
        self, node: Node, quant: QuantParams | None, values: Values, arithmetic: str
    ) -> Array | None:
        """The lookup table of a quantized node; None where it needs none."""
        if not node.inputs or node.inputs[0] is None:
            return None
        first = values[node.inputs[0]]
        if spec(node.op).table_kind(first.dtype) is None:
            return None
        output = Value(node.outputs[0], first.shape, first.dtype, None, quant)
        table = table_for(node, first, output, arithmetic)
        self.spend(table.nbytes)
        return table


def check_kind(node: Node, values: Values) -> None:
    """What the graph's operator cannot take is unsupported here, not wrong in the file."""
    operator = spec(node.op)
    if operator.subgraphs or not node.inputs or node.inputs[0] is None:
        return
    first = values[node.inputs[0]]
    if first.dtype not in operator.dtypes:
        known = ", ".join(operator.dtypes)
        raise UnsupportedOperator(f"{node.op} takes {known}, received {first.dtype}")
