"""What a generated layout says, read when it is first asked for."""

from __future__ import annotations

import pytest

from edgekit.schema import Numbers


def test_numbers_follow_each_other_unless_one_jumps() -> None:
    letters = Numbers("A B D=3 E Z=-1 Y")
    assert letters.by_name() == {"A": 0, "B": 1, "D": 3, "E": 4, "Z": -1, "Y": 0}
    assert (letters.A, letters.E, letters.Z) == (0, 4, -1)


def test_numbers_without_a_jump_are_counted() -> None:
    letters = Numbers("A B C")
    assert letters.names() == {0: "A", 1: "B", 2: "C"}
    assert letters.names() == {number: name for name, number in letters.by_name().items()}


@pytest.mark.parametrize("name", ["D", "a", "_text_", "__wrapped__"])
def test_other_names_are_none(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(Numbers("A B C"), name)
