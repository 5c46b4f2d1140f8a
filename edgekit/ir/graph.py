"""The graph, and what is known of a model beside it (`Metadata`): frozen data that every room of
edgekit reads and none changes in place.

A Graph holds its nodes in an order in which they can run. Values are known by name; a value with
`data` is a constant. Activations are NHWC; only the first dimension may be unknown (None).
`print(graph)` gives a listing that tests compare and people read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgekit.frozen import NOTHING, Frozen, replace

from .quant import QuantParams

__all__ = [
    "ARITHMETICS",
    "DTYPES",
    "DTYPE_NAMES",
    "Accuracy",
    "Array",
    "AttrValue",
    "Graph",
    "Metadata",
    "Node",
    "Preprocessing",
    "Shape",
    "State",
    "TestVector",
    "Value",
]

Array = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int | None, ...]
AttrValue = bool | int | float | str | tuple[int, ...] | tuple[float, ...]

DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(name) for name in ("float32", "int8", "uint8", "int16", "int32", "int64", "bool")
}
"""The dtypes a value can have, by their numpy names; all little-endian in files."""

DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}
"""The names by dtype: numpy puts `dtype.name` together anew each time."""

ARITHMETICS = ("float32", "fixedpoint")
"""The roundings an int8 model can be made for; `interpreter/arithmetic.py` gives the formulas."""


class Value(Frozen, eq=False):
    """A tensor of the graph: an input, a constant (`data` is set) or what a node computes."""

    name: str
    shape: Shape
    dtype: str
    data: Array | None = None
    quant: QuantParams | None = None

    @property
    def is_constant(self) -> bool:
        return self.data is not None

    @property
    def elements(self) -> int:
        """The number of elements of one sample: an unknown first dimension counts as 1."""
        return math.prod([1 if d is None else d for d in self.shape])  # a list is made faster

    def array(self) -> Array:
        """The data of a constant."""
        if self.data is None:
            raise ValueError(f"value {self.name!r} is not a constant")
        return self.data

    def __str__(self) -> str:
        dims = ", ".join("?" if d is None else str(d) for d in self.shape)
        quant = f" {self.quant}" if self.quant else ""
        return f"{self.name}:{self.dtype}[{dims}]{quant}"


class Node(Frozen):
    """One operator applied to values. `name` is the user's own layer name.

    `inputs` follow the order of the operator's specification; an optional input that is left out
    is None in the middle and absent at the end. `attrs` hold what differs from the defaults; read
    them through `ir.ops.attributes(node)`, which fills in the rest.
    """

    op: str
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, AttrValue] = NOTHING
    name: str = ""

    def __str__(self) -> str:
        arguments = [i if i is not None else "-" for i in self.inputs]
        arguments += [f"{key}={value!r}" for key, value in sorted(self.attrs.items())]
        return f"{self.op}({', '.join(arguments)})"


class State(Frozen):
    """A memory that a model keeps between calls, as streaming models do.

    `value` is read like an input: it is the constant `initial` at the first call, and at every
    other what `next` was at the end of the call before.
    """

    value: str
    initial: str
    next: str


class Preprocessing(Frozen):
    """How a raw input (image pixels 0..255) becomes the model's real input: `(raw - mean) / std`.

    One number, or one per channel of the last dimension.
    """

    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)


class Accuracy(Frozen):
    """What was measured at conversion, on the arithmetic that the device runs.

    `metric` names the figure ("accuracy": a fraction from 0 to 1, higher is better).
    """

    metric: str
    float_value: float
    int8_value: float
    samples: int
    max_drop: float | None = None


class TestVector(Frozen, eq=False):
    """Inputs, the outputs they must give, and the CRC-32 of every activation on the way.

    Arrays are in the dtypes of the graph, with the batch dimension; checksums are over the
    C-ordered little-endian bytes.
    """

    __test__ = False  # the name is the field's own; this is not a test class

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    checksums: Mapping[str, int]


class Metadata(Frozen):
    """Everything about a model that is not its graph."""

    arithmetic: str = "float32"
    signature: str = "serving_default"
    labels: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None
    provenance: Mapping[str, str] = NOTHING
    accuracy: Accuracy | None = None
    test_vectors: tuple[TestVector, ...] = ()


class Graph(Frozen):
    """A network: `inputs` and `outputs` are names, `values` holds every value by its name.

    `subgraphs` are the graphs that If and While nodes name, wherever those nodes stand: in this
    graph or in one of them. A subgraph sees its inputs alone, and has neither memories nor
    subgraphs of its own.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    values: Mapping[str, Value]
    name: str = "model"
    metadata: Metadata = Metadata()
    states: tuple[State, ...] = ()
    subgraphs: Mapping[str, Graph] = NOTHING

    @property
    def entries(self) -> tuple[str, ...]:
        """The activations that are there before the first node runs: inputs and memories."""
        return (*self.inputs, *(state.value for state in self.states))

    @property
    def exits(self) -> tuple[str, ...]:
        """The values that are read after the last node: outputs and what memories become."""
        return (*self.outputs, *(state.next for state in self.states))

    def value(self, name: str) -> Value:
        return self.values[name]

    def constants(self) -> list[Value]:
        return [value for value in self.values.values() if value.is_constant]

    def activations(self) -> list[Value]:
        """Inputs and memories, then what nodes compute, in the order in which they come to be."""
        names = [*self.entries, *(output for node in self.nodes for output in node.outputs)]
        return [self.values[name] for name in names]

    def producers(self) -> dict[str, Node]:
        """The node that computes each value that is neither an input nor a constant."""
        return {output: node for node in self.nodes for output in node.outputs}

    def consumers(self) -> dict[str, list[Node]]:
        """The nodes that read each value, once per node.

        What is read after the last node has one reader more, which is not listed here:
        ask `name in graph.exits` too before changing or removing a value.
        """
        readers: dict[str, list[Node]] = {name: [] for name in self.values}
        for node in self.nodes:
            for name in dict.fromkeys(i for i in node.inputs if i is not None):
                readers[name].append(node)
        return readers

    def with_nodes(
        self,
        nodes: Sequence[Node],
        new_values: Sequence[Value] = (),
        *,
        outputs: Sequence[str] | None = None,
    ) -> Graph:
        """This graph with other nodes; `new_values` are added (or replace their namesakes)."""
        values = {**self.values, **{value.name: value for value in new_values}}
        return replace(
            self,
            nodes=tuple(nodes),
            values=values,
            outputs=self.outputs if outputs is None else tuple(outputs),
        )

    def with_metadata(self, **changes: Any) -> Graph:
        return replace(self, metadata=replace(self.metadata, **changes))

    def __str__(self) -> str:
        lines = [f"graph {self.name}({', '.join(str(self.values[i]) for i in self.inputs)}):"]
        for node in self.nodes:
            results = ", ".join(str(self.values[o]) for o in node.outputs)
            lines.append(f"  {results} = {node}")
        for state in self.states:
            lines.append(f"  keep {state.next} as {state.value}, at first {state.initial}")
        lines.append(f"  return {', '.join(self.outputs)}")
        for name, subgraph in self.subgraphs.items():
            lines += ["", f"sub{replace(subgraph, name=name)}"]
        return "\n".join(lines)
