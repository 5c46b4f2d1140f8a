"""A graph while it is read from a subgraph of a TFLite file: tensors by index, nodes by rule.

A rule reads one TFLite operator and gives one or more nodes of the graph:

    def softmax(op: Operator, reader: Reader) -> None:
        beta = float(op.options("SoftmaxOptions")["beta"])
        reader.emit(op, "Softmax", reader.input(op, 0), beta=beta)

`emit` adds the node that computes the operator's own outputs, with the names and scales that the
file gives them; `add` adds a node in between; `bind` says that an output is a value that exists
already, and `know` that it is known now. A node that reads constants alone is computed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgekit.errors import EdgekitError, ModelFormatError, UnsupportedOperator
from edgekit.ir import GraphBuilder, Node, QuantParams, spec
from edgekit.ir.graph import Array, AttrValue
from edgekit.schema.tflite_layout import ActivationFunctionType as Activation

from .file import Operator, Subgraph, Tensor
from .inputs import Inputs, check_kind
from .tensors import must_rescale, quantization

if TYPE_CHECKING:
    from .memories import Memories

__all__ = ["COMPLEX", "Call", "Reader", "Rule"]

COMPLEX = "complex64"

FUSED = {Activation.NONE: "none", Activation.RELU: "relu", Activation.RELU6: "relu6"}
ACTIVATION_NODES = {Activation.RELU: "Relu", Activation.RELU6: "Relu6"}


Call = tuple[int, tuple[object, ...]]
"""A subgraph by its index, and what it is given."""


class Reader(Inputs):
    """One subgraph on its way into `builder`.

    subgraphs: all of the file, for control flow.
    keeps_memories: whether `memories`, which are made when an operator first needs them, are kept
        between calls; a loop's body and a branch have none.
    caller: the reader of the graph whose control flow names this subgraph.
    """

    def __init__(
        self,
        graph: Subgraph,
        builder: GraphBuilder,
        arithmetic: str,
        subgraphs: Sequence[Subgraph] = (),
        caller: Reader | None = None,
        *,
        keeps_memories: bool = False,
    ) -> None:
        if any(tensor.dtype == COMPLEX for tensor in graph.tensors):
            from .spectra import in_real_numbers  # few files have complex numbers

            graph = in_real_numbers(graph)
        super().__init__(graph, builder)
        self.caller = caller
        if caller is not None:
            self._folding = caller._folding
        self.called: dict[Call, str | EdgekitError] = {} if caller is None else caller.called
        """The subgraphs read for control flow by now, or why they cannot be: for all readers."""
        self.arithmetic = arithmetic
        self.subgraphs, self.keeps_memories = subgraphs, keeps_memories
        self.memories: Memories | None = None
        self._tables: dict[tuple[str, bytes], str] = {}
        self._producers: dict[str, Node] = {}
        self._counts: dict[str, int] = dict.fromkeys(self.names, 0)

    def join(self, caller: Reader, outputs: Mapping[int, str]) -> None:
        """Go on in the caller's own graph. `outputs`: names of tensors by index; all others get
        names that are free there."""
        self._tables, self._producers = caller._tables, caller._producers
        self._counts = caller._counts
        self.names = tuple(
            outputs.get(i) or caller.fresh(name) for i, name in enumerate(self.names)
        )

    def emit(
        self,
        op: Operator,
        kind: str,
        *inputs: str | None,
        fused: int = Activation.NONE,
        **attrs: AttrValue,
    ) -> None:
        """Add the node that computes the outputs of `op`.

        fused: the activation that the operator applies to its result. It becomes the node's own
            where the graph's operator has one, and a node behind it elsewhere.
        """
        if fused == Activation.RELU_N1_TO_1:
            between = self.add(op, kind, *inputs, quant=self.output_quant(op), **attrs)
            even = self._ends_evenly(op, kind, inputs, attrs)
            self.emit_clamped(op, between, -1.0, 1.0, even=even)
            return
        first, wanted = self.output_tensor(op), [self.names[i] for i in op.outputs]
        quants = [self.output_quant(op, i) for i in range(len(op.outputs))]
        follower = self._fuse(kind, fused, attrs)
        source = self.builder.values.get(inputs[0] or "") if inputs else None
        if source is not None and spec(kind).tied and must_rescale(source, quants[0]):
            between = self.add(op, kind, *inputs, quant=source.quant, **attrs)
            inputs, attrs, kind = (between,), {"dtype": first.dtype}, "Requantize"
        plain = first.dtype in ("int32", "int64")  # Relu and Relu6 are not for these
        if follower == "Relu6" and (plain or self._ends_evenly(op, kind, inputs, attrs)):
            between = self.add(op, kind, *inputs, quant=quants[0], **attrs)
            self.emit_clamped(op, between, 0.0, 6.0, even=True)
            return
        if follower == "Relu" and plain:
            between = self.add(op, kind, *inputs, quant=None, **attrs)
            zero = self.new_constant(op, np.zeros((), first.dtype), "bound")
            self.emit(op, "Maximum", between, zero)
            return
        if follower is not None:
            between = self.add(op, kind, *inputs, quant=quants[0], **attrs)
            inputs, attrs, kind = (between,), {}, follower
        results = self._append(kind, inputs, op, wanted, quants, attrs)
        if len(results) != len(op.outputs):
            op.record.fail("outputs", f"{len(op.outputs)}, expected {len(results)}")
        for index, result in zip(op.outputs, results, strict=True):
            self.bind_tensor(index, result)
            self._check_dtype(self.graph.tensors[index], result)

    def emit_clamped(
        self, op: Operator, name: str, low: float, high: float, *, even: bool = False
    ) -> None:
        """Give a value, cut at two real numbers, as the output of `op`."""
        from .clamps import bound  # few files cut elsewhere than at their integers' ends

        value = self.builder.values[name]
        ends = [
            self.new_constant(op, bound(value, end, even=even), "bound", value.quant)
            for end in (low, high)
        ]
        above = self.add(op, "Maximum", name, ends[0], quant=value.quant)
        self.emit(op, "Minimum", above, ends[1])

    def emit_one(
        self, op: Operator, position: int, kind: str, *inputs: str | None, **attrs: AttrValue
    ) -> None:
        """Add the node that computes one of several outputs of `op`."""
        index = self.output_tensor(op, position).index
        quants = [self.output_quant(op, position)]
        (result,) = self._append(kind, inputs, op, [self.names[index]], quants, attrs)
        self.bind_tensor(index, result)
        self._check_dtype(self.graph.tensors[index], result)

    def add(
        self,
        op: Operator,
        kind: str,
        *inputs: str | None,
        quant: QuantParams | None = None,
        **attrs: AttrValue,
    ) -> str:
        """Add a node between the nodes of one operator, named after the operator."""
        return self.add_all(op, kind, *inputs, count=1, quant=quant, **attrs)[0]

    def add_all(
        self,
        op: Operator,
        kind: str,
        *inputs: str | None,
        count: int,
        quant: QuantParams | None = None,
        **attrs: AttrValue,
    ) -> tuple[str, ...]:
        """The same with `count` outputs."""
        wanted = [self.fresh(f"{self.layer(op)}/{kind.lower()}") for _ in range(count)]
        return self._append(kind, inputs, op, wanted, [quant] * count, attrs)

    def new_constant(
        self, op: Operator, data: Array, what: str, quant: QuantParams | None = None
    ) -> str:
        """A constant that the file does not have."""
        return self.builder.constant(data, self.fresh(f"{self.layer(op)}/{what}"), quant)

    def bind(self, op: Operator, name: str, position: int = 0) -> None:
        """An output is a value that the graph has already."""
        self.bind_tensor(self.output_tensor(op, position).index, name)

    def bind_tensor(self, index: int, name: str) -> None:
        self._check_unwritten(index)
        self.bound[index] = name

    def know(self, op: Operator, data: Array, position: int = 0) -> None:
        """An output is known now."""
        tensor = self.output_tensor(op, position)
        self._check_unwritten(tensor.index)
        self.spend(data.nbytes)
        self._known[tensor.index] = np.asarray(data, order="C")

    def rescaled(self, op: Operator, name: str, quant: QuantParams | None) -> str:
        """The same integers at the scale that the file gives them elsewhere."""
        value = self.builder.values[name]
        if not must_rescale(value, quant):
            return name
        return self.add(op, "Requantize", name, quant=quant, dtype=value.dtype)

    def layer(self, op: Operator) -> str:
        """The user's layer: the first name of the operator's output, before any that were fused."""
        if not op.outputs:
            return op.code.lower()
        return self.names[op.outputs[0]].split(";")[0] or op.code.lower()

    def fresh(self, name: str) -> str:
        """A name that no tensor and no value has."""
        unique = name
        while unique in self._counts:
            self._counts[name] += 1
            unique = f"{name}_{self._counts[name]}"
        self._counts[unique] = 0
        return unique

    def producer(self, name: str) -> Node | None:
        """The node that computes a value; None for inputs, memories and constants."""
        return self._producers.get(name)

    def _append(
        self,
        kind: str,
        inputs: Sequence[str | None],
        op: Operator,
        names: Sequence[str],
        quants: Sequence[QuantParams | None],
        attrs: dict[str, AttrValue],
    ) -> tuple[str, ...]:
        layer = self.layer(op)
        node = Node(kind, tuple(inputs), tuple(names), attrs, layer)
        check_kind(node, self.builder.values)
        data = self._folding.evaluate(node, quants[0], self.builder.values)
        if data is not None:
            return (self.builder.constant(data, names[0]),)
        inputs = [*inputs, *self._table(node, quants[0])]
        results = self.builder.add_all(
            kind, *inputs, name=layer, outputs=names, quants=quants, **attrs
        )
        self._producers.update(dict.fromkeys(results, self.builder.nodes[-1]))
        return results

    def _table(self, node: Node, quant: QuantParams | None) -> list[str]:
        """The lookup table of a quantized node, one for all nodes that need the same."""
        table = self._folding.table(node, quant, self.builder.values, self.arithmetic)
        if table is None:
            return []
        key = (table.dtype.name, table.tobytes())
        if key not in self._tables:
            self._tables[key] = self.builder.constant(table, self.fresh(f"{node.name}/table"))
        return [self._tables[key]]

    def _fuse(self, kind: str, fused: int, attrs: dict[str, AttrValue]) -> str | None:
        """Make the activation the node's own, or name the operator that must follow."""
        if fused == Activation.NONE:
            return None
        if fused not in FUSED:
            names = Activation.names()
            known = ", ".join(names[number] for number in (*FUSED, Activation.RELU_N1_TO_1))
            name = names.get(fused, f"number {fused}")
            raise UnsupportedOperator(f"the fused activation {name} is none of {known}")
        if "activation" in spec(kind).attrs:
            attrs["activation"] = FUSED[fused]
            return None
        return ACTIVATION_NODES[fused]

    def _ends_evenly(
        self, op: Operator, kind: str, inputs: Sequence[str | None], attrs: dict[str, AttrValue]
    ) -> bool:
        """Whether XNNPACK applies a fused activation: halves of its bounds go to even numbers."""
        from .clamps import is_for_xnnpack  # as in emit_clamped

        values, quant = [self.builder.values[i or ""] for i in inputs[:2]], self.output_quant(op)
        return self.arithmetic == "float32" and is_for_xnnpack(kind, attrs, values, quant)

    def output_quant(self, op: Operator, position: int = 0) -> QuantParams | None:
        return quantization(self.output_tensor(op, position))

    def _check_unwritten(self, index: int) -> None:
        tensor = self.graph.tensors[index]
        if index in self.bound or index in self._known or tensor.is_constant:
            raise ModelFormatError(f"tensor {tensor.name!r} is written twice")

    def _check_dtype(self, tensor: Tensor, name: str) -> None:
        found = self.builder.values[name].dtype
        if found != tensor.dtype:
            raise UnsupportedOperator(f"gives {found}, the file says {tensor.dtype}")


Rule = Callable[[Operator, Reader], None]
"""Reads one operator; UnsupportedOperator says what of it the graph cannot express."""
