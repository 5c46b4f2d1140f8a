"""The examples do what their pages say: the data are MNIST's, the scripts run and are right."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import edgekit
from edgekit.frozen import replace
from tests.material import ROOT, material

EXAMPLES = ROOT / "examples"
CLASSIFY = EXAMPLES / "raspberrypi" / "classify.py"
MODEL = ROOT / "tests" / "pi" / "digits.edge"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_digits_are_mnists() -> None:
    """Made anew from the original files, the arrays are the committed ones."""
    folder = material("data/mnist")
    script = runpy.run_path(str(EXAMPLES / "data" / "make_mnist_subset.py"))
    made = script["split"](
        script["read_idx"](folder / script["IMAGES"]), script["read_idx"](folder / script["LABELS"])
    )
    with np.load(EXAMPLES / "data" / "mnist_subset.npz") as committed:
        assert set(committed) == set(made)
        for name, array in made.items():
            assert np.array_equal(committed[name], array), name


def test_no_digit_is_both_trained_on_and_held_back() -> None:
    with np.load(EXAMPLES / "data" / "mnist_subset.npz") as data:
        trained = {image.tobytes() for image in data["x_train"]}
        assert not any(image.tobytes() in trained for image in data["x_test"])
        assert np.bincount(data["y_test"]).min() > 150


def test_classify_names_the_samples() -> None:
    pytest.importorskip("PIL")
    samples = [EXAMPLES / "data" / "samples" / f"{digit}.png" for digit in range(10)]
    done = run(CLASSIFY, MODEL, *samples, "--top", "1")
    assert done.returncode == 0, done.stderr
    answers = [line.split(": ")[1][0] for line in done.stdout.splitlines()]
    assert answers == list("0123456789")


def test_training_falls_back_to_the_cpu(tmp_path: Path) -> None:
    """Without a GPU the script says why, and trains all the same."""
    done = run(EXAMPLES / "train_on_gpu.py", "--epochs", "1", "--device", "gpu:99")
    assert done.returncode == 0, done.stderr
    reason, where, trained, int8 = done.stdout.splitlines()
    assert reason.startswith("on the CPU: ") and where.startswith("cpu: 1 epochs")
    assert trained.startswith(("accuracy 8", "accuracy 9"))
    assert float(int8.removeprefix("int8: ").rstrip("%")) > 80


def test_classify_inverts_dark_on_light(tmp_path: Path) -> None:
    image, operations = pytest.importorskip("PIL.Image"), pytest.importorskip("PIL.ImageOps")
    with image.open(EXAMPLES / "data" / "samples" / "7.png") as seven:
        # Three times as large and in colour, as a camera would give it.
        paper = operations.invert(seven).resize((84, 84)).convert("RGB")
    paper.save(tmp_path / "paper.png")
    done = run(CLASSIFY, MODEL, tmp_path / "paper.png", "--invert", "--top", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(": ")[1].startswith("7 ")


def test_classify_says_what_is_wrong() -> None:
    missing_picture = run(CLASSIFY, MODEL, "no_such.png")
    assert missing_picture.returncode == 1
    assert "no_such.png" in missing_picture.stderr
    assert "Traceback" not in missing_picture.stderr
    no_model = run(CLASSIFY, EXAMPLES / "data" / "mnist_subset.npz", "x.png")
    assert no_model.returncode == 1
    assert no_model.stderr.startswith("classify: ")


def test_classify_does_not_guess_what_pixels_mean(tmp_path: Path) -> None:
    """A model without a rule for pixels is refused; one that takes the bytes themselves runs."""
    pytest.importorskip("PIL")
    seven = EXAMPLES / "data" / "samples" / "7.png"
    graph = edgekit.load(MODEL)
    silent = tmp_path / "silent.edge"
    edgekit.save(replace(graph, metadata=replace(graph.metadata, preprocessing=None)), silent)
    done = run(CLASSIFY, silent, seven)
    assert done.returncode == 1
    assert done.stderr.startswith("classify: ")
    assert "convert it with --mean and --std" in done.stderr
    mobilenet = material("tflite/coral/mobilenet_v1_0.25_128_quant.tflite")
    done = run(CLASSIFY, mobilenet, material("data/coral/cat.bmp"), "--top", "1")
    assert "cat" in done.stdout.split(": ")[1]


def test_classify_needs_the_interpreter_only() -> None:
    source = CLASSIFY.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 85
    imported = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
    assert imported - set(sys.stdlib_module_names) == {"edgekit.interpreter", "numpy"}


def test_the_demo_goes_the_whole_way(tmp_path: Path) -> None:
    """One epoch instead of six; every file is written, and LiteRT computes the same int8 bits."""
    pytest.importorskip("ai_edge_litert")
    done = run(EXAMPLES / "digits.py", "--output", tmp_path, "--epochs", 1, "--max-drop", 2)
    assert done.returncode == 0, done.stderr
    assert "bit-exact here" in done.stdout
    lines = {
        line.split()[0]: line for line in done.stdout.splitlines() if line.startswith("digits.")
    }
    assert set(lines) == {"digits.keras", "digits.edge", "digits.tflite", "digits.onnx"}
    assert "100.000% of all outputs" in lines["digits.tflite"]
    accuracy = float(lines["digits.edge"].split("%")[0].split()[-1])
    assert accuracy > 90.0, lines["digits.edge"]
