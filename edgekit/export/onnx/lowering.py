"""An ONNX model while it grows: nodes, constants, and which layout each value is held in.

ONNX convolutions want channels first, edgekit's graphs have channels last. A value is transposed
where its layout changes and nowhere else, so a plain CNN has one Transpose, at its input.

An int8 value is held as the float32 numbers it stands for: `QuantizeLinear` and then
`DequantizeLinear` after what computes it. Runtimes fuse these pairs into int8 kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from edgekit.errors import UnsupportedOperator, require
from edgekit.ir import Graph, Node, QuantParams, Value
from edgekit.ir.graph import Array

__all__ = ["Layout", "Lowering", "Rule"]

Layout = Literal["last", "first"]
TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


class Lowering:
    """ONNX nodes in the order of execution, with the constants that they read.

    `flattened` holds the (height, width, channels) of values whose features were flattened
    channels first: a Dense that reads one permutes its weight instead of the value.
    """

    def __init__(self, graph: Graph) -> None:
        onnx = require("onnx", extra="onnx")
        self.helper = require("onnx.helper", extra="onnx")
        self.from_array = require("onnx.numpy_helper", extra="onnx").from_array
        kinds = onnx.TensorProto
        self.types: dict[str, int] = {
            "float32": kinds.FLOAT,
            "int32": kinds.INT32,
            "int64": kinds.INT64,
            "bool": kinds.BOOL,
        }
        self.graph = graph
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self.flattened: dict[str, tuple[int, int, int]] = {}
        self._held: dict[tuple[str, Layout], str] = {}
        self._taken = set(graph.values)
        self._node_names: set[str] = set()

    def value(self, name: str | None) -> Value:
        assert name is not None
        return self.graph.value(name)

    def layout(self, names: Sequence[str | None]) -> Layout:
        """Channels first if any of these values is held so, else channels last."""
        return "first" if any((n, "first") in self._held for n in names) else "last"

    def read(self, name: str | None, layout: Layout = "last") -> str:
        """The ONNX tensor that holds a value in this layout; made at the first request."""
        value = self.value(name)
        key = (value.name, layout)
        if key not in self._held:
            if value.is_constant:
                self._held[key] = self._constant_value(value, layout)
            elif value.name in self.graph.entries:
                self._held[key] = self._input(value, layout)
            else:
                self._held[key] = self._moved(value, layout)
        return self._held[key]

    def write(
        self, node: Node, op: str, inputs: Sequence[str], layout: Layout = "last", **attrs: Any
    ) -> None:
        """Emit the last ONNX node of one operator, then its activation and rounding to int8."""
        output = self.value(node.outputs[0])
        last = self.name_in(layout, output)
        activation = node.attrs.get("activation", "none")
        steps = [(op, list(inputs), attrs)]
        if activation == "relu":
            steps.append(("Relu", [], {}))
        elif activation == "relu6":
            bounds = [self.scalar(0.0, "zero"), self.scalar(6.0, "six")]
            steps.append(("Clip", bounds, {}))
        tensor = ""
        for position, (kind, arguments, settings) in enumerate(steps):
            is_last = position == len(steps) - 1 and output.quant is None
            target = last if is_last else self.unique(f"{output.name}/{kind}")
            sources = [tensor, *arguments] if position else arguments
            tensor = self.emit(node, kind, sources, target, **settings)
        if output.quant is not None:
            tensor = self.rounded(node, tensor, last, output.quant, output.dtype)
        self._held[(output.name, layout)] = tensor

    def hold(self, node: Node, tensor: str, layout: Layout) -> None:
        """Say that a tensor which exists already is what this node computes."""
        self._held[(node.outputs[0], layout)] = tensor

    def hold_value(self, name: str, tensor: str) -> None:
        """The same for another output of a node, channels last."""
        self._held[(name, "last")] = tensor

    def give_up(self, node: Node) -> None:
        """Let those that read what this node cannot compute say what is wrong with themselves."""
        for name in node.outputs:
            self._held.setdefault((name, "last"), name)
            if len(self.value(name).shape) == 4:
                self._held.setdefault((name, "first"), name)

    def emit(
        self,
        node: Node,
        op: str,
        inputs: Sequence[str],
        output: str,
        more: Sequence[str] = (),
        **attrs: Any,
    ) -> str:
        """Append one ONNX node under the layer's name and give its output; `more` are others."""
        name = node.name if node.name not in self._node_names else f"{node.name}/{op}"
        count = 0
        while name in self._node_names:
            count += 1
            name = f"{node.name}/{op}_{count}"
        self._node_names.add(name)
        self.nodes.append(
            self.helper.make_node(op, list(inputs), [output, *more], name=name, **attrs)
        )
        return output

    def between(self, node: Node, op: str, inputs: Sequence[str], **attrs: Any) -> str:
        """Emit one of several nodes of a rule; the output's name is made up."""
        return self.emit(node, op, inputs, self.unique(f"{node.outputs[0]}/{op}"), **attrs)

    def rounded(self, node: Node, tensor: str, output: str, quant: QuantParams, dtype: str) -> str:
        """Round a float tensor to the numbers that `dtype` with these scales can hold."""
        scale = self.constant(np.float32(quant.scale[0]), f"{output}/scale")
        zero_point = np.array(quant.zero_point[0], dtype)
        zero = self.constant(zero_point, f"{output}/zero_point")
        stored = self.unique(f"{output}/quantized")
        self.emit(node, "QuantizeLinear", (tensor, scale, zero), stored)
        return self.emit(node, "DequantizeLinear", (stored, scale, zero), output)

    def constant(self, data: Array | np.generic, name: str) -> str:
        """A constant of the ONNX model; its name is made unique."""
        unique = self.unique(name)
        self.initializers[unique] = self.from_array(np.asarray(data, order="C"), unique)
        return unique

    def scalar(self, number: float, name: str) -> str:
        """A float constant that is kept once under its name."""
        name = f"constant/{name}"
        if name not in self.initializers:
            self._taken.add(name)
            self.initializers[name] = self.from_array(np.array(number, np.float32), name)
        return name

    def integers(self, numbers: Sequence[int], name: str) -> str:
        return self.constant(np.array(numbers, np.int64), name)

    def parameter(self, node: Node, position: int, data: Array) -> str:
        """A weight or bias, given as ONNX lays it out: its channels must lie along axis 0.

        Weights of 8 bits and int32 biases stay integers in the file, behind a DequantizeLinear.
        Float activations that meet them are real numbers: ONNX does not round them at run time.
        """
        value = self.value(node.inputs[position])
        name = value.name if value.name not in self.initializers else f"{value.name}/copy"
        quant = self._scales(node, position)
        if quant is None:
            return self._fresh(data, name)
        stored = self._fresh(data, name)
        scale: Array = quant.scales if quant.per_channel else np.array(quant.scale[0], np.float32)
        zero: Array = quant.zero_points.reshape(scale.shape).astype(data.dtype)
        axis = {"axis": 0} if quant.per_channel else {}
        arguments = [
            stored,
            self.constant(scale, f"{stored}/scale"),
            self.constant(zero, f"{stored}/zero_point"),
        ]
        return self.between(node, "DequantizeLinear", arguments, **axis)

    def output_tensors(self) -> list[Any]:
        """Every graph output, channels last and under its own name; what is given or stored, and
        rounded then, is called "NAME/output"."""
        infos = []
        for name in self.graph.outputs:
            tensor = called = self.read(name)
            if tensor != name:
                is_taken = name in self.graph.entries or name in self.initializers
                called = self._named(tensor, self.unique(f"{name}/output") if is_taken else name)
            infos.append(self.tensor_info(name, called))
        return infos

    def memory_tensors(self) -> list[Any]:
        """What each memory becomes, as an output "NAME/next"; its first value becomes a default."""
        infos = []
        for state in self.graph.states:
            initial = self.value(state.initial)
            real = initial.array()
            if initial.quant is not None:
                centered = real.astype(np.float32) - np.float32(initial.quant.zero_point[0])
                real = centered * np.float32(initial.quant.scale[0])
            self.initializers[state.value] = self.from_array(real, state.value)
            output = self._named(self.read(state.next), self.unique(f"{state.value}/next"))
            infos.append(self.tensor_info(state.value, output))
        return infos

    def _named(self, tensor: str, name: str) -> str:
        return self.emit(Node("Identity", (), (name,), {}, name), "Identity", [tensor], name)

    def tensor_info(self, name: str, called: str = "") -> Any:
        """The type of an input or output: float32 for quantized ones, else its own.

        An unknown batch is called "batch". called: the tensor's name, if it is not the value's.
        """
        value = self.value(name)
        shape = ["batch" if d is None else d for d in value.shape]
        element = self.types.get(value.dtype, self.types["float32"])
        return self.helper.make_tensor_value_info(called or name, element, shape)

    def name_in(self, layout: Layout, value: Value) -> str:
        """A value's own name, but for an output of the graph that is held channels first."""
        if layout == "first" and value.name in self.graph.outputs:
            return self.unique(f"{value.name}/channels_first")
        return value.name

    def unique(self, name: str) -> str:
        candidate, count = name, 0
        while candidate in self._taken:
            count += 1
            candidate = f"{name}_{count}"
        self._taken.add(candidate)
        return candidate

    def _fresh(self, data: Array, name: str) -> str:
        """A constant under the graph's own name for it, if no ONNX tensor has that name yet."""
        if name in self.initializers or name not in self.graph.values:
            return self.constant(data, name)
        self.initializers[name] = self.from_array(np.asarray(data, order="C"), name)
        return name

    def _scales(self, node: Node, position: int) -> QuantParams | None:
        """A bias without scales of its own has the products of its input's and its weight's."""
        value = self.value(node.inputs[position])
        if value.quant is not None or value.dtype == "float32":
            return value.quant
        x, weight = self.value(node.inputs[0]).quant, self.value(node.inputs[1]).quant
        if x is None or weight is None:
            raise UnsupportedOperator(f"constant {value.name!r} is {value.dtype} without scales")
        scales = np.float32(x.scale[0]) * weight.scales
        axis = 0 if weight.per_channel else None
        return QuantParams(tuple(float(s) for s in scales), (0,) * len(scales), axis)

    def _constant_value(self, value: Value, layout: Layout) -> str:
        """A constant operand. Channels first, it is given four dimensions to be broadcast."""
        data = value.array()
        if layout == "first":
            data = data.reshape((1,) * (4 - data.ndim) + data.shape).transpose(TO_FIRST)
        if value.quant is None:
            return self._fresh(data, value.name)
        stored = self._fresh(data, value.name)
        scale = self.constant(np.float32(value.quant.scale[0]), f"{stored}/scale")
        zero_point = np.array(value.quant.zero_point[0], value.dtype)
        zero = self.constant(zero_point, f"{stored}/zero_point")
        output = self.unique(f"{stored}/real")
        node = Node("Constant", (), (value.name,), {}, value.name)
        return self.emit(node, "DequantizeLinear", (stored, scale, zero), output)

    def _input(self, value: Value, layout: Layout) -> str:
        """What the caller gives in float32, moved and rounded as the graph wants it."""
        node = Node("Input", (), (value.name,), {}, value.name)
        tensor = value.name
        if layout == "first" and len(value.shape) == 4:
            tensor = self._transposed(node, tensor, TO_FIRST)
        if value.quant is not None:
            output = self.unique(f"{value.name}/{layout}")
            tensor = self.rounded(node, tensor, output, value.quant, value.dtype)
        return tensor

    def _moved(self, value: Value, layout: Layout) -> str:
        """A value that is held in the other layout."""
        if len(value.shape) != 4:
            return self._held[(value.name, "last")]
        source = self._held[(value.name, "last" if layout == "first" else "first")]
        node = Node("Transpose", (), (value.name,), {}, value.name)
        is_output = layout == "last" and value.name in self.graph.outputs
        if is_output:
            return self.emit(node, "Transpose", [source], value.name, perm=TO_LAST)
        return self._transposed(node, source, TO_FIRST if layout == "first" else TO_LAST)

    def _transposed(self, node: Node, tensor: str, perm: tuple[int, ...]) -> str:
        output = self.unique(f"{node.outputs[0]}/Transpose")
        return self.emit(node, "Transpose", [tensor], output, perm=perm)


Rule = Callable[[Node, Lowering], None]
"""Emits the ONNX nodes of one node; UnsupportedOperator says why ONNX cannot express it."""
