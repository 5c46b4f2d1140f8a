"""Reading recurrent layers. Their memories are variable tensors in TFLite, which start at zero,
and `Graph.states` here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir import QuantParams
from edgekit.ir.graph import AttrValue
from edgekit.schema.decoder import Record
from edgekit.schema.tflite_layout import ActivationFunctionType as Activation
from edgekit.schema.tflite_layout import LSTMKernelType

from .file import Operator
from .reader import Reader, Rule
from .states import keep, memory
from .tensors import quantization

__all__ = ["READERS", "activation_name", "both_directions", "emit_one_time", "keep_all", "one_time"]

ACTIVATIONS = {
    Activation.NONE: "none",
    Activation.RELU: "relu",
    Activation.RELU6: "relu6",
    Activation.TANH: "tanh",
}
WEIGHTS = 17
"""Weights and biases of one direction: for the gates 4, 4, 3 and 4, for the projection 2."""
HIDDEN, CELL, NORMS = 18, 19, range(20, 24)
GATE_SUMS, HIDDEN_SUM = range(4), 4
"""Where the intermediates of integer layers stand."""


def unidirectional_lstm(op: Operator, reader: Reader) -> None:
    options = op.options("UnidirectionalSequenceLSTMOptions")
    if options["diagonal_recurrent_tensors"]:
        raise UnsupportedOperator("recurrent weights that are diagonals are not known")
    time_major = bool(options["time_major"])
    attrs = _attributes(options, time_major=time_major) | _intermediates(op, reader)
    weights = [reader.optional(op, i) for i in range(1, HIDDEN)]
    norms = [reader.optional(op, i) for i in NORMS]
    name = reader.names[reader.output_tensor(op).index]
    x, kept = reader.input(op, 0), (HIDDEN, CELL)
    reader.bind(op, _lstm(op, reader, 0, name, x, kept, weights, norms, attrs))


def lstm(op: Operator, reader: Reader) -> None:
    """One time of the same; files of the first years have it."""
    options = op.options("LSTMOptions")
    if options["kernel_type"] != LSTMKernelType.FULL:
        from .basic_lstm import basic_lstm  # fewer files still have this one

        basic_lstm(op, reader)
        return
    one = one_time(op, reader)
    attrs = _attributes(options, time_major=False) | _intermediates(op, reader)
    weights = [reader.optional(op, i) for i in range(1, HIDDEN)]
    norms = [reader.optional(op, i) for i in NORMS]
    y = _lstm(op, reader, 0, None, one, (HIDDEN, CELL), weights, norms, attrs)
    emit_one_time(op, reader, y)


def one_time(op: Operator, reader: Reader) -> str:
    """The first input, as a sequence of one time."""
    x = reader.value(op, 0)
    if len(x.shape) != 2:
        raise ShapeError(f"one time of samples is needed, received {list(x.shape)}")
    rows, features = (-1 if d is None else d for d in x.shape)
    return reader.add(op, "Reshape", x.name, quant=x.quant, shape=(rows, 1, features))


def emit_one_time(op: Operator, reader: Reader, y: str) -> None:
    """The output, of a sequence of one time."""
    rows, _, units = (-1 if d is None else d for d in reader.builder.values[y].shape)
    reader.emit(op, "Reshape", y, shape=(rows, units))


def bidirectional_lstm(op: Operator, reader: Reader) -> None:
    """Two layers, one of which goes from the last time to the first."""
    options = op.options("BidirectionalSequenceLSTMOptions")
    forward, backward = range(1, 1 + WEIGHTS), range(1 + WEIGHTS, 1 + 2 * WEIGHTS)
    states = 1 + 2 * WEIGHTS
    attrs = _attributes(options, time_major=bool(options["time_major"]))

    def layer(direction: int, name: str | None, heard: str) -> str:
        kept = (states + 2 * direction, states + 2 * direction + 1)
        weights = [reader.optional(op, i) for i in (forward, backward)[direction]]
        position = 0 if options["merge_outputs"] else direction
        own = attrs | ({"reverse": True} if direction else {})
        return _lstm(op, reader, position, name, heard, kept, weights, [], own)

    both_directions(op, reader, options, range(states + 4, states + 13), layer)


def both_directions(
    op: Operator,
    reader: Reader,
    options: Record,
    auxiliary: range,
    layer: Callable[[int, str | None, str], str],
) -> None:
    """What two layers give, as one output or as two.

    auxiliary: where the auxiliary input stands, and its weights behind it.
    layer: adds the layer of a direction, 0 or 1, and gives its result by name; it takes the name of
        the result, None where it is a part, and what the layer hears.
    """
    other = auxiliary[0]
    if any(reader.has(op, i) for i in auxiliary[1:]):
        raise UnsupportedOperator("layers that hear the auxiliary input beside their own")
    merge = options["merge_outputs"]
    names = (
        [None] * 2 if merge else [reader.names[reader.output_tensor(op, i).index] for i in (0, 1)]
    )
    # An auxiliary input without weights is what the backward layer hears.
    sources = (0, other if reader.has(op, other) else 0)
    results = [layer(i, names[i], reader.input(op, sources[i])) for i in (0, 1)]
    if merge:
        reader.emit(op, "Concat", *results, axis=-1)
        return
    for position, result in enumerate(results):
        reader.bind(op, result, position)


def _attributes(options: Record, *, time_major: bool) -> dict[str, AttrValue]:
    activation = activation_name(options["fused_activation_function"])
    if activation == "none":
        # LiteRT leaves the cell gate unwritten then: there is nothing to be equal to.
        raise UnsupportedOperator("a layer without an activation has no defined result in TFLite")
    return {
        "activation": activation,
        "cell_clip": float(options["cell_clip"]),
        "projection_clip": float(options["proj_clip"]),
        "time_major": time_major,
        "asymmetric": bool(options["asymmetric_quantize_inputs"]),
    }


def activation_name(number: int) -> str:
    if number not in ACTIVATIONS:
        raise UnsupportedOperator(f"the activation number {number} is not known here")
    return ACTIVATIONS[number]


def _intermediates(op: Operator, reader: Reader) -> dict[str, AttrValue]:
    """The scales inside an integer layer."""
    if reader.value(op, 0).dtype != "int8":
        return {}
    if len(op.intermediates) <= HIDDEN_SUM or min(op.intermediates) < 0:
        op.record.fail("intermediates", f"{op.intermediates}: an integer layer has five")
    tensors = [reader.graph.tensors[i] for i in op.intermediates]
    hidden = quantization(tensors[HIDDEN_SUM])
    if hidden is None:
        op.record.fail("intermediates", "the hidden state has no scale")
    found: dict[str, AttrValue] = {
        "hidden_scale": hidden.scale[0],
        "hidden_zero_point": hidden.zero_point[0],
    }
    if reader.has(op, NORMS[-1]):
        scales = [tensors[i].scales for i in GATE_SUMS]
        if any(len(each) != 1 for each in scales):
            op.record.fail("intermediates", "the gates of a normalized layer have one scale each")
        found["gate_scales"] = tuple(float(each[0]) for each in scales)
    return found


def _lstm(
    op: Operator,
    reader: Reader,
    position: int,
    name: str | None,
    x: str,
    kept: Sequence[int],
    weights: Sequence[str | None],
    norms: Sequence[str | None],
    attrs: dict[str, AttrValue],
) -> str:
    """One Lstm node, whose hidden state and cell are kept; its result by name.

    position: the output of `op` that it computes, all or a part of. name: of the result, None where
    it is a part. kept: where hidden and cell stand.
    """
    states = [memory(op, reader, i) for i in kept]
    quant = quantization(reader.output_tensor(op, position))
    if quant != reader.builder.values[states[0]].quant:
        raise UnsupportedOperator(
            f"its output {quant} and its hidden state "
            f"{reader.builder.values[states[0]].quant} must have one scale"
        )
    inputs = [x, *weights, *states, *norms]
    return keep_all(op, reader, "Lstm", name, inputs, states, kept, quant, attrs)


def svdf(op: Operator, reader: Reader) -> None:
    options = op.options("SVDFOptions")
    state = memory(op, reader, 4)
    attrs: dict[str, AttrValue] = {
        "rank": int(options["rank"]),
        "activation": activation_name(options["fused_activation_function"]),
        "asymmetric": bool(options["asymmetric_quantize_inputs"]),
    }
    inputs = [*(reader.optional(op, i) for i in range(4)), state]
    quant = quantization(reader.output_tensor(op))
    name = reader.names[reader.output_tensor(op).index]
    reader.bind(op, keep_all(op, reader, "Svdf", name, inputs, [state], [4], quant, attrs))


def keep_all(
    op: Operator,
    reader: Reader,
    kind: str,
    name: str | None,
    inputs: Sequence[str | None],
    states: Sequence[str],
    positions: Sequence[int],
    quant: QuantParams | None,
    attrs: dict[str, AttrValue],
) -> str:
    """Add the node; what it makes of its memories is kept, and read by whoever reads them next."""
    layer = reader.layer(op)
    quants = [quant, *(reader.builder.values[state].quant for state in states)]
    names = [name or reader.fresh(f"{layer}/{kind.lower()}")]
    names += [reader.fresh(f"{reader.names[op.inputs[i]]}/next") for i in positions]
    results = reader.builder.add_all(
        kind, *inputs, name=layer, outputs=names, quants=quants, **attrs
    )
    for position, result in zip(positions, results[1:], strict=True):
        keep(op, reader, position, result)
    return results[0]


READERS: dict[str, Rule] = {
    "LSTM": lstm,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": unidirectional_lstm,
    "BIDIRECTIONAL_SEQUENCE_LSTM": bidirectional_lstm,
    "SVDF": svdf,
}
