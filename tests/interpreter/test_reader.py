"""Where a model comes from, a mapped path or bytes, and what is said when there is none."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import InputError, ModelFormatError, UnsupportedOperator
from edgekit.export.edge import edge_bytes
from edgekit.interpreter.reader import read_edge
from edgekit.ir import Graph, GraphBuilder
from tests.edge_files import sealed, unpacked
from tests.edge_graphs import GRAPHS, int8_graph

DATA = edge_bytes(int8_graph())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.edge"
    path.write_bytes(DATA)
    return path


def arrays(graph: Graph) -> list[np.ndarray]:
    found = [value.array() for value in graph.constants()]
    for vector in graph.metadata.test_vectors:
        found += [*vector.inputs.values(), *vector.outputs.values()]
    return found


def test_every_source_gives_the_same_graph(path: Path) -> None:
    sources = [path, str(path), DATA, bytearray(DATA), memoryview(DATA), np.frombuffer(DATA, "u1")]
    sources[-1] = sources[-1].data  # a memoryview of an array
    assert {str(read_edge(source).graph) for source in sources} == {str(int8_graph())}


def test_arrays_are_read_only_views_of_the_bytes() -> None:
    file = read_edge(DATA)
    whole = np.frombuffer(DATA, np.uint8)
    for array in arrays(file.graph):
        assert np.shares_memory(array, whole)
        assert not array.flags.writeable
        assert array.flags.aligned
        with pytest.raises(ValueError, match="cannot set WRITEABLE"):
            array.flags.writeable = True


def test_arrays_of_a_mapped_file_start_at_multiples_of_64_bytes(path: Path) -> None:
    graph = read_edge(path).graph
    for array in arrays(graph):
        assert not array.flags.owndata
        assert array.ctypes.data % 64 == 0
        with pytest.raises(ValueError, match="cannot set WRITEABLE"):
            array.flags.writeable = True


def test_a_mapped_file_may_be_replaced_and_deleted(path: Path, tmp_path: Path) -> None:
    graph = read_edge(path).graph
    before = [array.copy() for array in arrays(graph)]
    (tmp_path / "new").write_bytes(b"x")
    os.replace(tmp_path / "new", path)
    path.unlink()
    assert all((a == b).all() for a, b in zip(arrays(graph), before, strict=True))


@pytest.mark.parametrize("shift", range(1, 9))
def test_bytes_at_odd_addresses_are_read(shift: int) -> None:
    view = memoryview(bytes(shift) + DATA)[shift:]
    assert all(array.flags.aligned for array in arrays(read_edge(view).graph))


def test_a_view_with_gaps_is_refused() -> None:
    doubled = np.repeat(np.frombuffer(DATA, np.uint8), 2)
    with pytest.raises(InputError, match="must lie in one piece"):
        read_edge(memoryview(doubled)[::2])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no file '.*nothing.edge'; check the path"):
        read_edge(tmp_path / "nothing.edge")


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read|is not a regular file"):
        read_edge(tmp_path)
    with pytest.raises(InputError, match="is not a regular file"):
        read_edge("/dev/null")


def test_an_unreadable_file_is_refused(path: Path) -> None:
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(InputError, match="cannot be read"):
        read_edge(path)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the file is empty"),
        (b"\0" * 7, "the file has 7 bytes, expected 8 to 2147483647"),
        (bytes(64), "the identifier at byte 4 is .* a file of another kind"),
        (b"PK\3\4" + bytes(60), "this is an archive; unpack it"),
        (b"\x1f\x8b" + bytes(60), "this is a compressed file; unpack it"),
        (b"version https://git-lfs.github.com/spec/v1\n", "of Git LFS; .* with git lfs pull"),
        (b"<!DOCTYPE html><title>404</title>", "this is a web page; download the file itself"),
        (b"<HTML><title>404</title></html>", "this is a web page; download the file itself"),
        (DATA[:-1], "Model"),
    ],
)
def test_a_bad_file_is_named_with_its_path(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "bad.edge"
    path.write_bytes(data)
    with pytest.raises(ModelFormatError, match=f"^{path}: .*{sentence}"):
        read_edge(path)


def test_a_file_too_large_for_the_format_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.edge"
    with open(path, "wb") as file:
        file.truncate(2**31)
    with pytest.raises(ModelFormatError, match="the file has 2147483648 bytes, expected 8 to"):
        read_edge(path)


def test_unknown_operators_are_named_with_the_path(tmp_path: Path) -> None:
    fields = unpacked(DATA)
    fields["graph"]["nodes"][0]["operator"] = "Attention"
    path = tmp_path / "new.edge"
    path.write_bytes(sealed(fields))
    with pytest.raises(UnsupportedOperator, match=f"^{path}: operators that .*\n.*'Attention'"):
        read_edge(path)


def test_a_file_of_four_megabytes_is_read_in_a_moment(tmp_path: Path) -> None:
    """Most of it is hashing. The limit is far above what is measured, and below any blunder."""
    rng = np.random.default_rng(0)
    g = GraphBuilder()
    x = g.input("x", (None, 1000))
    for i in range(4):
        x = g.add(
            "Dense",
            x,
            g.constant(
                rng.normal(size=(500 + 500 * (i % 2), 1000 - 500 * (i % 2))).astype(np.float32),
                f"w{i}",
            ),
            name=f"d{i}",
        )
    path = tmp_path / "large.edge"
    path.write_bytes(edge_bytes(g.finish([x])))
    assert path.stat().st_size > 4e6
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        read_edge(path)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5


@pytest.mark.parametrize("name", GRAPHS)
def test_reading_a_path_gives_what_reading_bytes_gives(tmp_path: Path, name: str) -> None:
    data = edge_bytes(GRAPHS[name]())
    path = tmp_path / "model.edge"
    path.write_bytes(data)
    mapped, flat = read_edge(path), read_edge(data)
    assert mapped.plan == flat.plan
    assert edge_bytes(mapped.graph) == data
