"""A TFLite model while it grows: tensors by name and the operators that join them.

A rule turns one node of the graph into one or more TFLite operators through `Lowering.emit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.frozen import Frozen
from edgekit.ir import Graph, Node, QuantParams, Shape, Value
from edgekit.ir.graph import Array

from .versions import LEAST

__all__ = [
    "COMPLEX",
    "RESOURCE",
    "Lowering",
    "Operator",
    "Options",
    "Rule",
    "constant_input",
    "versioned",
]


RESOURCE, COMPLEX = "resource", "complex64"
"""The types of tensors that stand for variables, and of spectra; graphs have no such values."""

Options = tuple[str, Mapping[str, Any]] | bytes


class Operator(Frozen):
    """One TFLite operator: `code` is its name there, `options` the name and fields of a table.

    A custom operator has a name that TFLite's own list does not know, and bytes for options.
    inputs: None stands for one that is left out. intermediates: tensors that only say the scale of
    something inside the operator.
    """

    code: str
    version: int
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    options: Options | None = None
    intermediates: tuple[str, ...] = ()


class Lowering:
    """Tensors in the order of their first use, and operators in the order of execution.

    variables: the tensors that keep their contents from call to call.
    subgraphs: the other graphs of the file, which its operators name by their place: this graph's
        own subgraphs from 1 on, then what else is added. One list serves all of a file's graphs.
    """

    def __init__(self, graph: Graph, within: Lowering | None = None) -> None:
        self.graph = graph
        self.tensors: dict[str, Value] = {}
        self.operators: list[Operator] = []
        self.variables: set[str] = set()
        self.within = within
        self.subgraphs: list[Lowering] = []
        for name in graph.inputs:
            self._use(name)

    def value(self, name: str | None) -> Value:
        """A tensor that exists already, or the graph's value of that name."""
        assert name is not None
        return self.tensors[name] if name in self.tensors else self.graph.value(name)

    def input(self, node: Node, position: int) -> Value:
        return self.value(node.inputs[position])

    def output(self, node: Node) -> Value:
        return self.value(node.outputs[0])

    def constant(self, data: Array, name: str, quant: QuantParams | None = None) -> str:
        """A tensor with these contents that the graph does not have; its name is made unique."""
        array = np.ascontiguousarray(data)
        return self._add(name, array.shape, array.dtype.name, array, quant)

    def integers(self, numbers: Sequence[int], name: str) -> str:
        """An int32 vector: axes, shapes, pads."""
        return self.constant(np.array(numbers, np.int32), name)

    def scalar(self, number: float, dtype: str, name: str) -> str:
        """A number without dimensions, where a kernel takes no vector of one."""
        return self._add(name, (), dtype, np.array(number, dtype), None)

    def between(self, name: str, shape: Shape, like: Value) -> str:
        """A tensor between two operators of one rule, with the dtype and scale of `like`."""
        return self._add(name, shape, like.dtype, None, like.quant)

    def emit(
        self,
        code: str,
        inputs: Sequence[str | None],
        output: str | Sequence[str],
        options: Options | None = None,
        version: int = 1,
        intermediates: Sequence[str] = (),
    ) -> None:
        outputs = (output,) if isinstance(output, str) else tuple(output)
        for name in (*inputs, *outputs):
            if name is not None:
                self._use(name)
        if code in LEAST and inputs:
            version = max(version, LEAST[code].get(self.value(inputs[0]).dtype, 1))
        operator = Operator(code, version, tuple(inputs), outputs, options, tuple(intermediates))
        self.operators.append(operator)

    def place(self, name: str) -> int:
        """The place of a subgraph in the file, by its name in the graph."""
        main = self if self.within is None else self.within
        return 1 + list(main.graph.subgraphs).index(name)

    def handle(self, name: str) -> str:
        """A tensor that stands for a resource variable."""
        return self._add(name, (), RESOURCE, None, None)

    def typed(self, name: str, dtype: str, quant: QuantParams) -> str:
        """A tensor without contents that says a scale and a zero point."""
        return self._add(name, (0,), dtype, None, quant)

    def finish(self) -> None:
        """Add the outputs that no operator computes: inputs and constants passed through."""
        for name in self.graph.outputs:
            self._use(name)

    def _use(self, name: str) -> None:
        if name not in self.tensors:
            self.tensors[name] = self.graph.value(name)

    def _add(
        self, name: str, shape: Shape, dtype: str, data: Array | None, quant: QuantParams | None
    ) -> str:
        unique, count = name, 0
        while unique in self.tensors or unique in self.graph.values:
            count += 1
            unique = f"{name}_{count}"
        self.tensors[unique] = Value(unique, shape, dtype, data, quant)
        return unique


Rule = Callable[[Node, Lowering], None]
"""Emits the operators of one node; UnsupportedOperator says why TFLite cannot express it."""


def versioned(value: Value, many_dimensions: int | None = None, int16: int = 1) -> int:
    """The version of most operators: 1 in float32 and uint8, 2 in int8, others by what is given.

    many_dimensions: the version above four dimensions; int16: the version of that dtype.
    """
    if many_dimensions is not None and len(value.shape) > 4:
        return many_dimensions
    return {"int8": 2, "int16": int16}.get(value.dtype, 1)


def constant_input(node: Node, position: int, to: Lowering) -> Value:
    """An input that TFLite keeps in the file."""
    value = to.input(node, position)
    if not value.is_constant:
        raise UnsupportedOperator(
            f"{value.name!r} is computed by the graph; TFLite runtimes need it as a constant"
        )
    return value
