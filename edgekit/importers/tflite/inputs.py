"""What the operators of a subgraph read: tensors by position, as values, constants or integers.

What is known before the run is computed here: constants of constants, lookup tables.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.ir import GraphBuilder, Node, QuantParams, Value, attributes, spec
from edgekit.ir.graph import DTYPES, Array
from edgekit.ir.ops import infer_shapes
from edgekit.ir.validate import node_problems, output_dtypes

from .file import Operator, Subgraph, Tensor
from .tensors import graph_dtype, quantization, tensor_array

__all__ = ["Folding", "Inputs", "check_kind"]

MOST_INTEGERS = 64  # in an axis list, a shape, pads
LONGEST_NAME = 960  # leaves room for what is put behind a name


LARGEST_FOLDED = 2**25
MOST_GROWTH = 16
"""Bytes of all constants that are computed while a file is read, which may name any size: so many,
and so many times the file's own, since float16 weights double."""
LARGEST_INPUT = 2**22
"""Bytes of the inputs of a node that is computed now; larger ones wait for the run."""

Values = Mapping[str, Value]


class Inputs:
    """The tensors of a subgraph while its graph is built; `Reader` adds what operators give.

    names: the name of each tensor in the graph, by index.
    bound: the value that each tensor is, once it is in the graph.
    file_batch: the batch that the file was written for, whatever it is now.
    """

    def __init__(self, graph: Subgraph, builder: GraphBuilder) -> None:
        self.graph, self.builder = graph, builder
        self.names = unique_names(graph)
        self.bound: dict[int, str] = {}
        first = [graph.tensors[i].shape[:1] for i in graph.inputs[:1]]
        self.file_batch = first[0][0] if first and first[0] else 1
        self._known: dict[int, Array] = {}
        self._folding = Folding(graph.file_size)

    def tensor(self, op: Operator, position: int) -> Tensor:
        """An input as the file describes it."""
        return self.graph.tensors[self._index(op, position)]

    def output_tensor(self, op: Operator, position: int = 0) -> Tensor:
        if position >= len(op.outputs):
            op.record.fail("outputs", f"{op.code} has {len(op.outputs)}, expected more")
        return self.graph.tensors[op.outputs[position]]

    def has(self, op: Operator, position: int) -> bool:
        """Whether an optional input is there."""
        return position < len(op.inputs) and op.inputs[position] >= 0

    def input(self, op: Operator, position: int) -> str:
        """The name of an input in the graph; a constant gets there when it is first read."""
        return self.name_of(self._index(op, position))

    def inputs(self, op: Operator) -> list[str]:
        """The names of all inputs, none of which may be left out."""
        return [self.input(op, position) for position in range(len(op.inputs))]

    def optional(self, op: Operator, position: int) -> str | None:
        return self.input(op, position) if self.has(op, position) else None

    def value(self, op: Operator, position: int) -> Value:
        """An input with its shape, dtype, scale and, if it is a constant, its data."""
        return self.builder.values[self.input(op, position)]

    def constant(self, op: Operator, position: int) -> Array:
        """The data of an input that must be known now: axes, shapes, pads."""
        found = self.known(self._index(op, position))
        if found is None:
            raise UnsupportedOperator(
                f"input {position}, {self.tensor(op, position).name!r}, depends on what the model "
                "is given; it must be a constant"
            )
        return found

    def integers(self, op: Operator, position: int) -> tuple[int, ...]:
        """The same for a short list of integers."""
        found = self.constant(op, position)
        if found.dtype.kind not in "iu" or found.size > MOST_INTEGERS:
            raise UnsupportedOperator(
                f"input {position} must be some integers, received {found.dtype}[{found.size}]"
            )
        return tuple(int(i) for i in found.reshape(-1))

    def integer(self, op: Operator, position: int) -> int:
        """The same for a single one."""
        numbers = self.integers(op, position)
        if len(numbers) != 1:
            raise UnsupportedOperator(
                f"input {position} must be one number, received {len(numbers)}"
            )
        return numbers[0]

    def known(self, index: int) -> Array | None:
        """The data of a tensor if they are known now, else None."""
        if index in self._known:
            return self._known[index]
        if index in self.bound:
            return self.builder.values[self.bound[index]].data
        tensor = self.graph.tensors[index]
        computed = index in self.graph.written or index in self.graph.given
        if computed or not (tensor.is_constant or 0 in tensor.shape):
            return None
        self._known[index] = array = tensor_array(tensor)
        if not np.may_share_memory(array, tensor.data):
            self.spend(array.nbytes)
        return array

    def spend(self, size: int) -> None:
        """Count bytes that are computed from the file; it may ask for any number of them."""
        self._folding.spend(size)

    def name_of(self, index: int) -> str:
        """The value of the graph that a tensor is."""
        if index not in self.bound:
            tensor, data = self.graph.tensors[index], self.known(index)
            if data is None:
                raise ModelFormatError(f"tensor {tensor.name!r} is read before it is computed")
            if 0 in data.shape:
                raise UnsupportedOperator(f"tensor {tensor.name!r} is empty: {list(data.shape)}")
            graph_dtype(tensor)
            quant = quantization(tensor)
            self.bound[index] = self.builder.constant(data, self.names[index], quant)
        return self.bound[index]

    def _index(self, op: Operator, position: int) -> int:
        if not self.has(op, position):
            op.record.fail("inputs", f"{op.code} needs input {position}, received {op.inputs}")
        return op.inputs[position]


def unique_names(graph: Subgraph) -> tuple[str, ...]:
    """A name for each tensor, by index: the file's, made unique, or one where it gives none.

    The first tensor of a name keeps it.
    """
    wanted = [tensor.name[:LONGEST_NAME] or f"tensor_{tensor.index}" for tensor in graph.tensors]
    taken, counts, found = set(wanted), dict.fromkeys(wanted, 0), []
    seen: set[str] = set()
    for name in wanted:
        unique = name
        while unique in seen or (unique != name and unique in taken):
            counts[name] += 1
            unique = f"{name}_{counts[name]}"
        seen.add(unique)
        found.append(unique)
    return tuple(found)


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
        operator = spec(node.op)
        if operator.table_kind(first.dtype) is None:
            return None
        for key, value in node.attrs.items():
            if problem := operator.attrs[key].problem(value):  # tables are made of sound numbers
                raise ModelFormatError(f"attribute {key!r}: {problem}")
        from edgekit.ir.tables import table_for  # not for networks of sums and relu alone

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
