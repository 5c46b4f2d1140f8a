"""Lstm in integers: what it needs beyond the ranges of its inputs and outputs.

Activations and weights are int8 (the weights with one scale for each gate), biases int32, and the
cell is int16 with a power of two for its scale, as TensorFlow Lite's converter chooses them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.ir import Graph, Node, QuantParams, attributes, per_tensor
from edgekit.ir.recurrent_shapes import (
    HIGHEST_CELL_EXPONENT,
    LOWEST_CELL_EXPONENT,
    LSTM_INPUTS,
)

__all__ = ["CellRanges", "cell_params", "gate_params", "kept_in_float", "position", "quantize_cell"]

Array = NDArray[Any]
Floats = NDArray[np.float32]

ROLES = [role.rstrip("?") for role in LSTM_INPUTS]
GATES = ("input", "forget", "cell", "output")
ONLY_FLOAT = ("projection", "cell_to_output", "output_norm")


def position(role: str) -> int:
    """The place of an input of Lstm."""
    return ROLES.index(role)


def kept_in_float(graph: Graph, node: Node) -> str:
    """Why an Lstm has no integer form here; "" where it has one."""
    given = {role for role, name in zip(ROLES, node.inputs, strict=False) if name is not None}
    names = dict(zip(ROLES, node.inputs, strict=False))
    found = [role.replace("_", " ") for role in ONLY_FLOAT if role in given]
    if "input_to_input" not in given:
        found.append("no input gate")
    if attributes(node)["activation"] != "tanh":
        found.append(f"the activation {attributes(node)['activation']}")
    if found:
        return f"its integer form is not made with {', '.join(found)}"
    begins = [graph.value(str(names[role])) for role in ("hidden", "cell")]
    if not all(value.is_constant for value in begins):
        return "its memory comes from elsewhere, or is kept between calls, in float"
    readers = graph.consumers()
    if any(readers.get(name) or name in graph.outputs for name in node.outputs[1:]):
        return "its last states are read, and the cell has 16 bits; return the outputs alone"
    return ""


class CellRanges:
    """The largest cell of every Lstm over the calibration data.

    The graph shows the cell after the last time alone; so the layers are computed here once more.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.largest: dict[str, float] = {}
        self.layers: dict[str, list[Node]] = {}
        for node in graph.nodes:
            if node.op == "Lstm" and not kept_in_float(graph, node):
                self.layers.setdefault(str(node.inputs[0]), []).append(node)

    def see(self, name: str, array: Array) -> None:
        """Take note of a value; x of an Lstm gives its cells at all times."""
        for node in self.layers.get(name, ()):
            cell = node.outputs[2]
            seen = _largest_cell(self.graph, node, array)
            self.largest[cell] = max(seen, self.largest.get(cell, 0.0))


def _largest_cell(graph: Graph, node: Node, x: Array) -> float:
    """max |c| over batch and times; the formulas are those of `interpreter/kernels/lstm.py`."""

    def side_by_side(pattern: str) -> Floats:
        names = [node.inputs[position(pattern.format(gate))] for gate in GATES]
        parts = [graph.value(str(name)).array() for name in names]
        return np.concatenate(parts).astype(np.float32)

    attrs = attributes(node)
    rows = x if attrs["time_major"] else x.swapaxes(0, 1)
    rows = rows[::-1] if attrs["reverse"] else rows
    hear_x, hear_hidden = side_by_side("input_to_{}").T, side_by_side("recurrent_to_{}").T
    bias = side_by_side("{}_bias")
    hidden, cell = (
        graph.value(str(node.inputs[position(role)])).array() for role in ("hidden", "cell")
    )
    largest = float(np.abs(cell).max())
    limit = np.float32(attrs["cell_clip"] or np.inf)
    for row in rows:
        i, f, g, o = np.split(row @ hear_x + bias + hidden @ hear_hidden, 4, axis=1)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
        cell = np.clip(cell, -limit, limit)
        hidden = _sigmoid(o) * np.tanh(cell)
        largest = max(largest, float(np.abs(cell).max()))
    return largest


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(np.tanh(x * np.float32(0.5)) * np.float32(0.5) + np.float32(0.5), np.float32)


def cell_params(largest: float) -> QuantParams:
    """The smallest power of two with which int16 holds the cell, between 2^-15 and 2^-9."""
    exponent = math.ceil(math.log2(largest)) - 15 if largest > 0 else LOWEST_CELL_EXPONENT
    return per_tensor(2.0 ** min(max(exponent, LOWEST_CELL_EXPONENT), HIGHEST_CELL_EXPONENT))


def gate_params(weight: Floats) -> QuantParams:
    """The symmetric scale of one gate's weights: `f32(max |w| / 127)`."""
    largest = np.maximum(np.abs(weight).max(), np.float32(1e-6 / 2))
    return per_tensor(float(np.float32(largest) / np.float32(127)))


def quantize_cell(cell: Floats, quant: QuantParams) -> NDArray[np.int16]:
    """A constant cell in steps of its scale."""
    steps = np.rint(cell.astype(np.float64) / quant.scale[0])
    return np.clip(steps, -(2**15), 2**15 - 1).astype(np.int16)


def lstm_layers(graph: Graph, float_outputs: Mapping[str, str]) -> list[Node]:
    """The nodes that become integers."""
    return [n for n in graph.nodes if n.op == "Lstm" and n.outputs[0] not in float_outputs]
