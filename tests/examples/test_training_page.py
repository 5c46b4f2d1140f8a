"""The pages on training show what their code prints.

Numbers are left out of the comparison: another processor, or another BLAS, trains to other last
bits, and after some epochs to other accuracies.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tests.material import ROOT

NUMBER = re.compile(r"[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?|\b(gained|lost)\b")


def without_numbers(page: str) -> list[str]:
    """The lines of a page with a mark for each number, and for whether it is a gain or a loss; one
    space between columns."""
    return [" ".join(NUMBER.sub("#", line).split()) for line in page.splitlines()]


@pytest.mark.parametrize("name", ["training", "quantization-aware-training"])
def test_the_page_shows_what_its_code_prints(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    script = runpy.run_path(str(ROOT / "scripts" / "training_page.py"))
    page = (ROOT / "docs" / f"{name}.md").read_text("utf-8")
    assert without_numbers(script["run"](page, tmp_path)) == without_numbers(page)
    if name == "training":
        assert (tmp_path / "history.svg").stat().st_size > 1000
