"""`edgekit convert`, and every input that it must refuse in one clear sentence."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import edgekit
from edgekit.cli import main
from edgekit.interpreter import Interpreter, verify
from edgekit.ir import Graph, GraphBuilder
from tests.cli.conftest import Files
from tests.material import ROOT, material
from tests.quantize.graphs import normal

Capture = pytest.CaptureFixture[str]
OLD = b"the old model"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Where the command shall write; an older model lies there."""
    path = tmp_path / "out" / "model.edge"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def refused(arguments: list[str], output: Path, capture: Capture, code: int = 2) -> str:
    """The sentence on stderr; nothing was written, nothing half written is left behind."""
    assert main(arguments) == code
    message = capture.readouterr().err
    assert "Traceback" not in message and message.startswith("edgekit convert: ")
    assert os.listdir(output.parent) == [output.name] and output.read_bytes() == OLD
    return message.removeprefix("edgekit convert: ").strip()


def test_a_model_is_converted(files: Files, output: Path, capsys: Capture) -> None:
    arguments = ["convert", files.float, "--calibration", files.calib, "-o", str(output)]
    arguments += ["--evaluate", files.test, "--max-drop", "50", "--labels", files.labels]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    for expected in ("accuracy: float 100.00 %", "in float: nothing", f"wrote {output}", "scores"):
        assert expected in printed.out
    assert verify(output).bit_exact
    assert Interpreter(output).labels == ("ant", "bee", "cat", "dog")


def test_an_output_that_int8_ruins_is_pointed_out(
    files: Files, output: Path, tmp_path: Path, capsys: Capture
) -> None:
    """One sample a thousand times as large as all others takes their steps."""
    x = normal(5, 100, 12)
    x[77] *= 1000  # the ratio is measured on the first 32
    data = arrays(tmp_path / "outlier.npz", x=x)
    spoiled = tmp_path / "scores.edge"
    edgekit.save(scores_alone(), spoiled)
    for source, ruined in ((data, True), (files.calib, False)):
        assert main(["convert", str(spoiled), "--calibration", source, "-o", str(output)]) == 0
        warned = (
            "warning: output 'scores' has a signal-to-noise ratio of" in capsys.readouterr().out
        )
        assert warned is ruined


def scores_alone() -> Graph:
    g = GraphBuilder("scores")
    weight = g.constant(normal(0, 4, 12), "weight")
    return g.finish([g.add("Dense", g.input("x", (None, 12)), weight, name="scores")])


def test_options_reach_the_model(files: Files, output: Path) -> None:
    arguments = ["convert", files.float, "--calibration", files.calib, "-o", str(output)]
    arguments += ["--arithmetic", "fixedpoint", "--keep-float", "scores", "--mean", "127.5"]
    arguments += ["--std", "51", "--input-range", "-5", "5"]
    assert main(arguments) == 0
    interpreter = Interpreter(output)
    metadata = interpreter.metadata
    assert metadata.arithmetic == "fixedpoint"
    assert metadata.preprocessing is not None
    assert (metadata.preprocessing.mean, metadata.preprocessing.std) == ((127.5,), (51.0,))
    assert interpreter.graph.value("scores").dtype == "float32"
    assert interpreter.graph.value("x").quant.scale[0] == np.float32(10) / np.float32(255)


def test_the_suffix_chooses_the_format(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    assert main(["convert", files.float, "--calibration", files.calib, "-o", str(path)]) == 0
    assert path.read_bytes()[4:8] == b"TFL3"


def test_a_missed_gate_exits_3(files: Files, output: Path, tmp_path: Path, capsys: Capture) -> None:
    """Evaluated on nothing but the samples on which int8 differs from float."""
    x = normal(6, 2000, 12)
    float_answers = Interpreter(files.float).predict(x).argmax(axis=1)
    differ = float_answers != Interpreter(files.model).predict(x).argmax(axis=1)
    assert differ.any()
    data = arrays(tmp_path / "hard.npz", x=x[differ], y=float_answers[differ])
    command = ["convert", files.float, "--calibration", files.calib, "-o", str(output)]
    message = refused([*command, "--evaluate", data, "--max-drop", "1"], output, capsys, 3)
    assert "100.00 % in float to 0.00 % in int8" in message
    assert "Nothing was written" in message and "scores" in message


def arrays(path: Path, **named: np.ndarray) -> str:
    np.savez(path, **named)
    return str(path)


X = normal(5, 20, 12)


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"x": X[:, :5]}, "expected float32 [samples, 12], received float32 [20, 5]"),
        ({"x": X.astype(np.int16)}, "received int16 [20, 12]: raw pixels need"),
        ({"x": X[0]}, "one sample without a sample dimension"),
        ({"x": X[:0]}, "the calibration data are empty"),
        ({"x": np.where(np.arange(240).reshape(20, 12) == 77, np.nan, X)}, "sample 6 holds nan"),
        ({"x": np.rint(np.abs(X) * 200).clip(0, 255)}, "the model was trained on smaller numbers"),
        ({"a": X, "b": X}, "Expected one named 'x'; the file holds 'a', 'b'"),
        ({}, "the file holds no arrays"),
        ({"x": X.astype(np.float64) * 1e300}, "not finite in float32: input 'x': sample 0 holds"),
    ],
)
def test_calibration_data_that_cannot_be_used(
    named: dict, expected: str, files: Files, output: Path, tmp_path: Path, capsys: Capture
) -> None:
    data = arrays(tmp_path / "data.npz", **named)
    command = ["convert", files.float, "--calibration", data, "-o", str(output)]
    assert expected in refused(command, output, capsys)


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"x": X}, "no labels: expected an array named 'y' beside the inputs; there is none"),
        ({"x": X, "a": X, "b": X}, "'y' beside the inputs; the file holds 'a', 'b'"),
        ({"x": X, "y": np.arange(20)}, "labels lie in 0..19, but the model has classes 0..3"),
        ({"x": X, "y": np.zeros(7, int)}, "20 samples, but targets of shape [7]"),
        ({"x": X * np.float32(255), "y": np.zeros(20, int)}, "but the evaluation data in"),
    ],
)
def test_evaluation_data_that_cannot_be_used(
    named: dict, expected: str, files: Files, output: Path, tmp_path: Path, capsys: Capture
) -> None:
    data = arrays(tmp_path / "data.npz", **named)
    command = ["convert", files.float, "--calibration", files.calib, "-o", str(output)]
    assert expected in refused([*command, "--evaluate", data], output, capsys)


