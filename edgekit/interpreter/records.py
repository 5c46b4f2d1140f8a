"""From the decoded records of a `.edge` file to the graph, its metadata and its memory plan.

Every index, shape, dtype and scale is checked here, where its field and byte offset are known. What
concerns several records at once (order of nodes, shapes that fit, live slots that overlap) is left
to `ir.validate` and `check_plan`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import QuantizationError, UnsupportedOperator
from edgekit.frozen import replace
from edgekit.ir import (
    OPS,
    Accuracy,
    Graph,
    MemoryPlan,
    Metadata,
    Node,
    Preprocessing,
    QuantParams,
    Shape,
    TestVector,
    Value,
)
from edgekit.ir.graph import DTYPES, Array, AttrValue, State
from edgekit.ir.memory import Slot
from edgekit.ir.validate_values import LONGEST_NAME, MOST_DIMENSIONS
from edgekit.schema import SCALARS
from edgekit.schema.decoder import Record

__all__ = ["read_graph", "read_plan"]

LARGEST_ARENA = 2**31 - 1  # elements of one sample

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


def read_graph(root: Record, buffers: Sequence[Bytes]) -> Graph:
    """The graph with its metadata. Raises ModelFormatError or UnsupportedOperator."""
    record: Record = root["graph"]
    inner: Sequence[Record] = record["subgraphs"]
    _check_operators([node for graph in (record, *inner) for node in graph["nodes"]])
    _refuse_twice(record, "subgraphs", [subgraph["name"] for subgraph in inner])
    graph = _network(record, buffers)
    return replace(
        graph,
        metadata=_metadata(root, list(graph.values.values()), buffers),
        subgraphs={subgraph["name"]: _subgraph(subgraph, buffers) for subgraph in inner},
    )


def _subgraph(record: Record, buffers: Sequence[Bytes]) -> Graph:
    for field in ("states", "subgraphs"):
        if record[field]:
            record.fail(field, f"a subgraph has no {field} of its own")
    return _network(record, buffers)


def _network(record: Record, buffers: Sequence[Bytes]) -> Graph:
    """The inputs, outputs, nodes, values and memories of one graph."""
    values = [_value(value, buffers) for value in record["values"]]
    names = [value.name for value in values]
    _refuse_twice(record, "values", names)
    return Graph(
        inputs=_names(record, "inputs", names),
        outputs=_names(record, "outputs", names),
        nodes=tuple(_node(node, names) for node in record["nodes"]),
        values={value.name: value for value in values},
        name=record["name"],
        states=tuple(_state(state, names) for state in record["states"]),
    )


def read_plan(root: Record, graph: Graph) -> MemoryPlan:
    """The memory plan, by the names of values."""
    record: Record = root["memory_plan"]
    if record["size"] > LARGEST_ARENA:
        record.fail("size", f"{record['size']} elements, allowed are {LARGEST_ARENA}")
    names = list(graph.values)
    slots = {}
    for slot in record["slots"]:
        name = names[_index(slot, "value", slot["value"], len(names))]
        if name in slots:
            slot.fail("value", f"{name!r} has a slot already")
        margins = (slot["top"], slot["left"], slot["bottom"], slot["right"])
        slots[name] = Slot(slot["offset"], slot["size"], margins)
    return MemoryPlan(record["size"], slots)


def _value(record: Record, buffers: Sequence[Bytes]) -> Value:
    _check_name(record)
    shape = _shape(record)
    if record["dtype"] not in DTYPES:
        known = ", ".join(DTYPES)
        record.fail("dtype", f"{record['dtype']!r} is none of {known}")
    data = None
    if record["buffer"] != -1:
        data = _array(record, record["dtype"], shape, buffers)
    quant = None if record["quant"] is None else _quant(record["quant"])
    return Value(record["name"], shape, record["dtype"], data, quant)


def _shape(record: Record) -> Shape:
    """The dimensions, -1 in the first place as None."""
    dimensions = record["shape"].tolist()
    if len(dimensions) > MOST_DIMENSIONS:
        record.fail("shape", f"{len(dimensions)} dimensions, allowed are {MOST_DIMENSIONS}")
    is_open = dimensions[:1] == [-1]
    known = dimensions[1:] if is_open else dimensions
    if min(known, default=1) < 1:
        record.fail("shape", f"{dimensions}: only the first dimension may be unknown (-1)")
    return (None, *known) if is_open else tuple(known)


def _array(record: Record, dtype: str, shape: Shape, buffers: Sequence[Bytes]) -> Array:
    """The contents of the record's buffer: a read-only view, in native byte order."""
    sizes = tuple(d for d in shape if d is not None)
    if len(sizes) < len(shape):
        record.fail("shape", f"{shape}: an array has no unknown dimension")
    contents = buffers[_index(record, "buffer", record["buffer"], len(buffers))]
    stored = SCALARS[dtype]
    need = math.prod(sizes) * stored.itemsize
    if len(contents) != need:
        record.fail(
            "buffer", f"{dtype}{list(shape)} needs {need} bytes, the buffer holds {len(contents)}"
        )
    if dtype == "bool" and contents.max() > 1:
        record.fail("buffer", "a bool is stored as 0 or 1")
    array = contents.view(stored).reshape(sizes).astype(DTYPES[dtype], copy=False)
    array.flags.writeable = False
    return array


