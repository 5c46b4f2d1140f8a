"""One door for all model files: told apart by content, and clear about what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

import edgekit
from edgekit.errors import InputError, ModelFormatError
from edgekit.export.edge import edge_bytes
from edgekit.export.tflite import tflite_bytes
from edgekit.importers import load
from edgekit.importers.tflite import load_tflite
from tests.edge_graphs import tiny_graph


def test_an_edge_file_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "renamed.bin"
    path.write_bytes(edge_bytes(tiny_graph()))
    assert str(load(path)) == str(edgekit.load(str(path))) == str(tiny_graph())


def test_a_tflite_file_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "renamed.bin"
    path.write_bytes(tflite_bytes(tiny_graph()))
    assert str(load(path)) == str(edgekit.load(str(path))) == str(load_tflite(path.read_bytes()))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("m.onnx", b"\x08\x07\x12\x07pytorch", "is an ONNX model, which edgekit writes but"),
        ("m.pt", b"PK\x03\x04....", "is a file of PyTorch; what can be read"),
        ("m.pb", b"\x0a\x00\x00\x00\x00", "is a graph of TensorFlow; what can be read"),
        ("m.npz", b"PK\x03\x04....", "is an archive; a Keras model must have the suffix"),
        ("m.txt", b"hello, world", "is no model that edgekit knows"),
        ("m.bin", b"", "is empty; what can be read: .edge, .tflite, .keras and .h5 files"),
    ],
)
def test_other_files_are_called_by_their_name(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        load(tmp_path / name)


@pytest.mark.parametrize("name", ["m.h5", "m.hdf5", "m.bin"])
def test_a_damaged_hdf5_file_is_called_damaged(tmp_path: Path, name: str) -> None:
    pytest.importorskip("h5py")
    path = tmp_path / name
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ModelFormatError, match=f"{name} is damaged, or no model of Keras"):
        load(path)


@pytest.mark.parametrize("suffix", [".edge", ".tflite"])
def test_a_damaged_file_is_called_damaged(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"m{suffix}"
    path.write_bytes(b"damaged beyond recognition")
    with pytest.raises(ModelFormatError, match="the identifier at byte 4"):
        load(path)


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        load(tmp_path / "m.edge")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load(tmp_path)
