"""Where the real models and data are. Tests that need them skip, with a reason, without them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MATERIAL = Path(os.environ.get("EDGEKIT_MATERIAL", ROOT.parent / "shared" / "material"))


def material(relative: str) -> Path:
    """The path of one file of the material, or skip the test that asked for it."""
    path = MATERIAL / relative
    if not path.exists():
        pytest.skip(f"{relative} is not there; set EDGEKIT_MATERIAL to the folder that holds it")
    return path