def test_files_that_are_not_there(files: Files, output: Path, capsys: Capture) -> None:
    command = ["convert", files.float, "--calibration", files.calib, "-o", str(output)]
    for place in (1, 3):
        wrong = command.copy()
        wrong[place] = str(output.parent.parent / "missing.npz")
        assert "missing.npz: there is no such file" in refused(wrong, output, capsys)


def test_files_that_hold_something_else(
    files: Files, output: Path, tmp_path: Path, capsys: Capture
) -> None:
    noise = tmp_path / "noise.npz"
    noise.write_bytes(b"no arrays at all")
    objects = tmp_path / "objects.npy"
    np.save(objects, np.array([{"a": 1}], object), allow_pickle=True)
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(Path(files.calib).read_bytes()[:-40])
    for path in (noise, objects, damaged):
        command = ["convert", files.float, "--calibration", str(path), "-o", str(output)]
        said = refused(command, output, capsys)
        assert f"{path}: no arrays can be read from it" in said
        assert "allow_pickle" not in said
    command = ["convert", files.float, "--calibration", files.labels, "-o", str(output)]
    assert "expected arrays in a .npy, .npz or .csv file" in refused(command, output, capsys)
    model = tmp_path / "model.edge"
    model.write_bytes(Path(files.float).read_bytes()[:500])
    command = ["convert", str(model), "--calibration", files.calib, "-o", str(output)]
    refused(command, output, capsys)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--max-drop", "1"], "--max-drop needs --evaluate"),
        (["--keep-float", "skores"], "'skores' is not known; did you mean 'scores'?"),
        (["--input-range", "0", "0.1"], "outside the stated input range 0 to 0.1"),
        (["--input-range", "1", "0"], "a smallest and a larger number"),
        (["--std", "0"], "--std holds numbers above zero"),
    ],
)
def test_options_that_do_not_fit(
    options: list[str], expected: str, files: Files, output: Path, capsys: Capture
) -> None:
    command = ["convert", files.float, "--calibration", files.calib, "-o", str(output), *options]
    assert expected in refused(command, output, capsys)


def test_too_few_labels(files: Files, output: Path, tmp_path: Path, capsys: Capture) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("one\ntwo\n\n", encoding="utf-8")
    command = ["convert", files.float, "--calibration", files.calib, "-o", str(output)]
    message = refused([*command, "--labels", str(labels)], output, capsys)
    assert message == "2 labels for a model with 4 outputs"
    labels.write_bytes(b"caf\xe9")
    assert "expected UTF-8" in refused([*command, "--labels", str(labels)], output, capsys)


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_labels_as_windows_writes_them(start: str, files: Files, output: Path) -> None:
    """With a byte order mark, two characters at the end of a line, blanks."""
    labels = output.parent.parent / "labels.txt"
    labels.write_bytes(f"{start}café\r\nbee \r\ncat\r\ndog\r\n\r\n".encode())
    command = ["convert", files.float, "--calibration", files.calib, "-o", str(output)]
    assert main([*command, "--labels", str(labels)]) == 0
    assert Interpreter(output).labels == ("café", "bee", "cat", "dog")


def test_a_quantized_model_needs_nothing(files: Files, tmp_path: Path, capsys: Capture) -> None:
    """One command from a model to the device, also where the model is int8 already."""
    tflite, output = str(tmp_path / "model.tflite"), str(tmp_path / "again.edge")
    assert main(["export", files.model, "-o", tflite]) == 0
    assert main(["convert", tflite, "-o", output]) == 0
    printed = capsys.readouterr()
    assert "note: the model was quantized already" in printed.out and printed.err == ""
    assert verify(output).bit_exact
    x = np.load(files.x)
    found, wanted = Interpreter(output), Interpreter(files.model)
    assert found.labels == wanted.labels
    np.testing.assert_array_equal(found.predict(x), wanted.predict(x))


