"""`.edge` files: what goes in comes out, the same bytes each time, and others can read them."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from flatbuffers import number_types
from flatbuffers.table import Table

from edgekit.errors import ModelFormatError, ShapeError
from edgekit.export.edge import edge_bytes
from edgekit.frozen import fields, replace
from edgekit.interpreter.reader import read_edge
from edgekit.ir import Graph, GraphBuilder, Metadata, Value, plan_memory
from tests.cases import CASES, INT8_CASES, float_graph, int8_graph
from tests.edge_graphs import GRAPHS
from tests.material import ROOT


def assert_equal_graphs(mine: Graph, theirs: Graph) -> None:
    assert str(mine) == str(theirs)
    assert (mine.name, mine.inputs, mine.outputs) == (theirs.name, theirs.inputs, theirs.outputs)
    assert mine.nodes == theirs.nodes
    assert mine.states == theirs.states
    for node, other in zip(mine.nodes, theirs.nodes, strict=True):
        kinds = {key: type(value) for key, value in node.attrs.items()}
        assert kinds == {key: type(value) for key, value in other.attrs.items()}
    assert list(mine.values) == list(theirs.values)
    for value in mine.values.values():
        assert_equal_values(value, theirs.value(value.name))
    assert list(mine.subgraphs) == list(theirs.subgraphs)
    for name, subgraph in mine.subgraphs.items():
        assert_equal_graphs(replace(subgraph, name=name), theirs.subgraphs[name])
    assert_equal_metadata(mine.metadata, theirs.metadata)


def assert_equal_values(mine: Value, theirs: Value) -> None:
    assert (mine.shape, mine.dtype, mine.quant) == (theirs.shape, theirs.dtype, theirs.quant)
    assert mine.is_constant == theirs.is_constant
    if mine.is_constant:
        assert_equal_arrays(mine.array(), theirs.array())


def assert_equal_arrays(mine: np.ndarray, theirs: np.ndarray) -> None:
    assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
    assert mine.tobytes() == theirs.tobytes()


def assert_equal_metadata(mine: Metadata, theirs: Metadata) -> None:
    """Every field there is, so that a new one cannot be forgotten."""
    for name in fields(Metadata):
        if name != "test_vectors":
            assert getattr(mine, name) == getattr(theirs, name), name
    for vector, other in zip(mine.test_vectors, theirs.test_vectors, strict=True):
        assert vector.checksums == other.checksums
        for arrays, others in ((vector.inputs, other.inputs), (vector.outputs, other.outputs)):
            assert list(arrays) == list(others)
            for name in arrays:
                assert_equal_arrays(arrays[name], others[name])


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_comes_back_whole(name: str) -> None:
    graph = GRAPHS[name]()
    data = edge_bytes(graph)
    file = read_edge(data)
    assert_equal_graphs(graph, file.graph)
    assert file.plan == plan_memory(graph)
    assert edge_bytes(file.graph) == data


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_operator_comes_back(case) -> None:
    graphs = [float_graph(case)]
    if case in INT8_CASES:
        graphs += [int8_graph(case), int8_graph(case, "fixedpoint")]
    for graph in graphs:
        data = edge_bytes(graph)
        assert_equal_graphs(graph, read_edge(data).graph)
        assert edge_bytes(read_edge(data).graph) == data


def test_every_field_of_the_metadata_is_tried() -> None:
    """The int8 graph has something other than the default everywhere."""
    metadata, default = GRAPHS["int8"]().metadata, Metadata()
    same = [name for name in fields(Metadata) if getattr(metadata, name) == getattr(default, name)]
    assert same == []


@pytest.mark.parametrize("max_drop", [None, 0.0, 0.1])
def test_a_drop_of_zero_is_not_no_drop(max_drop: float | None) -> None:
    graph = GRAPHS["int8"]()
    accuracy = replace(graph.metadata.accuracy, max_drop=max_drop)
    graph = graph.with_metadata(accuracy=accuracy)
    assert read_edge(edge_bytes(graph)).graph.metadata.accuracy == accuracy


@pytest.mark.parametrize(
    "alpha", [0.1, 1e-300, -0.0, 5e-324, float(np.float32(0.1)), 2.0**31 - 1, -1 / 3]
)
def test_floats_keep_all_their_bits(alpha: float) -> None:
    g = GraphBuilder()
    graph = g.finish([g.add("LeakyRelu", g.input("x", (1,)), alpha=alpha)])
    (node,) = read_edge(edge_bytes(graph)).graph.nodes
    assert struct.pack("<d", node.attrs["alpha"]) == struct.pack("<d", alpha)


@pytest.mark.parametrize(
    "data",
    [
        np.array([True, False, True]),
        np.array([-(2**63), 2**63 - 1], np.int64),
        np.array([[-(2**15)], [2**15 - 1]], np.int16),
        np.array(2.5, np.float32),
        np.arange(6, dtype=np.uint8).reshape(1, 2, 3),
        np.array([1, 2], np.dtype(np.int32).newbyteorder(">")).astype(np.int32),
        np.arange(12, dtype=np.float32).reshape(3, 4).T,
        np.array([-0.0, 1e-45], np.float32),
    ],
    ids=lambda data: f"{data.dtype}{data.shape}",
)
def test_constants_of_every_dtype_and_order(data: np.ndarray) -> None:
    value = Value("k", data.shape, data.dtype.name, data)
    if data.dtype in (np.int16, np.uint8):
        value = replace(value, quant=None)
    graph = Graph((), ("k",), (), {"k": value})
    assert_equal_arrays(data, read_edge(edge_bytes(graph)).graph.value("k").array())


def test_values_that_nothing_refers_to_are_left_out() -> None:
    graph = GRAPHS["tiny"]()
    stray = Value("stray", (1000,), "float32", np.zeros(1000, np.float32))
    assert edge_bytes(graph.with_nodes(graph.nodes, [stray])) == edge_bytes(graph)


def test_equal_arrays_are_stored_once() -> None:
    g = GraphBuilder()
    x = g.input("x", (1, 500))
    weight = np.ones((500, 500), np.float32)
    for i in range(4):
        x = g.add("Dense", x, g.constant(weight.copy(), f"w{i}"), name=f"d{i}")
    assert weight.nbytes < len(edge_bytes(g.finish([x]))) < 1.02 * weight.nbytes


def test_the_order_of_provenance_does_not_change_the_bytes() -> None:
    graph = GRAPHS["int8"]()
    entries = graph.metadata.provenance
    other = graph.with_metadata(provenance=dict(reversed(entries.items())))
    assert edge_bytes(other) == edge_bytes(graph)


def test_another_process_writes_the_same_bytes() -> None:
    program = (
        "import hashlib; from tests.edge_graphs import GRAPHS\n"
        "from edgekit.export.edge import edge_bytes\n"
        "print([hashlib.sha256(edge_bytes(g())).hexdigest() for g in GRAPHS.values()])"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        mine = [hashlib.sha256(edge_bytes(make())).hexdigest() for make in GRAPHS.values()]
        assert done.stdout.strip() == str(mine)


def test_an_invalid_graph_is_not_written() -> None:
    graph = GRAPHS["tiny"]()
    with pytest.raises(ShapeError, match="is never computed"):
        edge_bytes(replace(graph, outputs=("y",)))


def test_a_graph_beyond_the_limits_is_not_written() -> None:
    graph = GRAPHS["tiny"]().with_metadata(provenance={"recipe": "r" * 70_000})
    with pytest.raises(ModelFormatError, match="graph 't' does not fit the format: .*70000 bytes"):
        edge_bytes(graph)


# The file as flatbuffers' own runtime sees it, by the slot numbers of the schema.


def child(table: Table, slot: int) -> Table:
    return Table(table.Bytes, table.Indirect(table.Pos + table.Offset(4 + 2 * slot)))


def children(table: Table, slot: int) -> list[Table]:
    offset = table.Offset(4 + 2 * slot)
    if not offset:
        return []
    start = table.Vector(offset)
    return [
        Table(table.Bytes, table.Indirect(start + 4 * i)) for i in range(table.VectorLen(offset))
    ]


def text(table: Table, slot: int) -> str:
    return table.String(table.Pos + table.Offset(4 + 2 * slot)).decode()


def octets(table: Table, slot: int) -> bytes:
    offset = table.Offset(4 + 2 * slot)
    return table.GetVectorAsNumpy(number_types.Uint8Flags, offset).tobytes()


def start_of(table: Table, slot: int) -> int:
    return int(table.Vector(table.Offset(4 + 2 * slot)))


@pytest.mark.parametrize("name", GRAPHS)
def test_flatbuffers_sees_the_same_graph(name: str) -> None:
    graph = GRAPHS[name]()
    data = bytearray(edge_bytes(graph))
    root = Table(data, struct.unpack_from("<I", data)[0])
    seen = child(root, 5)
    assert text(root, 7) == graph.metadata.signature
    assert text(seen, 0) == graph.name
    assert [text(node, 0) for node in children(seen, 3)] == [node.op for node in graph.nodes]
    assert [text(node, 5) for node in children(seen, 3)] == [node.name for node in graph.nodes]
    assert {text(value, 0): text(value, 2) for value in children(seen, 4)} == {
        value.name: value.dtype for value in graph.values.values()
    }


@pytest.mark.parametrize("name", GRAPHS)
def test_buffers_are_aligned_and_digests_are_what_the_readme_says(name: str) -> None:
    data = bytearray(edge_bytes(GRAPHS[name]()))
    root = Table(data, struct.unpack_from("<I", data)[0])
    structure = bytearray(data)
    own = start_of(root, 2)
    structure[own : own + 32] = bytes(32)
    holes = []
    for buffer in children(root, 13):
        start, contents = start_of(buffer, 1), octets(buffer, 1)
        assert start % 64 == 0
        assert hashlib.sha256(contents).digest() == octets(buffer, 0)
        holes.append((start, start + len(contents)))
    for start, end in sorted(holes, reverse=True):
        del structure[start:end]
    assert hashlib.sha256(structure).digest() == octets(root, 2)


@pytest.mark.parametrize("name", GRAPHS)
def test_the_structure_comes_first_so_that_it_is_read_in_one_piece(name: str) -> None:
    data = bytearray(edge_bytes(GRAPHS[name]()))
    root = Table(data, struct.unpack_from("<I", data)[0])
    spans = [(start_of(b, 1), start_of(b, 1) + len(octets(b, 1))) for b in children(root, 13)]
    ends = [end for _, end in spans]
    starts = [start for start, _ in spans[1:]] + [len(data)]
    assert all(0 <= start - end < 68 for end, start in zip(ends, starts, strict=True))
