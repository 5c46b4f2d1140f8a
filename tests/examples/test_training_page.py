"""The page on training shows what its code prints."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tests.material import ROOT


def test_the_page_on_training_shows_what_its_code_prints(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    script = runpy.run_path(str(ROOT / "scripts" / "training_page.py"))
    page = script["PAGE"].read_text("utf-8")
    assert script["run"](page, tmp_path) == page
    assert (tmp_path / "history.svg").stat().st_size > 1000
