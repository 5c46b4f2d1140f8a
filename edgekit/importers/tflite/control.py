"""Reading IF and WHILE: the subgraphs that they name become subgraphs of the graph.

A subgraph is read with the shapes that it is given, once for each set of them. Shapes are fixed, so
a loop keeps those of its values. Constants that it is given, as converters give weights, become its
own, if a loop does not change them. Where a body collects its results in an array, converters write
`concat(array[:i], row, array[i + 1:])`, whose parts change their shapes: that is read as one
UpdateSlice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from edgekit.errors import EdgekitError, ModelFormatError, ShapeError, UnsupportedOperator
from edgekit.frozen import replace
from edgekit.ir import GraphBuilder, Node, Value
from edgekit.ir.control import DEEPEST_CALLS, control_problems, control_results
from edgekit.ir.passes import drop_dead_nodes

from .file import Operator, Subgraph
from .reader import Reader, Rule
from .tensors import graph_dtype

__all__ = ["READERS", "check_callers", "subgraph_of"]

UPDATE = "DYNAMIC_UPDATE_SLICE"
T = TypeVar("T")


def if_(op: Operator, reader: Reader) -> None:
    options = op.options("IfOptions")
    choice, *given = _given(op, reader)
    constants = frozenset(i for i, value in enumerate(given) if value.is_constant)
    branches = {
        "then_branch": _called(op, reader, options["then_subgraph_index"], given, constants),
        "else_branch": _called(op, reader, options["else_subgraph_index"], given, constants),
    }
    inputs = [choice, *_without(constants, given)]
    _emit(op, reader, "If", inputs, range(len(op.outputs)), branches)


def while_(op: Operator, reader: Reader) -> None:
    options = op.options("WhileOptions")
    given = _given(op, reader)
    body = subgraph_of(op, reader, options["body_subgraph_index"])
    unchanged = [i == o for i, o in zip(body.inputs, body.outputs, strict=False)]
    constants = frozenset(
        i for i, value in enumerate(given[: len(unchanged)]) if value.is_constant and unchanged[i]
    )
    parts = {
        "condition": _called(op, reader, options["cond_subgraph_index"], given, constants),
        "body": _called(op, reader, options["body_subgraph_index"], given, constants, constants),
    }
    for position in constants.intersection(range(len(op.outputs))):
        reader.bind(op, given[position].name, position)
    changing = _without(constants, range(len(op.outputs)))
    _emit(op, reader, "While", _without(constants, given), changing, parts)


def update_slice(op: Operator, reader: Reader) -> None:
    """Where fewer numbers than dimensions say the start, the others are 0."""
    x, update, start = (reader.input(op, i) for i in range(3))
    value, rank = reader.value(op, 2), len(reader.value(op, 0).shape)
    if len(value.shape) == 1 and 0 < int(value.shape[0] or 0) < rank:
        rest = np.zeros(rank - int(value.shape[0] or 0), value.dtype)
        start = reader.add(op, "Concat", start, reader.new_constant(op, rest, "rest"), axis=0)
    reader.emit(op, "UpdateSlice", x, update, start)


def _given(op: Operator, reader: Reader) -> list[Value]:
    if any(reader.tensor(op, i).dtype == "resource" for i in range(len(op.inputs))):
        raise UnsupportedOperator("variables inside a loop or a branch are not known")
    return [reader.builder.values[name] for name in reader.inputs(op)]


def _without(places: Collection[int], entries: Sequence[T]) -> list[T]:
    """The entries but for those at some places."""
    return [entry for place, entry in enumerate(entries) if place not in places]


def _emit(
    op: Operator,
    reader: Reader,
    kind: str,
    given: Sequence[Value],
    outputs: Sequence[int],
    parts: Mapping[str, str],
) -> None:
    """Add the node; `outputs` are the places of the operator's outputs that it computes."""
    names = [reader.names[op.outputs[i]] for i in outputs]
    node = Node(kind, tuple(v.name for v in given), tuple(names), dict(parts), reader.layer(op))
    results = control_results(reader.builder.subgraphs, node)
    problems = control_problems(reader.builder.subgraphs, node, given, results)
    if problems:
        raise UnsupportedOperator("; ".join(problems))
    if len(results) != len(names):
        op.record.fail("outputs", f"{len(names)}, expected {len(results)}")
    inputs = [value.name for value in given]
    attrs: dict[str, Any] = {"name": reader.layer(op), "outputs": names, **parts}
    found = reader.builder.add_all(kind, *inputs, **attrs)
    for position, name in zip(outputs, found, strict=True):
        reader.bind(op, name, position)


