"""Build a graph node by node; shapes and dtypes are inferred and checked at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.errors import EdgekitError, ShapeError

from .graph import Array, AttrValue, Graph, Node, Shape, Value
from .metadata import Metadata
from .ops import infer_shapes, spec
from .quant import QuantParams
from .validate import node_problems, output_dtype, validate

__all__ = ["GraphBuilder"]


class GraphBuilder:
    """Collects inputs, constants and nodes, then gives the validated Graph.

    >>> g = GraphBuilder("tiny")
    >>> x = g.input("x", (None, 3))
    >>> y = g.add("Relu", x, name="activation")
    >>> print(g.finish([y]))
    graph tiny(x:float32[?, 3]):
      activation:float32[?, 3] = Relu(x)
      return activation
    """

    def __init__(self, name: str = "model") -> None:
        self.name = name
        self.values: dict[str, Value] = {}
        self.inputs: list[str] = []
        self.nodes: list[Node] = []

    def input(
        self,
        name: str,
        shape: Shape,
        dtype: str = "float32",
        quant: QuantParams | None = None,
    ) -> str:
        """A value that the caller of the model gives."""
        self._insert(Value(name, tuple(shape), dtype, None, quant))
        self.inputs.append(name)
        return name

    def constant(self, data: Array, name: str, quant: QuantParams | None = None) -> str:
        """A value known now. The name is made unique if it is taken."""
        array = np.asarray(data, order="C")
        unique = self._unique(name)
        self._insert(Value(unique, array.shape, array.dtype.name, array, quant))
        return unique

    def add(
        self,
        op: str,
        *inputs: str | None,
        name: str = "",
        output: str | None = None,
        quant: QuantParams | None = None,
        **attrs: AttrValue,
    ) -> str:
        """Append a node with one output and return the output's name.

        `name` is the user's layer name; the output takes it too unless `output` says otherwise.
        `quant` are the output's parameters; an operator that ties or fixes them fills them in.
        Attributes equal to their defaults are left out. Raises UnsupportedOperator or ShapeError.
        """
        node = Node(op, _trimmed(inputs), (), attrs, name or op.lower())
        missing = [i for i in node.inputs if i is not None and i not in self.values]
        if missing:
            raise ShapeError(f"{op} {node.name!r} reads {missing}, which do not exist yet")
        operator = spec(op)
        values = [None if i is None else self.values[i] for i in node.inputs]
        problems = node_problems(node, values)
        if problems:
            raise ShapeError(f"{op} {node.name!r}: " + "; ".join(problems))
        complete = {key: attrs.get(key, a.default) for key, a in operator.attrs.items()}
        try:
            (shape,) = infer_shapes(operator, values, complete)
        except EdgekitError as error:
            raise ShapeError(f"{op} {node.name!r}: {error}") from error
        first = values[0]
        dtype = output_dtype(operator, values, complete)
        if quant is None and dtype == "int8" and first is not None:
            quant = first.quant if operator.tied else operator.output_quant
        result = self._unique(output or node.name)
        self._insert(Value(result, shape, dtype, None, quant))
        kept = {key: v for key, v in attrs.items() if v != operator.attrs[key].default}
        self.nodes.append(Node(op, node.inputs, (result,), kept, node.name))
        return result

    def finish(self, outputs: Sequence[str], metadata: Metadata | None = None) -> Graph:
        """The graph, validated."""
        graph = Graph(
            tuple(self.inputs),
            tuple(outputs),
            tuple(self.nodes),
            dict(self.values),
            self.name,
            metadata or Metadata(),
        )
        validate(graph)
        return graph

    def _insert(self, value: Value) -> None:
        if value.name in self.values:
            raise ShapeError(f"value {value.name!r} exists already")
        self.values[value.name] = value

    def _unique(self, name: str) -> str:
        candidate, count = name, 0
        while candidate in self.values:
            count += 1
            candidate = f"{name}_{count}"
        return candidate


def _trimmed(inputs: Sequence[str | None]) -> tuple[str | None, ...]:
    """The inputs without the None at the end."""
    kept = list(inputs)
    while kept and kept[-1] is None:
        kept.pop()
    return tuple(kept)
