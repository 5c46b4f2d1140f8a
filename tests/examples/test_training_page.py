"""The pages on training show what their code prints."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tests.material import ROOT


@pytest.mark.parametrize("name", ["training", "quantization-aware-training"])
def test_the_page_shows_what_its_code_prints(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    script = runpy.run_path(str(ROOT / "scripts" / "training_page.py"))
    page = (ROOT / "docs" / f"{name}.md").read_text("utf-8")
    assert script["run"](page, tmp_path) == page
    if name == "training":
        assert (tmp_path / "history.svg").stat().st_size > 1000
