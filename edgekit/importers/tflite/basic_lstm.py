"""Reading LSTM with its basic kernel: one weight for all gates, and memories that are kept at once
with what they become.
"""

from __future__ import annotations

from edgekit.errors import ShapeError, UnsupportedOperator

from .file import Operator
from .reader import Reader
from .states import keep, memory

__all__ = ["basic_lstm"]

X, HIDDEN, WEIGHT, BIAS, CELL = range(5)
OUTPUTS = HIDDEN_OUT, CELL_OUT, JOINED, SUMS = range(4)
GATES = ("input", "new", "forget", "output")


def basic_lstm(op: Operator, reader: Reader) -> None:
    """cell = sigmoid(input) * tanh(new) + sigmoid(forget) * cell, hidden = sigmoid(output) *
    tanh(cell), of sums over what is heard and the hidden state side by side."""
    x = reader.value(op, X)
    if x.dtype != "float32":
        raise UnsupportedOperator(
            f"its basic kernel is known in float32, not in {x.dtype}; convert the model with a "
            "converter that writes UNIDIRECTIONAL_SEQUENCE_LSTM"
        )
    if len(op.inputs) != 1 + CELL or len(op.outputs) != len(OUTPUTS):
        raise ShapeError(f"{len(op.inputs)} inputs and {len(op.outputs)} outputs, expected 5 and 4")
    hidden, cell = _memory(op, reader, HIDDEN), _memory(op, reader, CELL)
    size = reader.builder.values[cell].shape[-1:]
    weight = reader.value(op, WEIGHT)
    if len(weight.shape) != 2 or not size or weight.shape[0] != 4 * (size[0] or 0):
        raise ShapeError(f"{list(weight.shape)} are no weights of four gates of {list(size)}")
    reader.emit_one(op, JOINED, "Concat", x.name, hidden, axis=-1)
    joined = reader.bound[op.outputs[JOINED]]
    reader.emit_one(op, SUMS, "Dense", joined, weight.name, reader.input(op, BIAS))
    sizes = (int(size[0] or 0),) * len(GATES)
    parts = reader.add_all(op, "Split", reader.bound[op.outputs[SUMS]], count=4, sizes=sizes)
    gates = {
        gate: reader.add(op, "Tanh" if gate == "new" else "Sigmoid", part)
        for gate, part in zip(GATES, parts, strict=True)
    }
    heard = reader.add(op, "Mul", gates["input"], gates["new"])
    kept = reader.add(op, "Mul", gates["forget"], cell)
    reader.emit_one(op, CELL_OUT, "Add", heard, kept)
    curved = reader.add(op, "Tanh", reader.bound[op.outputs[CELL_OUT]])
    reader.emit_one(op, HIDDEN_OUT, "Mul", gates["output"], curved)
    for position, output in ((HIDDEN, HIDDEN_OUT), (CELL, CELL_OUT)):
        if reader.tensor(op, position).is_variable:
            keep(op, reader, position, reader.bound[op.outputs[output]])


def _memory(op: Operator, reader: Reader, position: int) -> str:
    """What the file does not keep by itself comes from elsewhere in the graph."""
    if reader.tensor(op, position).is_variable:
        return memory(op, reader, position)
    return reader.input(op, position)
