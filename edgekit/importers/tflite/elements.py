"""Reading operators that work element by element or move elements, and softmax."""

from __future__ import annotations

import math

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir.graph import AttrValue
from edgekit.ir.shapes import axis_of
from edgekit.ir.validate_values import MOST_DIMENSIONS

from .file import Operator
from .reader import Reader, Rule
from .tensors import quantization, real_number

__all__ = ["READERS", "input_shape"]

Dimensions = tuple[int | None, ...]


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


def concatenation(op: Operator, reader: Reader) -> None:
    """uint8 inputs may have scales of their own, which are changed to the output's."""
    options = op.options("ConcatenationOptions")
    fused, quant = options["fused_activation_function"], quantization(reader.output_tensor(op))
    names = []
    for position, name in enumerate(reader.inputs(op)):
        value = reader.value(op, position)
        if value.dtype == "uint8" and quant is not None and value.quant != quant:
            attrs: dict[str, AttrValue] = {"dtype": "uint8", "rounding": "joined"}
            name = reader.add(op, "Requantize", name, quant=quant, **attrs)
        names.append(name)
    reader.emit(op, "Concat", *names, fused=fused, axis=int(options["axis"]))


def reshape(op: Operator, reader: Reader) -> None:
    """The new shape stands in a tensor or, in older files, in the options alone."""
    if reader.has(op, 1):
        target = reader.integers(op, 1)
    else:
        target = tuple(op.options("ReshapeOptions")["new_shape"].tolist())
    _reshaped(op, reader, target)


def expand_dims(op: Operator, reader: Reader) -> None:
    shape = input_shape(op, reader)
    axis = reader.integer(op, 1)
    place = axis_of(axis, len(shape) + 1)
    _reshaped(op, reader, (*shape[:place], 1, *shape[place:]))


def squeeze(op: Operator, reader: Reader) -> None:
    """Without the dimensions named, or without all that are 1."""
    shape = input_shape(op, reader)
    named = op.options("SqueezeOptions")["squeeze_dims"].tolist()
    gone = {axis_of(axis, len(shape)) for axis in named}
    gone = gone or {i for i, d in enumerate(shape) if d == 1}
    if any(shape[i] != 1 for i in gone):
        raise ShapeError(f"the dimensions {sorted(gone)} of {list(shape)} are not all 1")
    _reshaped(op, reader, tuple(d for i, d in enumerate(shape) if i not in gone))


def _reshaped(op: Operator, reader: Reader, target: Dimensions) -> None:
    """A Reshape to `target`. An unknown batch stays in front: there it is written -1."""
    shape = input_shape(op, reader)
    new = tuple(-1 if d is None else d for d in target)
    if shape[:1] == (None,):
        kept = math.prod(d or 1 for d in shape[1:])
        names_batch = new[:1] == (reader.file_batch,) and math.prod(new[1:]) == kept
        new = (-1, *new[1:]) if names_batch else new
    elif new.count(-1) == 1:
        rest = math.prod(d for d in new if d != -1)
        size = math.prod(d or 0 for d in shape) // rest if rest else 0
        new = tuple(size if d == -1 else d for d in new)
    known = reader.known(reader.tensor(op, 0).index)
    if known is not None and quantization(reader.tensor(op, 0)) is None:
        if (
            len(new) > MOST_DIMENSIONS
            or new.count(-1) > 1
            or (-1 not in new and math.prod(new) != known.size)
        ):
            raise ShapeError(f"{list(known.shape)} cannot take the shape {list(new)}")
        reader.know(op, known.reshape(new))
        return
    reader.emit(op, "Reshape", reader.input(op, 0), shape=new)


def transpose(op: Operator, reader: Reader) -> None:
    rank = len(input_shape(op, reader))
    perm = tuple(axis_of(axis, rank) for axis in reader.integers(op, 1))
    reader.emit(op, "Transpose", reader.input(op, 0), perm=perm)


def pad(op: Operator, reader: Reader) -> None:
    reader.emit(op, "Pad", reader.input(op, 0), pads=reader.integers(op, 1))


def padv2(op: Operator, reader: Reader) -> None:
    """The value that is added is stored at the scale of the input."""
    fill, tensor = reader.constant(op, 2), reader.tensor(op, 2)
    if fill.size != 1:
        raise UnsupportedOperator(f"one value pads, received {fill.size}")
    value = real_number(fill, quantization(tensor))
    pads = reader.integers(op, 1)
    reader.emit(op, "Pad", reader.input(op, 0), pads=pads, value=value)


def input_shape(op: Operator, reader: Reader) -> Dimensions:
    """The shape of the first input, which may be empty or known only now."""
    index = reader.tensor(op, 0).index
    known = reader.known(index)
    return reader.value(op, 0).shape if known is None else known.shape


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
    "CONCATENATION": concatenation,
    "RESHAPE": reshape,
    "EXPAND_DIMS": expand_dims,
    "SQUEEZE": squeeze,
    "TRANSPOSE": transpose,
    "PAD": pad,
    "PADV2": padv2,
}
