"""Recurrent layers, whose memories are variable tensors (`states.py`)."""

from __future__ import annotations

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, attributes, per_tensor
from edgekit.schema.generated.tflite_layout import ActivationFunctionType as Activation

from .lowering import Lowering, Options, Rule

__all__ = ["RECURRENT_RULES"]

ACTIVATIONS: dict[str, int] = {
    "none": Activation.NONE,
    "relu": Activation.RELU,
    "relu6": Activation.RELU6,
    "tanh": Activation.TANH,
}
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
    scales = _intermediates(node, to)
    y = to.output(node)
    if not attrs["reverse"]:
        to.emit(LSTM, (x.name, *rest), y.name, options, version, scales)
        return
    if x.dtype != "float32":
        raise UnsupportedOperator("TFLite turns no integers around; the layer goes backwards")
    axis = to.integers((0 if attrs["time_major"] else 1,), f"{node.name}/time")
    turned = to.between(f"{node.name}/turned", x.shape, x)
    result = to.between(f"{node.name}/result", y.shape, y)
    to.emit("REVERSE_V2", (x.name, axis), turned, ("ReverseV2Options", {}))
    to.emit(LSTM, (turned, *rest), result, options, version, scales)
    to.emit("REVERSE_V2", (result, axis), y.name, ("ReverseV2Options", {}))


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


RECURRENT_RULES: dict[str, Rule] = {"Lstm": lstm, "Svdf": svdf}
