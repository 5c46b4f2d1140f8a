"""Reading recurrent layers without gates. Their hidden state is a variable tensor in TFLite, which
starts at zero, and one of `Graph.states` here.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir.graph import AttrValue
from edgekit.schema.decoder import Record

from .file import Operator
from .reader import Reader, Rule
from .recurrent import activation_name, keep_all
from .states import memory

__all__ = ["READERS"]

WEIGHTS = 3
HIDDEN = 4
AUXILIARY = 9


def rnn(op: Operator, reader: Reader) -> None:
    """A single time."""
    x, attrs = reader.value(op, 0), _attributes(op.options("RNNOptions"), time_major=False)
    if len(x.shape) != 2:
        raise ShapeError(f"one time of samples is needed, received {list(x.shape)}")
    rows, features = (-1 if d is None else d for d in x.shape)
    one = reader.add(op, "Reshape", x.name, shape=(rows, 1, features))
    y = _layer(op, reader, None, one, range(1, 1 + WEIGHTS), HIDDEN, attrs)
    reader.emit(op, "Reshape", y, shape=(rows, reader.builder.values[y].shape[-1] or 0))


def unidirectional(op: Operator, reader: Reader) -> None:
    options = op.options("SequenceRNNOptions")
    attrs = _attributes(options, time_major=bool(options["time_major"]))
    name = reader.names[reader.output_tensor(op).index]
    x, weights = reader.input(op, 0), range(1, 1 + WEIGHTS)
    reader.bind(op, _layer(op, reader, name, x, weights, HIDDEN, attrs))


def bidirectional(op: Operator, reader: Reader) -> None:
    """Two layers, one of which goes from the last time to the first; an auxiliary input without
    weights is what it hears."""
    options = op.options("BidirectionalSequenceRNNOptions")
    attrs = _attributes(options, time_major=bool(options["time_major"]))
    if any(reader.has(op, i) for i in range(AUXILIARY + 1, AUXILIARY + 3)):
        raise UnsupportedOperator("layers that hear the auxiliary input beside their own")
    merge = bool(options["merge_outputs"])
    names = (
        [None] * 2 if merge else [reader.names[reader.output_tensor(op, i).index] for i in (0, 1)]
    )
    sources = (0, AUXILIARY if reader.has(op, AUXILIARY) else 0)
    results = [
        _layer(
            op,
            reader,
            names[i],
            reader.input(op, sources[i]),
            range(1 + HIDDEN * i, 1 + HIDDEN * i + WEIGHTS),
            HIDDEN + HIDDEN * i,
            {**attrs, "reverse": bool(i)},
        )
        for i in (0, 1)
    ]
    if merge:
        reader.emit(op, "Concat", *results, axis=-1)
        return
    for position, result in enumerate(results):
        reader.bind(op, result, position)


def _attributes(options: Record, *, time_major: bool) -> dict[str, AttrValue]:
    return {
        "activation": activation_name(options["fused_activation_function"]),
        "time_major": time_major,
        "asymmetric": bool(options["asymmetric_quantize_inputs"]),
    }


def _layer(
    op: Operator,
    reader: Reader,
    name: str | None,
    x: str,
    weights: Sequence[int],
    hidden: int,
    attrs: dict[str, AttrValue],
) -> str:
    """One Rnn node, whose hidden state is kept; its result by name."""
    state = memory(op, reader, hidden)
    inputs = [x, *(reader.input(op, i) for i in weights), state]
    return keep_all(op, reader, "Rnn", name, inputs, [state], [hidden], None, attrs)


READERS: dict[str, Rule] = {
    "RNN": rnn,
    "UNIDIRECTIONAL_SEQUENCE_RNN": unidirectional,
    "BIDIRECTIONAL_SEQUENCE_RNN": bidirectional,
}
