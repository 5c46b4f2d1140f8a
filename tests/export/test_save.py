"""One door for all formats: the suffix chooses, and the file appears whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.export import EXPORTERS, save
from edgekit.export.edge import edge_bytes
from edgekit.frozen import replace
from edgekit.importers import load
from tests.edge_graphs import tiny_graph


@pytest.mark.parametrize("name", ["model.edge", "MODEL.EDGE", "a.b.edge"])
def test_a_saved_graph_is_loaded_again(tmp_path: Path, name: str) -> None:
    save(tiny_graph(), tmp_path / name)
    assert (tmp_path / name).read_bytes() == edge_bytes(tiny_graph())
    assert str(load(tmp_path / name)) == str(tiny_graph())


@pytest.mark.parametrize("suffix", EXPORTERS)
def test_every_suffix_has_its_exporter(tmp_path: Path, suffix: str) -> None:
    if suffix == ".onnx":
        pytest.importorskip("onnx")
    save(tiny_graph(), str(tmp_path / f"model{suffix}"))
    assert (tmp_path / f"model{suffix}").stat().st_size > 100
    assert os.listdir(tmp_path) == [f"model{suffix}"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("model.tflit", "file suffix '.tflit' is not known. Did you mean '.tflite'"),
        ("model.pb", "file suffix '.pb' is not known. Known: .edge, .onnx, .tflite"),
        ("model", "model has no suffix; known: .edge, .onnx, .tflite"),
    ],
)
def test_an_unknown_suffix_is_refused(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        save(tiny_graph(), tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_graph_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.edge"
    path.write_bytes(b"old")
    with pytest.raises(ShapeError):
        save(replace(tiny_graph(), outputs=("nothing",)), path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model.edge"]