def subgraph_of(
    op: Operator, reader: Reader, index: int, field: str = "builtin_options"
) -> Subgraph:
    """The subgraph that an operator names in its options, which stand in `field`."""
    if not 0 < index < len(reader.subgraphs):
        op.record.fail(field, f"subgraph {index} of {len(reader.subgraphs)}")
    return reader.subgraphs[index]


def check_callers(reader: Reader, index: int) -> None:
    """Raise where a subgraph would be read within itself, or too deep in others."""
    callers: list[int] = []
    above: Reader | None = reader
    while above is not None:
        callers.append(above.graph.index)
        above = above.caller
    if index in callers:
        raise ModelFormatError(f"subgraph {index} calls itself")
    if len(callers) > DEEPEST_CALLS:
        raise UnsupportedOperator(f"subgraphs call each other more than {DEEPEST_CALLS} deep")


def _called(
    op: Operator,
    reader: Reader,
    index: int,
    given: Sequence[Value],
    constants: frozenset[int],
    dropped: frozenset[int] = frozenset(),
) -> str:
    """The name of a subgraph in the graph. What cannot be read is not tried twice.

    constants: places of what it is given that become constants of its own.
    dropped: places of the results that nobody needs.
    """
    subgraph_of(op, reader, index)
    kinds = (
        id(value.data) if place in constants else (value.shape, value.dtype, value.quant)
        for place, value in enumerate(given)
    )
    key = (index, (dropped, *kinds))
    if key not in reader.called:
        try:
            reader.called[key] = _read(reader, index, given, constants, dropped)
        except EdgekitError as error:
            reader.called[key] = error
    found = reader.called[key]
    if isinstance(found, EdgekitError):
        raise found
    return found


def _read(
    reader: Reader,
    index: int,
    given: Sequence[Value],
    constants: frozenset[int],
    dropped: frozenset[int],
) -> str:
    from . import read_operators  # which knows all rules, and so this module

    check_callers(reader, index)
    subgraph = _with_updates(reader.subgraphs[index])
    name = subgraph.name or f"subgraph {index}"
    builder = GraphBuilder(name, within=reader.builder)
    inner = Reader(subgraph, builder, reader.arithmetic, reader.subgraphs, caller=reader)
    if len(subgraph.inputs) != len(given):
        raise ModelFormatError(f"{name!r} takes {len(subgraph.inputs)} inputs, not {len(given)}")
    _bind(inner, given, constants)
    try:
        read_operators(inner)
        outputs = [inner.name_of(i) for i in _without(dropped, subgraph.outputs)]
        graph = drop_dead_nodes(builder.finish(outputs))
    except ShapeError as error:
        raise ModelFormatError(f"in {name!r}: {error}") from error
    except EdgekitError as error:
        raise type(error)(f"in {name!r}: {error}") from error
    return reader.builder.subgraph(name, graph)


def _bind(inner: Reader, given: Sequence[Value], constants: frozenset[int]) -> None:
    """Give a subgraph its inputs, and its own constants."""
    builder = inner.builder
    for place, (tensor, value) in enumerate(zip(inner.graph.inputs, given, strict=True)):
        if graph_dtype(inner.graph.tensors[tensor]) != value.dtype:
            raise ModelFormatError(f"{inner.graph.name!r} is given {value}")
        if place in constants:
            own = builder.constant(value.array(), inner.names[tensor], value.quant)
        else:
            own = builder.input(inner.names[tensor], value.shape, value.dtype, value.quant)
        inner.bind_tensor(tensor, own)


