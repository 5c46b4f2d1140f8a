"""Files that mutants are made of must be sound themselves."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.schema.encoder import encode
from edgekit.schema.tflite_layout import SCHEMA
from tests.attacks.lowered import LOWERED
from tests.fuzz.fields import unpacked
from tests.fuzz.target import examine


@pytest.mark.parametrize("name", LOWERED)
def test_it_runs(name: str) -> None:
    outcome = examine(LOWERED[name])
    assert (outcome.kind, outcome.message, outcome.problem) == ("ran", "", "")


@pytest.mark.parametrize("name", LOWERED)
def test_tensors_that_are_missing_or_too_many(name: str) -> None:
    """Each input and each output in turn left out, swapped for another or listed once more."""
    fields = unpacked(LOWERED[name], SCHEMA)
    for graph in fields["subgraphs"]:
        for operator in graph["operators"]:
            for ends in ("inputs", "outputs"):
                whole = list(operator[ends])
                for i in range(len(whole)):
                    rest = whole[:i] + whole[i + 1 :]
                    absent = [[*whole[:i], -1, *whole[i + 1 :]]] if ends == "inputs" else []
                    for other in (rest, [*rest, whole[i]], [*whole, whole[i]], whole[:i], *absent):
                        operator[ends] = np.array(other, np.int32)
                        outcome = examine(encode(SCHEMA, fields))
                        assert not outcome.problem, (ends, other, outcome.problem)
                operator[ends] = np.array(whole, np.int32)
