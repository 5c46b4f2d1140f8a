"""The rewriting of a float graph into an int8 graph, node by node, by given parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgekit.frozen import Frozen, replace
from edgekit.ir import Graph, Node, QuantParams, State, Value, per_tensor, spec
from edgekit.ir.graph import Array

from .parameters import Parameters
from .recurrent import GATES, gate_params, position, quantize_cell
from .scales import (
    activation_params,
    quantize_bias,
    quantize_constant,
    quantize_weight,
    weight_params,
)

__all__ = ["Rewritten", "rewrite"]


class Rewritten(Frozen):
    """The int8 graph, and lines for the report."""

    graph: Graph
    notes: Sequence[str]


def rewrite(graph: Graph, parameters: Parameters, float_outputs: Mapping[str, str]) -> Rewritten:
    """Every node but those of `float_outputs` in int8; Quantize and Dequantize where they meet.

    Names are kept: a value keeps its name in int8 (with `_float`, its copy for readers in float),
    and so do weights and biases. An input of the graph stays float32 where only float nodes read
    it, an output where a float node computes it; `float_outputs` say which memories do. Lookup
    tables are not stored yet.
    """
    writer = _Writer(graph, parameters, float_outputs)
    for name in graph.inputs:
        writer.add_input(name)
    for state in graph.states:
        writer.add_memory(state)
    for node in graph.nodes:
        if node.outputs[0] in float_outputs:
            writer.add_float(node)
        elif node.op == "Lstm":
            writer.add_lstm(node)
        else:
            writer.add_int8(node)
    return Rewritten(writer.finish(), tuple(writer.notes))


class _Writer:
    """The graph under construction. `values` hold the new values, `nodes` the new nodes."""

    def __init__(
        self, graph: Graph, parameters: Parameters, float_outputs: Mapping[str, str]
    ) -> None:
        self.graph, self.parameters, self.float_outputs = graph, parameters, float_outputs
        self.values: dict[str, Value] = {}
        self.nodes: list[Node] = []
        self.notes: list[str] = []
        # By value name of the float graph: what holds it now in either form.
        self.int8_names: dict[str, str] = {}
        self.float_names: dict[str, str] = {}
        self.constants: dict[tuple[str, QuantParams], str] = {}

    def add_input(self, name: str) -> None:
        readers = self.graph.consumers()[name]
        in_float = [node for node in readers if node.outputs[0] in self.float_outputs]
        value = self.graph.value(name)
        if value.dtype != "float32" or (in_float and len(in_float) == len(readers)):
            self.values[name] = value
            self.float_names[name] = name
            self.notes.append(f"input {name!r} stays {value.dtype}: its readers stay in float")
        else:
            quant = self.parameters.quant[name]
            self.values[name] = replace(value, dtype="int8", quant=quant)
            self.int8_names[name] = name

    def add_memory(self, state: State) -> None:
        name = state.value
        if name in self.float_outputs:
            self.values[name] = self.graph.value(name)
            self.float_names[name] = name
        else:
            quant = self.parameters.quant[name]
            self.values[name] = replace(self.graph.value(name), dtype="int8", quant=quant)
            self.int8_names[name] = name

    def add_float(self, node: Node) -> None:
        inputs = tuple(None if i is None else self._as_float(i) for i in node.inputs)
        for output in node.outputs:
            value = self.graph.value(output)
            self.values[output] = value
            self.float_names[output] = output
            if output in self.graph.outputs:
                reason = self.float_outputs[output]
                self.notes.append(f"output {output!r} stays {value.dtype}: {reason}")
        self.nodes.append(replace(node, inputs=inputs))

    def add_int8(self, node: Node) -> None:
        quants = {output: self.parameters.quant[output] for output in node.outputs}
        own = {**quants, **{o: q for o, q in self.parameters.fixed.items() if o in quants}}
        inputs = tuple(self._int8_inputs(node, own[node.outputs[0]]))
        outputs, carried = [], []
        for output, quant in quants.items():
            value = self.graph.value(output)
            self.values[output] = replace(value, dtype="int8", quant=quant)
            self.int8_names[output] = output
            if own[output] != quant:
                # The readers' form takes the value's name: it may be an output of the graph.
                raw = self._unique(f"{output}_fixed")
                self.values[raw] = Value(raw, value.shape, "int8", None, own[output])
                carried.append(Node("Requantize", (raw,), (output,), {}, node.name))
                output = raw
            outputs.append(output)
        self.nodes += [replace(node, inputs=inputs, outputs=tuple(outputs)), *carried]

    def add_lstm(self, node: Node) -> None:
        """An Lstm with int8 activations and weights, and a cell of 16 bits."""
        y, hidden, cell = node.outputs
        quant, cell_quant = self.parameters.quant[y], self.parameters.quant[cell]
        x = self._as_int8(str(node.inputs[0]))
        input_quant = self.values[x].quant
        assert input_quant is not None
        inputs = list(node.inputs)
        inputs[0] = x
        for gate in GATES:
            for heard in ("input", "recurrent"):
                place = position(f"{heard}_to_{gate}")
                weight = self.graph.value(str(node.inputs[place]))
                inputs[place] = self._weight(weight, gate_params(weight.array()))
            place, scale = position(f"{gate}_bias"), input_quant.scale[0]
            bias = self.graph.value(str(node.inputs[place]))
            weight = self.graph.value(str(node.inputs[position(f"input_to_{gate}")]))
            params = gate_params(weight.array())
            steps, _ = quantize_bias(bias.array(), scale, params)
            product = float(np.float32(scale) * np.float32(params.scale[0]))
            inputs[place] = self._stored(bias.name, steps, per_tensor(product))
        begin = self.graph.value(str(node.inputs[position("hidden")]))
        inputs[position("hidden")] = self._constant(begin, quant)
        begin = self.graph.value(str(node.inputs[position("cell")]))
        steps16 = quantize_cell(begin.array(), cell_quant)
        inputs[position("cell")] = self._stored(begin.name, steps16, cell_quant)
        for name, dtype, own in ((y, "int8", quant), (hidden, "int8", quant)):
            self.values[name] = replace(self.graph.value(name), dtype=dtype, quant=own)
        self.values[cell] = replace(self.graph.value(cell), dtype="int16", quant=cell_quant)
        self.int8_names[y] = y
        attrs = {
            **node.attrs,
            "hidden_scale": quant.scale[0],
            "hidden_zero_point": quant.zero_point[0],
        }
        self.nodes.append(replace(node, inputs=tuple(inputs), attrs=attrs))

    def finish(self) -> Graph:
        for name in self.graph.outputs:
            if name not in self.values:  # an output that is a constant
                self.values[name] = self.graph.value(name)
        states = tuple(self._moved_on(state) for state in self.graph.states)
        return replace(self.graph, nodes=tuple(self.nodes), values=self.values, states=states)

    def _moved_on(self, state: State) -> State:
        """A memory with its beginning and what it becomes in the memory's own form."""
        if state.value in self.float_outputs:
            return State(state.value, self._as_float(state.initial), self._as_float(state.next))
        quant = self.parameters.quant[state.value]
        begin, end = (self._in(quant, name) for name in (state.initial, state.next))
        return State(state.value, begin, end)

    def _in(self, quant: QuantParams, name: str) -> str:
        """The int8 form of a constant in a given scale, or of an activation that has it."""
        value = self.graph.value(name)
        return self._constant(value, quant) if value.is_constant else self._as_int8(name)

    def _int8_inputs(self, node: Node, output_quant: QuantParams) -> list[str | None]:
        operator = spec(node.op)
        if operator.weight_axis is not None:
            return self._with_weight(node, operator.weight_axis)
        names: list[str | None] = []
        for name in node.inputs:
            assert name is not None  # only biases may be left out, and those have weights
            value = self.graph.value(name)
            if value.dtype != "float32":  # positions
                names.append(self._as_float(name))
            elif not value.is_constant:
                names.append(self._as_int8(name))
            elif operator.tied:
                names.append(self._constant(value, output_quant))
            else:
                data = value.array()
                quant = activation_params(float(data.min()), float(data.max()))
                names.append(self._constant(value, quant))
        return names

    def _with_weight(self, node: Node, axis: int) -> list[str | None]:
        """The inputs of a node with a weight: int8 activation, int8 weight, int32 bias."""
        x, weight_name, bias_name = (*node.inputs, None)[:3]
        assert x is not None and weight_name is not None
        x = self._as_int8(x)
        input_quant = self.values[x].quant
        assert input_quant is not None
        input_scale = input_quant.scale[0]
        weight = self.graph.value(weight_name)
        bias = None if bias_name is None else self.graph.value(bias_name).array()
        quant, raised = weight_params(weight.array(), axis, bias, input_scale)
        names: list[str | None] = [x, self._weight(weight, quant)]
        if raised:
            self.notes.append(
                f"layer {node.name!r}: the bias is far larger than the weights in channels "
                f"{_listed(raised)}; their weight scale was raised so that it fits int32"
            )
        if bias_name is not None and bias is not None:
            steps, clamped = quantize_bias(bias, input_scale, quant)
            scales = np.asarray(np.float32(input_scale) * quant.scales, np.float32)
            bias_quant = QuantParams(tuple(scales.tolist()), (0,) * len(scales), 0)
            names.append(self._stored(bias_name, steps, bias_quant))
            if clamped:
                self.notes.append(
                    f"layer {node.name!r}: the bias was clamped in channels {_listed(clamped)}"
                )
        return names

    def _weight(self, weight: Value, quant: QuantParams) -> str:
        return self._stored(weight.name, quantize_weight(weight.array(), quant), quant)

    def _constant(self, value: Value, quant: QuantParams) -> str:
        return self._stored(value.name, quantize_constant(value.array(), quant), quant)

    def _stored(self, name: str, data: Array, quant: QuantParams) -> str:
        """A constant under its old name; a second scale of the same constant is a second copy."""
        key = (name, quant)
        if key not in self.constants:
            unique = self._unique(name) if name in self.values else name
            self.values[unique] = Value(unique, data.shape, data.dtype.name, data, quant)
            self.constants[key] = unique
        return self.constants[key]

    def _as_int8(self, name: str) -> str:
        """The int8 form of an activation; a float one is quantized once for all its readers."""
        if name not in self.int8_names:
            value, quant = self.graph.value(name), self.parameters.quant[name]
            copy = self._unique(f"{name}_int8")
            self.values[copy] = Value(copy, value.shape, "int8", None, quant)
            layer = self._layer_name(name)
            self.nodes.append(Node("Quantize", (self.float_names[name],), (copy,), {}, layer))
            self.int8_names[name] = copy
        return self.int8_names[name]

    def _as_float(self, name: str) -> str:
        """The float form of an activation or constant; an int8 one is dequantized once."""
        value = self.graph.value(name)
        if value.is_constant:
            if name not in self.float_names:
                copy = self._unique(f"{name}_float") if name in self.values else name
                self.values[copy] = replace(value, name=copy)
                self.float_names[name] = copy
        elif name not in self.float_names:
            copy = self._unique(f"{name}_float")
            self.values[copy] = Value(copy, value.shape, "float32")
            layer = self._layer_name(name)
            self.nodes.append(Node("Dequantize", (self.int8_names[name],), (copy,), {}, layer))
            self.float_names[name] = copy
        return self.float_names[name]

    def _layer_name(self, name: str) -> str:
        node = self.graph.producers().get(name)
        return node.name if node is not None else name

    def _unique(self, name: str) -> str:
        candidate, count = name, 0
        while candidate in self.values or candidate in self.graph.values:
            count += 1
            candidate = f"{name}_{count}"
        return candidate


def _listed(channels: Sequence[int]) -> str:
    shown = ", ".join(map(str, channels[:8]))
    return f"{shown} and {len(channels) - 8} more" if len(channels) > 8 else shown