def _with_updates(graph: Subgraph) -> Subgraph:
    """The subgraph with each `concat(array[:i], row, array[i + 1:])` as one operator."""
    makers = {index: op for op in graph.operators for index in op.outputs}
    gone: set[int] = set()
    updates: dict[int, Operator] = {}
    readers: dict[int, int] = {}
    for op in graph.operators:
        for index in op.inputs:
            readers[index] = readers.get(index, 0) + 1
    for op in graph.operators:
        start = _updated_row(graph, makers, op)
        if start is None:
            continue
        before, row, after = op.inputs
        slices = [makers[before], makers[after]]
        if all(readers[s.outputs[0]] == 1 and s.outputs[0] not in graph.outputs for s in slices):
            gone |= {s.index for s in slices}
            inputs = (slices[0].inputs[0], row, start)
            updates[op.index] = replace(op, code=UPDATE, inputs=inputs)
    kept = tuple(updates.get(op.index, op) for op in graph.operators if op.index not in gone)
    return replace(graph, operators=kept)


def _updated_row(graph: Subgraph, makers: Mapping[int, Operator], op: Operator) -> int | None:
    """The tensor [i] of such a concatenation; None for any other operator."""
    if op.code != "CONCATENATION" or len(op.inputs) != 3:
        return None
    before, after = makers.get(op.inputs[0]), makers.get(op.inputs[2])
    options = op.options("ConcatenationOptions")
    if options["axis"] != 0 or options["fused_activation_function"]:
        return None
    for part in (before, after):
        if part is None or part.code != "SLICE" or len(part.inputs) != 3:
            return None
    assert before is not None and after is not None
    starts = _leading(graph, makers, after.inputs[1], 0)
    ends = _leading(graph, makers, before.inputs[2], -1)
    whole = _is_all(graph, before.inputs[1], 0) and _is_all(graph, after.inputs[2], -1)
    if starts is None or ends is None or not whole or before.inputs[0] != after.inputs[0]:
        return None
    row = graph.tensors[op.inputs[1]].shape
    return ends if row[:1] == (1,) and _is_next(graph, makers, ends, starts) else None


def _leading(graph: Subgraph, makers: Mapping[int, Operator], index: int, rest: int) -> int | None:
    """The tensor [i] of `concat([i], [rest, rest ...])`."""
    op = makers.get(index)
    if op is None or op.code != "CONCATENATION" or len(op.inputs) != 2:
        return None
    return op.inputs[0] if _is_all(graph, op.inputs[1], rest) else None


def _is_next(graph: Subgraph, makers: Mapping[int, Operator], first: int, second: int) -> bool:
    """Whether `second` is reshape(i + 1) where `first` is reshape(i)."""
    ops = [makers.get(first), makers.get(second)]
    if any(op is None or op.code != "RESHAPE" or not op.inputs for op in ops):
        return False
    sources = [op.inputs[0] for op in ops if op is not None]
    add = makers.get(sources[1])
    if add is None or add.code != "ADD" or len(add.inputs) != 2:
        return False
    return any(add.inputs[i] == sources[0] and _is_all(graph, add.inputs[1 - i], 1) for i in (0, 1))


def _is_all(graph: Subgraph, index: int, number: int) -> bool:
    """Whether a tensor is a constant of int32 that is this number everywhere."""
    tensor = graph.tensors[index] if index >= 0 else None
    if tensor is None or not tensor.is_constant or tensor.dtype != "int32":
        return False
    return bool((np.frombuffer(tensor.data, "<i4") == number).all())


READERS: dict[str, Rule] = {"IF": if_, "WHILE": while_, UPDATE: update_slice}
