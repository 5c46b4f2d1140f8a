"""The commands on `.tflite` files, also on one that holds operators which nobody here knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit.cli import main
from edgekit.interpreter import Interpreter
from edgekit.schema import tflite_layout as tflite
from edgekit.schema.encoder import encode
from tests.cli.conftest import Files
from tests.cli.test_commands import printed
from tests.importers.test_tflite_signatures import two_functions
from tests.interpreter.test_open_sizes import windows

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def model(files: Files, tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    assert main(["export", files.model, "-o", str(path)]) == 0
    return path


def test_it_is_inspected(model: Path, capsys: Capture) -> None:
    text = printed(["inspect", str(model)], capsys)
    graph = Interpreter(model).graph
    assert f"input   {graph.value(graph.inputs[0])}" in text
    assert "labels: ant, bee, cat, dog" in text
    assert all(node.op in text for node in graph.nodes)


def test_it_is_run(model: Path, files: Files, capsys: Capture) -> None:
    """It says what the `.edge` file says that it was made from."""
    capsys.readouterr()
    ours = printed(["run", files.model, "--input", files.x], capsys)
    assert printed(["run", str(model), "--input", files.x], capsys) == ours
    assert ours.count("sample ") == 20


def test_it_is_timed(model: Path, capsys: Capture) -> None:
    text = printed(["bench", str(model), "--runs", "3", "--batch", "2"], capsys)
    assert "model.tflite: 3 runs, batch 2" in text
    assert "Dense" in text


def test_it_becomes_an_edge_file(model: Path, tmp_path: Path, files: Files) -> None:
    path = tmp_path / "again.edge"
    assert main(["export", str(model), "-o", str(path)]) == 0
    x = np.load(files.x)
    found, wanted = Interpreter(path).run(x), Interpreter(files.model).run(x)
    for one, other in zip(found.values(), wanted.values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_unknown_operator_is_shown(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "strange.tflite"
    path.write_bytes(_with_custom_operator())
    text = printed(["inspect", str(path)], capsys)
    assert "input   sound:int16[1, 480] 0.5@0" in text
    assert "output  energy:float32[4]" in text
    assert "1  SpectralMagic  custom, not known" in text
    assert "what cannot be run" in text and "SpectralMagic ('energy'): a custom operator" in text
    complaint = printed(["run", str(path), "--input", str(tmp_path / "x.npy")], capsys, code=2)
    assert "SpectralMagic ('energy')" in complaint


def test_a_damaged_file_is_called_damaged(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "damaged.tflite"
    path.write_bytes(_with_custom_operator()[:200])
    assert " at byte " in printed(["inspect", str(path)], capsys, code=2)


def test_other_signatures_are_not_left_out_silently(tmp_path: Path, capsys: Capture) -> None:
    path, output = tmp_path / "two.tflite", str(tmp_path / "one.edge")
    path.write_bytes(two_functions())
    text = printed(["export", str(path), "-o", output], capsys)
    assert f"{path}: signature 'double' is read, not 'square'; for another: --signature" in text
    chosen = printed(["export", str(path), "-o", output, "--signature", "square"], capsys)
    assert "is read, not" not in chosen
    (result,) = Interpreter(output).run(np.float32([[3, 4, 5]])).values()
    assert result.tolist() == [[9, 16, 25]]
    assert "is read, not 'square'" in printed(["inspect", str(path)], capsys)
    assert "signature" not in printed(["inspect", output], capsys)


def test_a_shape_is_chosen(tmp_path: Path, capsys: Capture) -> None:
    """The file's own single number is too few for a window of 16."""
    path, sounds, output = tmp_path / "open.tflite", tmp_path / "x.npy", tmp_path / "y.npy"
    path.write_bytes(windows())
    np.save(sounds, np.ones((1, 1, 40, 1), np.float32))
    given = ["run", str(path), "--input", str(sounds), "--output", str(output)]
    assert "choose them: 'x' [-1, 1, -1, 1]" in printed(given, capsys, code=2)
    printed([*given, "--input-shape", "x=1,1,40,1"], capsys)
    assert np.load(output).shape == (1, 1, 7, 3)
    shape = ["--input-shape", "x=-1,1,24,1"]
    assert "fastest" in printed(["bench", str(path), "--runs", "1", *shape], capsys)
    edge, data = tmp_path / "x.edge", tmp_path / "c.npy"
    np.save(data, np.random.default_rng(0).normal(size=(20, 1, 24, 1)).astype(np.float32))
    printed(["convert", str(path), "--calibration", str(data), "-o", str(edge), *shape], capsys)
    assert Interpreter(edge).graph.value("y").shape == (None, 1, 3, 3)


@pytest.mark.parametrize(
    ("choice", "complaint"),
    [
        (["--input-shape", "x"], "expected NAME=N,N as in sound=1,16000, received 'x'"),
        (["--input-shape", "x=1,two"], "expected NAME=N,N as in sound=1,16000, received 'x=1,two'"),
        (["--input-shape", "z=1,1,40,1"], "input 'z'"),
        (["--input-shape", "x=1,40"], "input 'x' has 4 dimensions"),
        (["--signature", "main"], "signature 'main'"),
    ],
)
def test_choices_that_cannot_be(
    choice: list[str], complaint: str, tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "open.tflite"
    path.write_bytes(windows())
    assert complaint in printed(["bench", str(path), *choice], capsys, code=2)


def test_other_files_leave_no_choice(files: Files, capsys: Capture) -> None:
    complaint = printed(["bench", files.model, "--signature", "main"], capsys, code=2)
    assert "signatures and shapes can be chosen in .tflite files only" in complaint


def _with_custom_operator() -> bytes:
    scale = {"scale": np.array([0.5], np.float32), "zero_point": np.array([0], np.int64)}
    types = tflite.TensorType
    subgraph = {
        "tensors": [
            {"name": "sound", "type": types.INT16, "shape": [1, 480], "quantization": scale},
            {"name": "energy", "type": types.FLOAT32, "shape": [4]},
        ],
        "inputs": [0],
        "outputs": [1],
        "operators": [{"opcode_index": 0, "inputs": [0], "outputs": [1]}],
    }
    code = {"deprecated_builtin_code": 32, "builtin_code": 32, "custom_code": "SpectralMagic"}
    model = {"version": 3, "operator_codes": [code], "subgraphs": [subgraph], "buffers": [{}]}
    return encode(tflite.SCHEMA, model)
