"""Reading operators that work element by element, and softmax."""

from __future__ import annotations

from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS"]


def binary(kind: str, options: str) -> Rule:
    """An operator of two inputs with a fused activation."""

    def rule(op: Operator, reader: Reader) -> None:
        fused = op.options(options)["fused_activation_function"]
        reader.emit(op, kind, reader.input(op, 0), reader.input(op, 1), fused=fused)

    return rule


def plain(kind: str, count: int = 1) -> Rule:
    """An operator whose inputs are all that it needs."""

    def rule(op: Operator, reader: Reader) -> None:
        reader.emit(op, kind, *(reader.input(op, i) for i in range(count)))

    return rule


def softmax(op: Operator, reader: Reader) -> None:
    beta = float(op.options("SoftmaxOptions")["beta"])
    wide = (reader.value(op, 0).dtype, reader.output_tensor(op).dtype) == ("int8", "int16")
    reader.emit(op, "WideSoftmax" if wide else "Softmax", reader.input(op, 0), beta=beta)


def leaky_relu(op: Operator, reader: Reader) -> None:
    alpha = float(op.options("LeakyReluOptions")["alpha"])
    reader.emit(op, "LeakyRelu", reader.input(op, 0), alpha=alpha)


def gelu(op: Operator, reader: Reader) -> None:
    approximate = bool(op.options("GeluOptions")["approximate"])
    reader.emit(op, "Gelu", reader.input(op, 0), approximate=approximate)


READERS: dict[str, Rule] = {
    "ADD": binary("Add", "AddOptions"),
    "SUB": binary("Sub", "SubOptions"),
    "MUL": binary("Mul", "MulOptions"),
    "DIV": binary("Div", "DivOptions"),
    "MAXIMUM": plain("Maximum", 2),
    "MINIMUM": plain("Minimum", 2),
    "SOFTMAX": softmax,
    "RELU": plain("Relu"),
    "RELU6": plain("Relu6"),
    "LOGISTIC": plain("Sigmoid"),
    "TANH": plain("Tanh"),
    "HARD_SWISH": plain("HardSwish"),
    "LEAKY_RELU": leaky_relu,
    "ELU": plain("Elu"),
    "GELU": gelu,
}
