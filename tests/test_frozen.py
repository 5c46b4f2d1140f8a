"""Frozen records behave as those of `dataclasses` do."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from edgekit.frozen import NOTHING, Frozen, fields, replace


class Mine(Frozen):
    name: str
    size: int = 3
    parts: tuple[int, ...] = ()
    attrs: Mapping[str, int] = NOTHING


@dataclasses.dataclass(frozen=True)
class Theirs:
    name: str
    size: int = 3
    parts: tuple[int, ...] = ()
    attrs: Mapping[str, int] = dataclasses.field(default_factory=dict)


class MineOfArrays(Mine, eq=False):
    more: int = 0


GIVEN: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("a",), {}),
    (("a", 3), {}),
    (("a", 4), {"parts": (1, 2)}),
    ((), {"name": "b", "attrs": {"k": 1}}),
    (("b", 3, (), {"k": 1}), {}),
]
REFUSED: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((), {"size": 1}),
    (("a", 1, (), {}, 5), {}),
    (("a",), {"name": "b"}),
    (("a",), {"colour": 1}),
    ((), {"colour": 1}),
    (("a", 1, (), {}, 5), {"colour": 1}),
]


@pytest.mark.parametrize(("given", "named"), GIVEN)
def test_fields_and_text(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    mine, theirs = Mine(*given, **named), Theirs(*given, **named)
    assert fields(mine) == fields(Mine) == tuple(f.name for f in dataclasses.fields(theirs))
    for name in fields(mine):
        assert getattr(mine, name) == getattr(theirs, name)
    shown = repr(mine).replace("mappingproxy({})", "{}")
    assert shown == repr(theirs).replace("Theirs(", "Mine(")


@pytest.mark.parametrize(("given", "named"), REFUSED)
def test_what_cannot_be_a_record(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Theirs(*given, **named)
    with pytest.raises(TypeError, match="^Mine "):
        Mine(*given, **named)


def test_messages_name_the_fields() -> None:
    with pytest.raises(TypeError, match="Mine needs: name"):
        Mine(size=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Mine has no: colour"):
        Mine("a", colour=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Mine was given twice: name"):
        Mine("a", name="b")  # type: ignore[misc]
    with pytest.raises(TypeError, match="Mine takes 4 values, received 5"):
        Mine("a", 1, (), {}, 5)  # type: ignore[call-arg]


def test_equality_and_hash() -> None:
    mine = [Mine(*given, **named) for given, named in GIVEN]
    theirs = [Theirs(*given, **named) for given, named in GIVEN]
    for i in range(len(GIVEN)):
        for j in range(len(GIVEN)):
            assert (mine[i] == mine[j]) == (theirs[i] == theirs[j])
    assert mine[0] != theirs[0]
    assert hash(Mine("a", 1, (2,), None)) == hash(Mine("a", 1, (2,), None))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unhashable"):
        hash(Mine("a", attrs={}))
    one, other = MineOfArrays("a"), MineOfArrays("a")
    assert one != other and one == one and len({one, other}) == 2


def test_records_never_change() -> None:
    mine = Mine("a")
    with pytest.raises(AttributeError, match=r"Mine.size cannot be set: use replace\(\)"):
        mine.size = 4  # type: ignore[misc]
    with pytest.raises(AttributeError, match=r"Mine.size cannot be deleted"):
        del mine.size
    with pytest.raises(TypeError):
        NOTHING["k"] = 1  # type: ignore[index]


def test_replacing_fields() -> None:
    given, named = GIVEN[2]
    mine = replace(Mine(*given, **named), size=9, attrs={"k": 2})
    theirs = dataclasses.replace(Theirs(*given, **named), size=9, attrs={"k": 2})
    assert vars(mine) == vars(theirs)
    with pytest.raises(TypeError, match="Mine has no: colour"):
        replace(mine, colour=1)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
def test_copies_are_equal(again: Any) -> None:
    for given, named in GIVEN:
        mine = Mine(*given, **named)
        assert again(mine) == mine


def test_fields_of_a_record_made_of_another() -> None:
    assert fields(MineOfArrays) == ("name", "size", "parts", "attrs", "more")
    assert MineOfArrays("a", more=2).more == 2
