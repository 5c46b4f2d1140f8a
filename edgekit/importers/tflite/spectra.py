"""Reading the transform of Fourier, and operators of complex numbers.

A graph has real numbers alone. Before a subgraph with complex tensors is read, each of them becomes
two of float32, and what moves its elements moves those of both.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgekit.errors import UnsupportedOperator
from edgekit.frozen import replace

from .file import Operator, Subgraph, Tensor
from .reader import COMPLEX, Reader, Rule

__all__ = ["READERS", "in_real_numbers"]

MOVES = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
PART = {"REAL": 0, "CAST": 0, "IMAG": 1, "SHAPE": 0, "RANK": 0}
"""The part that an operator needs. A cast to real numbers leaves the imaginary one out."""

Parts = Mapping[int, tuple[int, int]]
"""The real and the imaginary tensor that a complex one becomes, by its index."""


def in_real_numbers(graph: Subgraph) -> Subgraph:
    """The subgraph without complex tensors.

    Raises UnsupportedOperator with all tensors and operators that this cannot be done with.
    """
    given = {i: graph.tensors[i] for i in graph.inputs + graph.outputs}
    problems = [
        f"tensor {tensor.name!r} is {COMPLEX}; a model takes and gives real numbers"
        for tensor in graph.tensors
        if tensor.dtype == COMPLEX and (tensor.index in given or tensor.is_constant)
    ]
    tensors, parts = _parts(graph)
    operators: list[Operator] = []
    for op in graph.operators:
        found = _in_parts(op, parts)
        operators += found or ()
        if found is None:
            names = ", ".join(repr(graph.tensors[i].name) for i in op.outputs)
            problems.append(f"{op.code} {names} computes with {COMPLEX}, which is not known")
    if problems:
        raise UnsupportedOperator("; ".join(problems))
    return replace(graph, tensors=tensors, operators=tuple(operators))


def _parts(graph: Subgraph) -> tuple[tuple[Tensor, ...], Parts]:
    """A part is the tensor that the first operator gives it as, or one more tensor."""
    tensors, named = list(graph.tensors), dict[tuple[int, int], int]()
    for op in graph.operators:
        if op.code in ("REAL", "IMAG") and op.inputs and op.outputs:
            named.setdefault((op.inputs[0], PART[op.code]), op.outputs[0])
    parts = {}
    for tensor in graph.tensors:
        if tensor.dtype == COMPLEX:
            pair = []
            for part, name in enumerate(("real", "imaginary")):
                if (tensor.index, part) not in named:
                    named[tensor.index, part] = len(tensors)
                    own = {"index": len(tensors), "name": f"{tensor.name}/{name}"}
                    tensors.append(replace(tensor, dtype="float32", **own))
                pair.append(named[tensor.index, part])
            parts[tensor.index] = (pair[0], pair[1])
    return tuple(tensors), parts


def _in_parts(op: Operator, parts: Parts) -> list[Operator] | None:
    """The operators of real numbers that do the same; None where that is not known."""
    inputs, outputs = (parts.get(ends[0]) if ends else None for ends in (op.inputs, op.outputs))
    if not parts.keys() & {*op.inputs[1:], *op.outputs[1:]}:
        if inputs is None and outputs is None:
            return [op]
        if inputs is None and outputs is not None and op.code == "RFFT2D":
            return [replace(op, outputs=outputs)]
        if inputs is not None and outputs is not None and op.code in MOVES:
            pairs = zip(inputs, outputs, strict=True)
            return [replace(op, inputs=(x, *op.inputs[1:]), outputs=(y,)) for x, y in pairs]
        if inputs is not None and outputs is None and op.code == "COMPLEX_ABS":
            return [replace(op, inputs=inputs)]
        if inputs is not None and outputs is None and op.code in PART:
            source = inputs[PART[op.code]]
            return [] if op.outputs == (source,) else [replace(op, inputs=(source,))]
    return None


def rfft2d(op: Operator, reader: Reader) -> None:
    lengths = reader.integers(op, 1)
    if len(op.outputs) != 2:
        op.record.fail("outputs", "real numbers, expected complex ones")
    reader.emit(op, "Rfft2D", reader.input(op, 0), lengths=lengths)


def part(op: Operator, reader: Reader) -> None:
    """The input is that part already."""
    reader.bind(op, reader.input(op, 0))


def absolute(op: Operator, reader: Reader) -> None:
    squares = [reader.add(op, "Square", name) for name in reader.inputs(op)]
    if len(squares) != 2:
        op.record.fail("inputs", "real numbers, expected complex ones")
    reader.emit(op, "Sqrt", reader.add(op, "Add", *squares))


READERS: dict[str, Rule] = {
    "RFFT2D": rfft2d,
    "REAL": part,
    "IMAG": part,
    "COMPLEX_ABS": absolute,
}
