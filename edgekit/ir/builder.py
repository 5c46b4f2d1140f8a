"""Build a graph node by node; shapes and dtypes are inferred and checked at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgekit.errors import EdgekitError, ShapeError
from edgekit.frozen import replace

from .graph import DTYPE_NAMES, Array, AttrValue, Graph, Metadata, Node, Shape, State, Value
from .ops import OpSpec, attributes, infer_shapes, spec
from .quant import QuantParams
from .validate import node_problems, output_dtypes, validate

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

    def __init__(self, name: str = "model", within: GraphBuilder | None = None) -> None:
        """`within`: the builder of the graph that this one is to be a subgraph of."""
        self.name = name
        self.within = within
        self.values: dict[str, Value] = {}
        self.inputs: list[str] = []
        self.nodes: list[Node] = []
        self.states: list[State] = []
        self.subgraphs: dict[str, Graph] = {} if within is None else within.subgraphs

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
        dtype = DTYPE_NAMES.get(array.dtype) or array.dtype.name
        self._insert(Value(unique, array.shape, dtype, array, quant))
        return unique

    def state(self, name: str, initial: Array, quant: QuantParams | None = None) -> str:
        """A memory kept between calls; `keep` says what becomes of it."""
        constant = self.constant(initial, f"{name}/initial", quant)
        value = self.values[constant]
        self._insert(Value(name, value.shape, value.dtype, None, quant))
        self.states.append(State(name, constant, name))
        return name

    def keep(self, next: str, state: str) -> None:
        """At the end of a call, the memory `state` becomes the value `next`."""
        self.states = [replace(s, next=next) if s.value == state else s for s in self.states]

    def subgraph(self, name: str, graph: Graph) -> str:
        """A graph that If and While nodes can name; the name is made unique if it is taken."""
        unique = _free(name, self.subgraphs)
        self.subgraphs[unique] = graph
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
        outputs = None if output is None else [output]
        (result,) = self.add_all(op, *inputs, name=name, outputs=outputs, quants=[quant], **attrs)
        return result

    def add_all(
        self,
        op: str,
        *inputs: str | None,
        name: str = "",
        outputs: Sequence[str] | None = None,
        quants: Sequence[QuantParams | None] | None = None,
        **attrs: AttrValue,
    ) -> tuple[str, ...]:
        """Append a node with any number of outputs and return their names, as `add` does for one.

        Further outputs take the layer's name with /1, /2 ... behind it.
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
        made = self._made(operator, node, values, quants)
        wanted = outputs or [node.name, *(f"{node.name}/{i}" for i in range(1, len(made)))]
        if len(wanted) != len(made) or len(quants or made) != len(made):
            raise ShapeError(f"{op} {node.name!r} gives {len(made)} outputs, not {len(wanted)}")
        results = tuple(self._unique(result) for result in wanted)
        for result, (shape, dtype, quant) in zip(results, made, strict=True):
            self._insert(Value(result, shape, dtype, None, quant))
        kept = {key: v for key, v in attrs.items() if v != operator.attrs[key].default}
        self.nodes.append(Node(op, node.inputs, results, kept, node.name))
        return results

    def _made(
        self,
        operator: OpSpec,
        node: Node,
        inputs: Sequence[Value | None],
        quants: Sequence[QuantParams | None] | None,
    ) -> list[tuple[Shape, str, QuantParams | None]]:
        """Shape, dtype and scales of each output."""
        if operator.subgraphs:
            from .control import control_results  # few graphs have any

            like = control_results(self.subgraphs, node)
            return [(value.shape, value.dtype, value.quant) for value in like]
        attrs = attributes(node)
        try:
            shapes = infer_shapes(operator, inputs, attrs)
        except EdgekitError as error:
            raise ShapeError(f"{node.op} {node.name!r}: {error}") from error
        dtypes = output_dtypes(operator, inputs, attrs, len(shapes))
        given = quants or [None] * len(shapes)
        return [
            (shape, dtype, quant or _implied_quant(operator, inputs, dtype))
            for shape, dtype, quant in zip(shapes, dtypes, given, strict=False)
        ]

    def finish(self, outputs: Sequence[str], metadata: Metadata | None = None) -> Graph:
        """The graph, validated."""
        graph = Graph(
            tuple(self.inputs),
            tuple(outputs),
            tuple(self.nodes),
            dict(self.values),
            self.name,
            metadata or Metadata(),
            tuple(self.states),
            dict(self.subgraphs) if self.within is None else {},
        )
        validate(graph, within=None if self.within is None else self.subgraphs, inferred=True)
        return graph

    def _insert(self, value: Value) -> None:
        if value.name in self.values:
            raise ShapeError(f"value {value.name!r} exists already")
        self.values[value.name] = value

    def _unique(self, name: str) -> str:
        return _free(name, self.values)


def _implied_quant(
    operator: OpSpec, inputs: Sequence[Value | None], dtype: str
) -> QuantParams | None:
    """The parameters of an output that its operator ties to its input or fixes."""
    first = inputs[0]
    if first is None or dtype not in ("int8", "uint8", "int16"):
        return None
    if operator.tied:
        return first.quant
    return operator.fixed_quant(dtype)


def _free(name: str, taken: Mapping[str, object]) -> str:
    """`name`, with a number behind it if it is taken."""
    candidate, count = name, 0
    while candidate in taken:
        count += 1
        candidate = f"{name}_{count}"
    return candidate


def _trimmed(inputs: Sequence[str | None]) -> tuple[str | None, ...]:
    """The inputs without the None at the end."""
    kept = list(inputs)
    while kept and kept[-1] is None:
        kept.pop()
    return tuple(kept)
