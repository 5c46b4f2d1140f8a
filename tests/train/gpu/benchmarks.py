"""The benchmarks as modules: imported as scripts do, from a folder that is no package."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

__all__ = ["FOLDER", "importing"]

FOLDER = Path(__file__).parents[3] / "benchmarks"


@contextmanager
def importing(
    monkeypatch: pytest.MonkeyPatch, folder: Path, names: tuple[str, ...]
) -> Iterator[Callable[[str], ModuleType]]:
    """Imports modules of a folder; those of these names anew, and they are forgotten at the end."""
    monkeypatch.syspath_prepend(str(folder))
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)
