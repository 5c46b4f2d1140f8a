"""Every script of examples/tutorials runs, warns of nothing but old spellings, and learns."""

from __future__ import annotations

import ast
import re
import runpy
import warnings
from pathlib import Path

import pytest

from edgekit.train import clear_session
from tests.examples.tutorials import EXPECTED
from tests.material import ROOT

FOLDER = ROOT / "examples" / "tutorials"
SCRIPTS = sorted(FOLDER.glob("*.py"))
FIGURE = re.compile(r"^(test [\w -]+|int8 [\w -]+): (-?[\d.]+(?:e-?\d+)?)$", re.MULTILINE)
DEVICE = "# -- on the device --\n"  # below it stands what Keras does not have
LINES = range(35, 131)


def name_of(script: Path) -> str:
    return script.stem


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_runs_and_learns(
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    expected = EXPECTED[script.stem]
    for package in expected.needs:
        pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)  # some save models
    monkeypatch.setenv("SEED", "0")
    monkeypatch.delenv("EPOCHS", raising=False)
    if expected.epochs is not None:
        monkeypatch.setenv("EPOCHS", str(expected.epochs))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        if expected.old:
            warnings.simplefilter("always", DeprecationWarning)
        clear_session()  # a script is a process of its own: its first layers have no numbers
        runpy.run_path(str(script), run_name="__main__")
    said = [str(warning.message) for warning in caught]
    for part in expected.old:
        assert any(part in message for message in said), (part, said)
    unexpected = [m for m in said if not any(part in m for part in expected.old)]
    assert unexpected == []

    printed = {name: float(number) for name, number in FIGURE.findall(capsys.readouterr().out)}
    assert printed.keys() == expected.figures.keys()
    for name, (low, high) in expected.figures.items():
        assert low <= printed[name] <= high, (name, printed)


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_reads_like_a_tutorial(script: Path) -> None:
    """A docstring that says what is learned; keras from one place; a device at the end, or why not.

    With another line for the import, all above the mark of the device is a script for Keras.
    """
    source = script.read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert "What is learned:" in (ast.get_docstring(tree) or "")
    assert len(source.splitlines()) in LINES
    before, mark, after = source.partition(DEVICE)
    imported = [
        node.module or ""
        for node in ast.walk(ast.parse(before))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("edgekit")
    ]
    assert imported and all(
        module.split(".")[:2] in (["edgekit"], ["edgekit", "keras"])
        or (script.stem == "37_strategy_scope" and module == "edgekit.train")
        for module in imported
    )
    if mark:
        assert "edgekit.convert(" in after and "edgekit.Interpreter(" in after
        calls = before.replace("from edgekit.keras", "").replace("from edgekit.train", "")
        assert "edgekit." not in calls
    else:
        assert "# Not for the device:" in source


def test_the_index_names_every_script() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\w+)\]\((\w+)\.py\) \|", page, re.MULTILINE)
    assert all(shown == file for shown, file in listed)
    assert sorted(file for _, file in listed) == [script.stem for script in SCRIPTS]
    assert sorted(EXPECTED) == [script.stem for script in SCRIPTS]
