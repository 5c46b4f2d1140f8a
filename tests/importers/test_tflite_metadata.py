"""Labels and preprocessing of real files, and of files whose metadata are damaged."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from edgekit.export.tflite import tflite_bytes
from edgekit.importers.tflite import load_tflite
from edgekit.importers.tflite.archive import archived_file
from edgekit.interpreter import Interpreter
from edgekit.ir import GraphBuilder
from tests.material import material


def labelled(*labels: str) -> bytes:
    g = GraphBuilder("labelled")
    graph = g.finish([g.add("Relu", g.input("x", (None, len(labels))), name="y")])
    return tflite_bytes(graph.with_metadata(labels=labels))


@pytest.mark.parametrize("name", ["mobilenet_v1_0.25_128_quant", "tf2_mobilenet_v2_1.0_224_ptq"])
def test_real_labels(name: str) -> None:
    path = material(f"tflite/coral/{name}.tflite")
    wanted = material("data/coral/imagenet_labels.txt").read_text().splitlines()
    model = Interpreter(path)
    assert [label.strip() for label in model.labels] == [label.strip() for label in wanted]
    rule = model.metadata.preprocessing
    assert (rule is not None and rule.mean == rule.std == (127.5,)) or rule.mean == (128.0,)


def damaged(archive: bytes) -> bytes:
    """A model with another archive behind it."""
    whole = labelled("a", "b")
    return whole[: whole.index(b"PK\x03\x04")] + archive


def archive(name: str, content: bytes, **settings: Any) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **settings) as made:
        made.writestr(name, content)
    return stream.getvalue()


def test_the_archive_of_the_test_itself() -> None:
    made = archive("labels.txt", "ä\nb\n".encode(), compression=zipfile.ZIP_DEFLATED)
    assert load_tflite(damaged(made)).metadata.labels == ("ä", "b")


@pytest.mark.parametrize(
    "behind",
    [
        b"",
        b"PK\x03\x04 and nothing more",
        archive("other.txt", b"a\nb\n"),
        archive("labels.txt", b"\xff\xfe\n"),
        archive("labels.txt", b"a\n" * 2**20, compression=zipfile.ZIP_DEFLATED),
        archive("labels.txt", b"a\nb\n")[:-30],
        archive("labels.txt", b"abcdefgh\n" * 9, compression=zipfile.ZIP_DEFLATED).replace(
            b"abc", b"\0\0\0"
        ),
    ],
    ids=range(7),
)
def test_without_labels_a_model_still_runs(behind: bytes) -> None:
    model = Interpreter(damaged(behind))
    assert model.labels == () or len(model.labels) == 9
    assert model.run(np.array([[-1, 2]], np.float32))["y"].tolist() == [[0, 2]]


def several(compression: int, comment: bytes = b"") -> bytes:
    """An archive of three files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as made:
        for name in ("a", "folder/b", "c.txt"):
            made.writestr(name, name.encode() * 100)
        made.comment = comment
    return stream.getvalue()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("before", [b"", b"PK\5\6" + bytes(997)])
@pytest.mark.parametrize("comment", [b"", b"a comment" * 99])
def test_files_of_an_archive(compression: int, before: bytes, comment: bytes) -> None:
    content = before + several(compression, comment)
    for name in ("a", "folder/b", "c.txt"):
        wanted = zipfile.ZipFile(io.BytesIO(content)).read(name)
        assert archived_file(memoryview(content), name, 1000, 3) == wanted
    assert archived_file(memoryview(content), "d", 1000, 3) is None
    assert archived_file(memoryview(content), "a", 99, 3) is None
    assert archived_file(memoryview(content), "a", 1000, 2) is None


def test_every_damage_to_an_archive_is_seen() -> None:
    """Byte by byte: what comes back is the file, or nothing. The checksum sees to that."""
    content = several(zipfile.ZIP_DEFLATED)
    for position in range(len(content)):
        for flip in (1, 0x80, 0xFF):
            damaged = bytearray(content)
            damaged[position] ^= flip
            found = archived_file(memoryview(damaged), "folder/b", 1000, 3)
            assert found in (None, b"folder/b" * 100)
    assert archived_file(memoryview(several(zipfile.ZIP_BZIP2)), "a", 1000, 3) is None


@pytest.mark.parametrize("position", range(0, 160, 5))
def test_damaged_metadata_are_left_out(position: int) -> None:
    content = bytearray(labelled("a", "b"))
    start = content.index(b"M001") - 4
    content[start + 8 + position] ^= 0xFF
    model = Interpreter(bytes(content))
    assert model.labels in ((), ("a", "b"))
