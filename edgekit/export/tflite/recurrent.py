"""Recurrent layers, whose memories are variable tensors (`states.py`)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, Value, attributes, per_tensor
from edgekit.schema.tflite_layout import ActivationFunctionType as Activation

from .lowering import Lowering, Options, Rule, versioned
from .states import HIDDEN, MEMORIES

__all__ = ["RECURRENT_RULES"]

ACTIVATIONS: dict[str, int] = {
    "none": Activation.NONE,
    "relu": Activation.RELU,
    "relu6": Activation.RELU6,
    "tanh": Activation.TANH,
}
RNN = "UNIDIRECTIONAL_SEQUENCE_RNN"
LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
LSTM_INPUTS = 24
GATES = ("input", "forget", "cell", "output")


def lstm(node: Node, to: Lowering) -> None:
    """A layer that goes backwards has its input and its output turned around."""
    attrs, x = attributes(node), to.input(node, 0)
    weight = to.input(node, 2)
    options: Options = (
        "UnidirectionalSequenceLSTMOptions",
        {
            "fused_activation_function": _activation(attrs["activation"]),
            "cell_clip": attrs["cell_clip"],
            "proj_clip": attrs["projection_clip"],
            "time_major": attrs["time_major"],
            "asymmetric_quantize_inputs": attrs["asymmetric"],
        },
    )
    version = _version(x.dtype, weight.dtype, attrs["asymmetric"], (1, 2, 3, 1))
    rest = [*node.inputs[1:], *[None] * (LSTM_INPUTS - len(node.inputs))]
    for place in MEMORIES["Lstm"]:
        rest[place - 1] = _begun(node, to, place)
    scales = _intermediates(node, to)
    y = to.output(node)

    def layer(heard: str, result: str) -> None:
        to.emit(LSTM, (heard, *rest), result, options, version, scales)

    if not attrs["reverse"]:
        layer(x.name, y.name)
        return
    if x.dtype != "float32":
        raise UnsupportedOperator("TFLite turns no integers around; the layer goes backwards")
    _backwards(node, to, layer)


def _begun(node: Node, to: Lowering, position: int) -> str | None:
    """The variable tensor of a memory. A constant that every call begins with is written there.

    TFLite runs nothing that has constants alone, or only once: so it is a product of the input
    with zeros, plus the constant.
    """
    state, x = to.input(node, position), to.input(node, 0)
    if not state.is_constant:
        return node.inputs[position]
    if attributes(node)["time_major"] or (x.dtype != "float32" and _begins(state)):
        raise UnsupportedOperator("a layer that begins every call with what is not zero")
    name = f"{node.name}/{'cell' if position > HIDDEN else 'hidden'} begin"
    shape = (x.shape[0], state.shape[1])
    corner = to.between(f"{name}/x", (x.shape[0], 1, 1), x)
    starts, sizes = (to.integers(part, f"{name}/slice") for part in ((0, 0, 0), (-1, 1, 1)))
    to.emit("SLICE", (x.name, starts, sizes), corner, ("SliceOptions", {}), versioned(x))
    zeros = np.zeros((int(state.shape[1] or 0), 1), x.dtype)
    if x.dtype == "float32":
        weight = to.constant(zeros, f"{name}/zeros")
        bias = to.constant(state.array()[0], f"{name}/constant")
        like = state
    else:
        assert x.quant is not None and state.quant is not None
        weight = to.constant(zeros, f"{name}/zeros", per_tensor(1.0))
        scale = per_tensor(x.quant.scale[0])
        bias = to.constant(zeros[:, 0].astype(np.int32), f"{name}/constant", scale)
        quant = state.quant if state.dtype == "int8" else per_tensor(1.0)
        like = Value(name, shape, "int8", None, quant)
    made = to.between(name, shape, like)
    version = 1 if x.dtype == "float32" else 4
    options: Options = ("FullyConnectedOptions", {})
    to.emit("FULLY_CONNECTED", (corner, weight, bias), made, options, version)
    if state.dtype == "int16":
        narrow, made = made, to.between(f"{name}/int16", shape, state)
        to.emit("QUANTIZE", (narrow,), made, ("QuantizeOptions", {}), 2)
    to.variables.add(made)
    return made


def _begins(state: Value) -> bool:
    """Does a constant state hold anything but zeros?"""
    zero = 0 if state.quant is None else state.quant.zero_point[0]
    return bool((state.array() != zero).any())


def _intermediates(node: Node, to: Lowering) -> tuple[str, ...]:
    """Tensors that say the scales inside an integer layer."""
    attrs = attributes(node)
    if to.input(node, 0).dtype != "int8":
        return ()
    scales = attrs["gate_scales"] or (1.0,) * len(GATES)
    gates = [
        to.typed(f"{node.name}/{gate} sum", "int16", per_tensor(scale))
        for gate, scale in zip(GATES, scales, strict=True)
    ]
    hidden = per_tensor(attrs["hidden_scale"], attrs["hidden_zero_point"])
    return (*gates, to.typed(f"{node.name}/hidden", "int8", hidden))


def rnn(node: Node, to: Lowering) -> None:
    attrs, weight = attributes(node), to.input(node, 1)
    options: Options = (
        "SequenceRNNOptions",
        {
            "fused_activation_function": _activation(attrs["activation"]),
            "time_major": attrs["time_major"],
            "asymmetric_quantize_inputs": attrs["asymmetric"],
        },
    )
    version = _version("float32", weight.dtype, attrs["asymmetric"], (1, 2, 3, 0))
    x, y, rest = to.input(node, 0), to.output(node), node.inputs[1:]

    def layer(heard: str, result: str) -> None:
        to.emit(RNN, (heard, *rest), result, options, version)

    if attrs["reverse"]:
        _backwards(node, to, layer)
    else:
        layer(x.name, y.name)


def _backwards(node: Node, to: Lowering, layer: Callable[[str, str], None]) -> None:
    """Around a layer: its input and its output turned around."""
    x, y = to.input(node, 0), to.output(node)
    axis = to.integers((0 if attributes(node)["time_major"] else 1,), f"{node.name}/time")
    turned = to.between(f"{node.name}/turned", x.shape, x)
    result = to.between(f"{node.name}/result", y.shape, y)
    to.emit("REVERSE_V2", (x.name, axis), turned, ("ReverseV2Options", {}))
    layer(turned, result)
    to.emit("REVERSE_V2", (result, axis), y.name, ("ReverseV2Options", {}))


def svdf(node: Node, to: Lowering) -> None:
    attrs, x, weight = attributes(node), to.input(node, 0), to.input(node, 1)
    integer = x.dtype == "int8"
    if integer and to.input(node, 2).dtype == "int8":
        raise UnsupportedOperator(
            "an int8 memory: TensorFlow Lite Micro alone runs it, LiteRT takes it for int16"
        )
    activation = _activation(attrs["activation"])
    options: Options = (
        "SVDFOptions",
        {
            "rank": attrs["rank"],
            # For integers the output's range does it; LiteRT wants to read RELU.
            "fused_activation_function": Activation.RELU if integer else activation,
            "asymmetric_quantize_inputs": attrs["asymmetric"],
        },
    )
    version = _version(x.dtype, weight.dtype, attrs["asymmetric"], (1, 2, 4, 3))
    to.emit("SVDF", node.inputs, node.outputs[0], options, version)


def _activation(name: str) -> int:
    if name not in ACTIVATIONS:
        raise UnsupportedOperator(f"TFLite's layer has no activation {name!r}")
    return ACTIVATIONS[name]


def _version(x: str, weight: str, asymmetric: bool, versions: tuple[int, int, int, int]) -> int:
    """Of float, hybrid, asymmetric hybrid and integer layers."""
    plain, hybrid, asymmetric_hybrid, integer = versions
    if x != "float32":
        return integer
    if weight == "float32":
        return plain
    return asymmetric_hybrid if asymmetric else hybrid


RECURRENT_RULES: dict[str, Rule] = {"Lstm": lstm, "Rnn": rnn, "Svdf": svdf}
