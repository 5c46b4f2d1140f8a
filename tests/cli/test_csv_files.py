"""Tables of numbers in text, where commands take arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgekit
from edgekit.cli.csv_files import read_csv
from edgekit.errors import InputError
from edgekit.ir import GraphBuilder
from tests.cli.conftest import Files
from tests.cli.test_commands import printed

Capture = pytest.CaptureFixture[str]


def table(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "x", "y"),
    [
        ("1,2\n3,4.5\n", [[1, 2], [3, 4.5]], None),
        ("0,1,2\n5,6,7\n", [[5, 6, 7]], None),  # as pandas writes an array
        ("0,1,3\n5,6,7\n", [[0, 1, 3], [5, 6, 7]], None),
        ("a,b\r\n1,2\r\n3,4e-1\r\n\r\n", [[1, 2], [3, 0.4]], None),
        ("\ufeffa;y;b\n1;7; 2\n3;8;-4\n", [[1, 2], [3, -4]], [7, 8]),
        ('"a b"\t"y"\n1\t0\n', [[1]], [0]),
        ("y\n3\n", np.zeros((1, 0)), [3]),
    ],
)
def test_columns(text: str, x: list, y: list | None, tmp_path: Path) -> None:
    found = read_csv(table(tmp_path / "t.csv", text), ["input"], "y")
    assert all(array.dtype == np.float32 for array in found.values())
    np.testing.assert_array_equal(found["x"], np.float32(x))
    assert ("y" in found) == (y is not None)
    if y is not None:
        np.testing.assert_array_equal(found["y"], y)


def test_columns_that_are_inputs_of_their_own(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "age,name,y,mass\n1,2,3,4\n5,6,7,8\n")
    found = read_csv(path, ["mass", "age"], "y")
    assert sorted(found) == ["age", "mass", "name", "y"]
    np.testing.assert_array_equal(found["mass"], [[4], [8]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no numbers"),
        ("a,b\n1,2\n3,Paris\n", "line 3, column 'b': 'Paris' is no number"),
        ("1,2\n\n3,\n", "line 3, column 2: '' is no number"),
        ("1,2\n3\n", "line 2: 1 columns, expected 2"),
        ("a,b\n1,2\n1,5,3\n", "line 3: 3 columns, expected 2"),
        ("1,2\n3," + "4" * 200_000, "line 2: field larger than field limit"),
    ],
)
def test_what_is_no_table_of_numbers(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_csv(table(tmp_path / "t.csv", text), ["x"], "y")


def test_other_letters_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"caf\xe9\n1\n")
    with pytest.raises(InputError, match="expected UTF-8"):
        read_csv(path, ["x"], "y")


def test_commands_take_tables(files: Files, tmp_path: Path, capsys: Capture) -> None:
    """The same model, byte for byte, as from the arrays."""
    with np.load(files.test) as data:
        x, y = data["x"], data["y"]
    lines = [",".join(map(repr, row)) for row in x.astype(float).tolist()]
    calib = table(tmp_path / "calib.csv", "\n".join(lines[:100]))
    head = ",".join(f"c{i}" for i in range(12)) + ",y\n"
    rows = [f"{line},{label}" for line, label in zip(lines, y, strict=True)]
    test = table(tmp_path / "test.csv", head + "\n".join(rows))
    outputs = [str(tmp_path / name) for name in ("from_csv.edge", "from_npz.edge")]
    for output, data in zip(
        outputs, [(str(calib), str(test)), (files.calib, files.test)], strict=True
    ):
        command = ["convert", files.float, "--calibration", data[0], "--evaluate", data[1]]
        assert "float 100.00 %" in printed([*command, "-o", output], capsys)
    graphs = [edgekit.load(output) for output in outputs]
    assert [str(graph) for graph in graphs[:1]] == [str(graph) for graph in graphs[1:]]
    assert graphs[0].metadata.accuracy == graphs[1].metadata.accuracy
    found = printed(["run", outputs[0], "--input", str(calib)], capsys)
    assert found == printed(["run", outputs[0], "--input", files.calib], capsys)


def test_a_table_for_several_inputs(tmp_path: Path, capsys: Capture) -> None:
    g = GraphBuilder("two")
    total = g.add("Add", g.input("left", (None, 1)), g.input("right", (None, 1)), name="total")
    path = tmp_path / "two.edge"
    edgekit.save(g.finish([total]), path)
    rows = table(tmp_path / "rows.csv", "right,left\n1,2\n10,20\n")
    text = printed(["run", str(path), "--input", str(rows)], capsys)
    assert text == "sample 0: 3\nsample 1: 30\n"
    rows = table(tmp_path / "rows.csv", "right,other\n1,2\n")
    text = printed(["run", str(path), "--input", str(rows)], capsys, 2)
    assert "no array for the inputs 'left'; the file holds 'right', 'other'" in text
