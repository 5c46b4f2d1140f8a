"""Reading recurrent layers without gates. Their hidden state is a variable tensor in TFLite, which
starts at zero, and one of `Graph.states` here.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgekit.ir.graph import AttrValue
from edgekit.schema.decoder import Record

from .file import Operator
from .reader import Reader, Rule
from .recurrent import activation_name, both_directions, emit_one_time, keep_all, one_time
from .states import memory

__all__ = ["READERS"]

WEIGHTS = 3
HIDDEN = 4
AUXILIARY = 9


def rnn(op: Operator, reader: Reader) -> None:
    """A single time."""
    attrs = _attributes(op.options("RNNOptions"), time_major=False)
    one, weights = one_time(op, reader), range(1, 1 + WEIGHTS)
    emit_one_time(op, reader, _layer(op, reader, None, one, weights, HIDDEN, attrs))


def unidirectional(op: Operator, reader: Reader) -> None:
    options = op.options("SequenceRNNOptions")
    attrs = _attributes(options, time_major=bool(options["time_major"]))
    name = reader.names[reader.output_tensor(op).index]
    x, weights = reader.input(op, 0), range(1, 1 + WEIGHTS)
    reader.bind(op, _layer(op, reader, name, x, weights, HIDDEN, attrs))


def bidirectional(op: Operator, reader: Reader) -> None:
    """Two layers, one of which goes from the last time to the first."""
    options = op.options("BidirectionalSequenceRNNOptions")
    attrs = _attributes(options, time_major=bool(options["time_major"]))

    def layer(direction: int, name: str | None, heard: str) -> str:
        first = 1 + HIDDEN * direction
        weights, own = range(first, first + WEIGHTS), {**attrs, "reverse": bool(direction)}
        return _layer(op, reader, name, heard, weights, first + WEIGHTS, own)

    both_directions(op, reader, options, range(AUXILIARY, AUXILIARY + 3), layer)


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