def _quant(record: Record) -> QuantParams:
    axis = record["axis"]
    if not -1 <= axis < MOST_DIMENSIONS:
        record.fail("axis", f"{axis} is no axis")
    try:
        return QuantParams(record["scale"], record["zero_point"], None if axis == -1 else axis)
    except QuantizationError as error:
        record.fail("scale", str(error))


def _check_operators(nodes: Sequence[Record]) -> None:
    """Raise UnsupportedOperator with every operator, or version of one, that is not known."""
    layers: dict[str, list[str]] = {}
    for node in nodes:
        operator, version = node["operator"], node["version"]
        known = OPS.get(operator)
        if known is None or not 1 <= version <= known.version:
            here = "" if known is None else f", known up to {known.version}"
            layers.setdefault(f"{operator!r} version {version}{here}", []).append(node["name"])
    if layers:
        lines = "".join(
            f"\n  - {operator}: layers {', '.join(map(repr, names[:20]))}"
            for operator, names in layers.items()
        )
        raise UnsupportedOperator(
            f"operators that this edgekit does not know:{lines}\n"
            "Upgrade edgekit, or convert the model again with this version."
        )


def _node(record: Record, names: Sequence[str]) -> Node:
    _check_name(record)
    inputs = record["inputs"].tolist()
    attributes: dict[str, AttrValue] = {}
    for attribute in record["attributes"]:
        if attribute["name"] in attributes:
            attribute.fail("name", f"{attribute['name']!r} stands twice")
        attributes[attribute["name"]] = _attribute(attribute)
    return Node(
        record["operator"],
        tuple(None if i == -1 else names[_index(record, "inputs", i, len(names))] for i in inputs),
        _names(record, "outputs", names),
        attributes,
        record["name"],
    )


def _state(record: Record, names: Sequence[str]) -> State:
    fields = ("value", "initial", "next")
    return State(*(names[_index(record, field, record[field], len(names))] for field in fields))


def _attribute(record: Record) -> AttrValue:
    """The member of the union says the kind; `ir.validate` asks whether the operator takes it."""
    if record["value"] is None:
        record.fail("value", f"of the unknown kind {record['value_type']}")
    content: Any = record["value"]["value"]
    return tuple(content.tolist()) if isinstance(content, np.ndarray) else content


def _metadata(root: Record, values: Sequence[Value], buffers: Sequence[Bytes]) -> Metadata:
    entries = root["provenance"]
    _refuse_twice(root, "provenance", [entry["key"] for entry in entries])
    scaling: Record | None = root["preprocessing"]
    return Metadata(
        arithmetic=root["arithmetic"],
        signature=root["signature"],
        labels=tuple(root["labels"]),
        preprocessing=None
        if scaling is None
        else Preprocessing(tuple(scaling["mean"].tolist()), tuple(scaling["std"].tolist())),
        provenance={entry["key"]: entry["value"] for entry in entries},
        accuracy=_accuracy(root["accuracy"]),
        test_vectors=tuple(_test_vector(v, values, buffers) for v in root["test_vectors"]),
    )


def _accuracy(record: Record | None) -> Accuracy | None:
    if record is None:
        return None
    names = ("metric", "float_value", "int8_value", "samples", "max_drop")
    return Accuracy(**{name: record[name] for name in names})


def _test_vector(record: Record, values: Sequence[Value], buffers: Sequence[Bytes]) -> TestVector:
    names = [value.name for value in values]
    checksums = {}
    for entry in record["checksums"]:
        name = names[_index(entry, "value", entry["value"], len(names))]
        if name in checksums:
            entry.fail("value", f"{name!r} has a checksum already")
        checksums[name] = entry["crc32"]
    return TestVector(
        _tensors(record, "inputs", values, buffers),
        _tensors(record, "outputs", values, buffers),
        checksums,
    )


def _tensors(
    record: Record, field: str, values: Sequence[Value], buffers: Sequence[Bytes]
) -> dict[str, Array]:
    """Arrays by the names of their values, in the values' dtypes."""
    arrays: dict[str, Array] = {}
    for tensor in record[field]:
        value = values[_index(tensor, "value", tensor["value"], len(values))]
        if value.name in arrays:
            tensor.fail("value", f"{value.name!r} stands twice")
        arrays[value.name] = _array(tensor, value.dtype, _shape(tensor), buffers)
    return arrays


def _names(record: Record, field: str, names: Sequence[str]) -> tuple[str, ...]:
    """Indices into the values, as names."""
    return tuple(names[_index(record, field, i, len(names))] for i in record[field].tolist())


def _index(record: Record, field: str, index: int, length: int) -> int:
    if not 0 <= index < length:
        record.fail(field, f"index {index}, expected 0 to {length - 1}")
    return index


def _check_name(record: Record) -> None:
    if len(record["name"]) > LONGEST_NAME:
        record.fail("name", f"{len(record['name'])} characters, allowed are {LONGEST_NAME}")


def _refuse_twice(record: Record, field: str, names: Sequence[str]) -> None:
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        record.fail(field, f"names stand twice: {', '.join(map(repr, doubled[:20]))}")
