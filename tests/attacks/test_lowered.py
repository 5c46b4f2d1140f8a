"""Files that mutants are made of must be sound themselves."""

from __future__ import annotations

import pytest

from tests.attacks.lowered import LOWERED
from tests.fuzz.target import examine


@pytest.mark.parametrize("name", LOWERED)
def test_it_runs(name: str) -> None:
    outcome = examine(LOWERED[name])
    assert (outcome.kind, outcome.message, outcome.problem) == ("ran", "", "")