def test_a_quantized_model_takes_data_and_labels(
    files: Files, output: Path, tmp_path: Path, capsys: Capture
) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("north\neast\nsouth\nwest\n", encoding="utf-8")
    command = ["convert", files.model, "--calibration", files.calib, "-o", str(output)]
    assert main([*command, "--evaluate", files.test, "--labels", str(labels)]) == 0
    printed = capsys.readouterr().out
    assert "calibration data set no range here" in printed
    assert "note: accuracy " in printed and "% on 120 samples" in printed
    assert Interpreter(output).labels == ("north", "east", "south", "west")
    assert Interpreter(output).metadata.accuracy == Interpreter(files.model).metadata.accuracy


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--keep-float", "scores"], "keep_float (--keep-float)"),
        (["--input-range", "0", "1"], "input_range (--input-range)"),
        (["--arithmetic", "fixedpoint"], "arithmetic 'fixedpoint' (--arithmetic; it is 'float32')"),
        (["--evaluate", "", "--max-drop", "1"], "max_drop compares with the float model"),
    ],
)
def test_what_a_quantized_model_cannot_have(
    options: list[str], expected: str, files: Files, output: Path, capsys: Capture
) -> None:
    command = ["convert", files.model, "-o", str(output)]
    message = refused([*command, *(option or files.test for option in options)], output, capsys)
    assert "is quantized already" in message and expected in message


def test_a_float_model_without_data_is_told_both_ways(
    files: Files, output: Path, capsys: Capture
) -> None:
    message = refused(["convert", files.float, "-o", str(output)], output, capsys)
    assert "--calibration FILE" in message and "edgekit export" in message


@pytest.mark.parametrize(
    ("name", "expected"),
    [("folder", "is a folder"), ("missing/model.edge", "does not exist"), ("model.edg", ".edg")],
)
def test_outputs_that_cannot_be_written(
    name: str, expected: str, files: Files, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "folder").mkdir()
    command = ["convert", files.float, "--calibration", files.calib, "-o", str(tmp_path / name)]
    assert main(command) == 2
    assert expected in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["folder"]


def test_a_write_protected_file_is_found_first(files: Files, output: Path, capsys: Capture) -> None:
    output.chmod(0o444)
    command = ["convert", "missing.keras", "--calibration", files.calib, "-o", str(output)]
    assert "is write-protected" in refused(command, output, capsys)


def test_a_full_disk_leaves_the_old_file(
    files: Files, output: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    command = ["convert", files.float, "--calibration", files.calib, "-o", str(output)]
    assert "No space left on device" in refused(command, output, capsys)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to mount")
def test_a_really_full_disk_leaves_the_old_file(
    files: Files, tmp_path: Path, capsys: Capture
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not permitted here")
    try:
        (disk / "model.edge").write_bytes(OLD)
        (disk / "filler").write_bytes(bytes(4096))
        command = ["convert", files.float, "--calibration", files.calib]
        assert main([*command, "-o", str(disk / "model.edge")]) == 2
        assert "No space left on device" in capsys.readouterr().err
        assert sorted(os.listdir(disk)) == ["filler", "model.edge"]
        assert (disk / "model.edge").read_bytes() == OLD
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_exit_codes_of_the_process(files: Files, output: Path) -> None:
    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-m", "edgekit", "convert", files.float]
        command += ["--calibration", files.calib, "-o", str(output), *options]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert run("--keep-float", "nothing").returncode == 2
    assert "--max-drop" in (usage := run("--max-drop", "much")).stderr and usage.returncode == 2
    debug = run("--keep-float", "nothing", "--debug")
    assert "Traceback" in debug.stderr and "QuantizationError" in debug.stderr


@pytest.mark.parametrize("name", ["mlperf_tiny/pretrainedResnet.h5", "tinymaix/mnist_valid.h5"])
def test_an_hdf5_file_of_keras_is_converted(name: str, tmp_path: Path, capsys: Capture) -> None:
    """Calibrated on the samples of which Keras' answers are known: int8 gives the same ones."""
    pytest.importorskip("h5py")
    with np.load(material(f"expected/keras/{name}.npz")) as expected:
        x, y = expected["in0"], expected["out0"].argmax(axis=1)
    np.savez(tmp_path / "calib.npz", x=x)
    np.savez(tmp_path / "test.npz", x=x, y=y)
    path, output = material(f"keras/{name}"), tmp_path / "m.edge"
    arguments = ["convert", str(path), "--calibration", str(tmp_path / "calib.npz")]
    arguments += ["--evaluate", str(tmp_path / "test.npz"), "--max-drop", "0", "-o", str(output)]
    assert main(arguments) == 0
    assert "accuracy: float 100.00 %" in capsys.readouterr().out
    assert (Interpreter(output).predict(x).argmax(axis=1) == y).all()
