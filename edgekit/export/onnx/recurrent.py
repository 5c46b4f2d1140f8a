"""Lstm and Rnn as ONNX's, where these compute the same, and UpdateSlice."""

from __future__ import annotations

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, attributes
from edgekit.ir.graph import Array
from edgekit.ir.recurrent_shapes import LSTM_INPUTS

from .lowering import Lowering, Rule

__all__ = ["RECURRENT_RULES"]

POSITIONS = {role.rstrip("?"): i for i, role in enumerate(LSTM_INPUTS)}
GATES = ("input", "output", "forget", "cell")
"""In ONNX's order."""
PEEPHOLES = GATES[:3]
INITIAL = {4: "hidden", POSITIONS["hidden"]: "hidden", POSITIONS["cell"]: "cell"}
INTO = ("input", "recurrent")
"""What a gate hears."""
CURVES = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid"}


def lstm(node: Node, to: Lowering) -> None:
    """ONNX walks through the first axis, and has one more for the directions."""
    attrs = attributes(node)
    _refuse(node, to)
    x = to.read(node.inputs[0])
    if not attrs["time_major"]:
        x = to.between(node, "Transpose", [x], perm=(1, 0, 2))
    direction = to.integers((0,), f"{node.name}/direction")
    states = [_begin(node, to, POSITIONS[role], direction) for role in ("hidden", "cell")]
    weights = [to.constant(_weights(node, to, prefix), f"{node.name}/{prefix}") for prefix in INTO]
    bias = np.concatenate([_constant(node, to, f"{gate}_bias") for gate in GATES])
    bias = np.concatenate([bias, np.zeros_like(bias)])[np.newaxis]
    inputs = [x, *weights, to.constant(bias, f"{node.name}/bias"), "", *states]
    if _has(node, "cell_to_output"):
        looks = [_constant(node, to, f"cell_to_{gate}") for gate in PEEPHOLES]
        inputs.append(to.constant(np.concatenate(looks)[np.newaxis], f"{node.name}/peepholes"))
    curve = CURVES[attrs["activation"]]
    results = [to.unique(f"{node.name}/{what}") for what in ("Y", "Y_h", "Y_c")]
    to.emit(
        node,
        "LSTM",
        inputs,
        results[0],
        results[1:],
        hidden_size=to.value(node.outputs[2]).shape[1],
        activations=["Sigmoid", curve, curve],
        direction="reverse" if attrs["reverse"] else "forward",
    )
    _results(node, to, results, direction)


def rnn(node: Node, to: Lowering) -> None:
    attrs = attributes(node)
    weights = [to.value(node.inputs[i]) for i in (1, 2)]
    if any(weight.dtype != "float32" for weight in weights):
        raise UnsupportedOperator("ONNX's RNN has no form with int8 weights")
    if attrs["activation"] not in CURVES:
        raise UnsupportedOperator(f"ONNX's RNN has no activation {attrs['activation']}")
    x = to.read(node.inputs[0])
    if not attrs["time_major"]:
        x = to.between(node, "Transpose", [x], perm=(1, 0, 2))
    direction = to.integers((0,), f"{node.name}/direction")
    bias = to.value(node.inputs[3]).array()
    parts = [weight.array()[np.newaxis] for weight in weights]
    parts.append(np.concatenate([bias, np.zeros_like(bias)])[np.newaxis])
    named = zip(parts, ("input", "recurrent", "bias"), strict=True)
    constants = [to.constant(part, f"{node.name}/{what}") for part, what in named]
    results = [to.unique(f"{node.name}/{what}") for what in ("Y", "Y_h")]
    to.emit(
        node,
        "RNN",
        [x, *constants, "", _begin(node, to, 4, direction)],
        results[0],
        results[1:],
        hidden_size=len(bias),
        activations=[CURVES[attrs["activation"]]],
        direction="reverse" if attrs["reverse"] else "forward",
    )
    _results(node, to, results, direction)


def _begin(node: Node, to: Lowering, position: int, direction: str) -> str:
    """The state that a layer begins with, as [directions, batch, units]; "" for zeros."""
    name = node.inputs[position]
    state = to.value(name)
    if state.is_constant and not state.array().any():
        return ""
    batch = to.value(node.outputs[1]).shape[0]
    if state.is_constant and state.shape[0] != batch:
        if batch is None:
            raise UnsupportedOperator("a beginning that is not zero, for any number of samples")
        rows = np.repeat(state.array()[None], batch, axis=1)
        return to.constant(rows, f"{node.name}/{INITIAL[position]}")
    return to.between(node, "Unsqueeze", [to.read(name), direction])


def _results(node: Node, to: Lowering, results: list[str], direction: str) -> None:
    """Without the axis of directions; y is [time, directions, batch, units]."""
    y_axis = to.integers((1,), f"{node.name}/y direction")
    y = node.outputs[0]
    if attributes(node)["time_major"]:
        to.hold(node, to.emit(node, "Squeeze", [results[0], y_axis], y), "last")
    else:
        squeezed = to.between(node, "Squeeze", [results[0], y_axis])
        to.hold(node, to.emit(node, "Transpose", [squeezed], y, perm=(1, 0, 2)), "last")
    for name, result in zip(node.outputs[1:], results[1:], strict=True):
        to.hold_value(name, to.emit(node, "Squeeze", [result, direction], name))


def _refuse(node: Node, to: Lowering) -> None:
    attrs = attributes(node)
    problems = {
        "integers": to.value(node.inputs[0]).dtype != "float32",
        "int8 weights": to.value(node.inputs[2]).dtype != "float32",
        "a clipped cell": attrs["cell_clip"] > 0,
        "a projection": _has(node, "projection"),
        "normalized gates": _has(node, "output_norm"),
        "no input gate": not _has(node, "input_to_input"),
        f"the activation {attrs['activation']}": attrs["activation"] not in CURVES,
    }
    found = [what for what, there in problems.items() if there]
    if found:
        raise UnsupportedOperator(f"ONNX's LSTM has no form with {', '.join(found)}")


def _has(node: Node, role: str) -> bool:
    position = POSITIONS[role]
    return position < len(node.inputs) and node.inputs[position] is not None


def _constant(node: Node, to: Lowering, role: str) -> Array:
    return to.value(node.inputs[POSITIONS[role]]).array()


def _weights(node: Node, to: Lowering, prefix: str) -> Array:
    return np.concatenate([_constant(node, to, f"{prefix}_to_{gate}") for gate in GATES])[
        np.newaxis
    ]


def update_slice(node: Node, to: Lowering) -> None:
    """ONNX writes at indices: those of y's elements, moved by a start that is kept inside x."""
    x, y = (to.value(node.inputs[i]).shape for i in (0, 1))
    sizes = [int(d or 1) for d in y]
    room = [int(a or 1) - b for a, b in zip(x, sizes, strict=True)]
    places = np.moveaxis(np.indices(sizes, np.int64), 0, -1)
    start = to.between(node, "Cast", [to.read(node.inputs[2])], to=to.types["int64"])
    zero = to.integers([0] * len(room), f"{node.name}/lowest")
    start = to.between(node, "Max", [start, zero])
    start = to.between(node, "Min", [start, to.integers(room, f"{node.name}/room")])
    indices = to.between(node, "Add", [to.constant(places, f"{node.name}/places"), start])
    to.write(node, "ScatterND", [to.read(node.inputs[0]), indices, to.read(node.inputs[1])])


RECURRENT_RULES: dict[str, Rule] = {"Lstm": lstm, "Rnn": rnn, "UpdateSlice": update_slice}
