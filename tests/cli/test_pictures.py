"""Pictures, and folders of them, where commands take arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgekit
from edgekit.cli import convert, main
from edgekit.cli.pictures import read_pictures
from edgekit.interpreter import Interpreter
from edgekit.ir import GraphBuilder
from edgekit.keras import utils
from tests.cli.conftest import Files
from tests.cli.test_commands import printed
from tests.quantize.graphs import normal

Capture = pytest.CaptureFixture[str]
COLORS = {"red": (250, 10, 20), "green": (15, 240, 5), "blue": (0, 30, 245)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of one color each, in a folder for each color, twice as wide as the model's."""
    image = pytest.importorskip("PIL.Image")
    root = tmp_path / "pictures"
    for number, (name, color) in enumerate(COLORS.items()):
        (root / name).mkdir(parents=True)
        for index in range(3):
            pixels = np.full((6, 12, 3), color, np.uint8)
            pixels[:index, :, number] -= 100
            image.fromarray(pixels).save(root / name / f"{index}.png")
    return root


@pytest.fixture
def model(tmp_path: Path) -> str:
    """Its scores are the mean of each channel: red, green, blue."""
    g = GraphBuilder("colors")
    mean = g.add("Mean", g.input("x", (None, 6, 8, 3)), axes=(1, 2), name="mean")
    weight = g.constant(np.eye(3, dtype=np.float32) * 8, "weight")
    scores = g.add("Dense", mean, weight, name="scores")
    path = tmp_path / "colors.edge"
    edgekit.save(g.finish([g.add("Softmax", scores, name="classes")]), path)
    return str(path)


def converted(model: str, folder: Path, *options: str) -> list[str]:
    output = str(Path(model).with_name("int8.edge"))
    return ["convert", model, "--calibration", str(folder), "-o", output, *options]


def test_folders_calibrate_and_evaluate(
    model: str, folder: Path, tmp_path: Path, capsys: Capture
) -> None:
    """The classes are those of the labels, whatever the alphabet says."""
    labels = tmp_path / "labels.txt"
    labels.write_text("red\ngreen\nblue\n", encoding="utf-8")
    options = ["--evaluate", str(folder), "--max-drop", "0", "--std", "255"]
    text = printed(converted(model, folder, *options, "--labels", str(labels)), capsys)
    assert "9 pictures of the classes 0 red, 1 green, 2 blue" in text
    assert "calibration: x uint8[9, 6, 8, 3]" in text
    assert "accuracy: float 100.00 %, int8 100.00 % on 9 samples" in text
    text = printed(converted(model, folder, *options), capsys, 0)
    assert "the classes 0 blue, 1 green, 2 red" in text and "float 33.33 %" in text


def test_pictures_are_run(model: str, folder: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(converted(model, folder, "--std", "255")) == 0
    capsys.readouterr()
    path = str(tmp_path / "int8.edge")
    one = folder / "green" / "0.png"
    text = printed(["run", path, "--input", str(one), "--top", "1"], capsys)
    assert f"{one}: class 1 " in text
    found = tmp_path / "y.npy"
    text = printed(["run", path, "--input", str(folder), "--output", str(found)], capsys)
    assert text.count(": class ") == 9
    assert "classes 0 blue, 1 green, 2 red\naccuracy 33.33% on 9 samples" in text
    pixels = np.full((1, 6, 8, 3), COLORS["blue"], np.float32) / np.float32(255)
    np.testing.assert_array_equal(np.load(found)[0], Interpreter(path).predict(pixels)[0])


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.png", b"no picture", "a.png is not a picture that can be read"),
        ("missing.jpg", None, "missing.jpg: there is no such file"),
        ("empty", None, "empty: holds no pictures (.bmp, "),
    ],
)
def test_what_is_no_picture(
    name: str, content: bytes | None, expected: str, model: str, tmp_path: Path, capsys: Capture
) -> None:
    pytest.importorskip("PIL.Image")
    (tmp_path / "empty").mkdir()
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert expected in printed(converted(model, path), capsys, 2)


def test_a_large_folder_calibrates_with_some_of_its_pictures(
    model: str, folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From all of its folders, and the first and the last of them."""
    monkeypatch.setattr(convert, "PICTURES", 4)
    text = printed(converted(model, folder, "--std", "255"), capsys)
    assert f"{folder}: 4 of 9 pictures, at even distances" in text
    assert "calibration: x uint8[4, 6, 8, 3]" in text
    found = read_pictures(folder, edgekit.load(model), most=4)
    assert [Path(file).parent.name for file in found.files] == ["blue", "green", "green", "red"]
    assert found.classes is not None and found.classes.tolist() == [0, 1, 1, 2]


def test_they_are_read_as_training_reads_them(model: str, folder: Path) -> None:
    """The numbers of `image_dataset_from_directory`."""
    batches = utils.image_dataset_from_directory(
        folder, image_size=(6, 8), shuffle=False, verbose=False
    )
    x, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    found = read_pictures(folder, edgekit.load(model))
    np.testing.assert_array_equal(found.pixels, x)
    np.testing.assert_array_equal(found.classes, y)
    assert list(found.names) == batches.class_names and list(found.files) == batches.file_paths


def test_hidden_folders_are_no_classes(
    model: str, folder: Path, tmp_path: Path, capsys: Capture
) -> None:
    (folder / ".ipynb_checkpoints").mkdir()
    text = printed(converted(model, folder, "--evaluate", str(folder), "--std", "255"), capsys)
    assert "the classes 0 blue, 1 green, 2 red" in text


def test_grey_of_16_bits_does_not_wrap(tmp_path: Path, capsys: Capture) -> None:
    image = pytest.importorskip("PIL.Image")
    g = GraphBuilder("grey")
    path, picture = tmp_path / "grey.edge", tmp_path / "deep.png"
    edgekit.save(g.finish([g.add("Relu", g.input("x", (None, 4, 4, 1)), name="y")]), path)
    image.fromarray(np.full((4, 4), 300, np.uint16)).save(picture)
    text = printed(["run", str(path), "--input", str(picture)], capsys, 2)
    assert f"{picture}: pixels go up to 300, expected 0 to 255" in text


def test_pictures_that_do_not_fit(
    model: str, folder: Path, files: Files, tmp_path: Path, capsys: Capture
) -> None:
    text = printed(converted(model, folder), capsys, 2)
    assert "raw pixels need the model's preprocessing (--mean, --std)" in text
    text = printed(["run", files.model, "--input", str(folder)], capsys, 2)
    assert "pictures are no input of this model, which takes x:int8[?, 12]" in text
    options = ["--std", "255", "--evaluate", str(folder / "red")]
    text = printed(converted(model, folder, *options), capsys, 2)
    assert "expected a folder with a subfolder for each class" in text
    np.savez(tmp_path / "x.npz", x=normal(0, 5, 6, 8, 3))
    assert main(converted(model, tmp_path / "x.npz")) == 0
