"""Frozen records, as `dataclasses` makes them, without the cost of making them.

`dataclasses` writes the methods of each class as source text and compiles it whenever a process
starts. That takes a millisecond a class on a small device, before the first inference. The records
of the rooms that run there share the methods below.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, dataclass_transform

__all__ = ["NOTHING", "Frozen", "fields", "replace"]

if TYPE_CHECKING:
    from typing import TypeVar

    R = TypeVar("R", bound="Frozen")

NOTHING: Mapping[Any, Any] = MappingProxyType({})
"""An empty mapping that stays empty: the default of fields that are mappings."""


@dataclass_transform(frozen_default=True)
class Frozen:
    """A record whose fields are the names that its class annotates, in their order.

        class Slot(Frozen):
            offset: int
            margins: tuple[int, ...] = (0, 0, 0, 0)

    Fields are given by position or by name, and never change. Records of one class are equal if
    all their fields are; with `eq=False` a record is equal to itself alone, as those are that hold
    arrays. A default must be a value that cannot change either.
    """

    _fields: tuple[str, ...] = ()
    _needed: frozenset[str] = frozenset()  # the fields without a default
    _fewest: int = 0  # so many by position are all of those

    def __init_subclass__(cls, *, eq: bool = True) -> None:
        cls._fields = (*cls._fields, *cls.__annotations__)
        needed = [name for name in cls._fields if not hasattr(cls, name)]
        cls._needed = frozenset(needed)
        cls._fewest = cls._fields.index(needed[-1]) + 1 if needed else 0
        if not eq:
            cls.__eq__ = object.__eq__  # type: ignore[method-assign]
            cls.__hash__ = object.__hash__  # type: ignore[method-assign]

    def __init__(self, *given: Any, **named: Any) -> None:
        values, kind = self.__dict__, type(self)  # defaults are attributes of the class
        values.update(zip(kind._fields, given, strict=False))
        if not named and kind._fewest <= len(given) <= len(kind._fields):
            return  # the common way, and records are made by the thousand
        values.update(named)
        counted = len(values) == len(given) + len(named)
        known = counted and {*kind._fields}.issuperset(named)
        if not (known and (len(given) >= kind._fewest or kind._needed <= values.keys())):
            _refuse(kind, given, named)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be set: use replace()")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._fields)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self._fields))

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({', '.join(shown)})"


def fields(record: Frozen | type[Frozen]) -> tuple[str, ...]:
    """The names of a record's fields, or of all records of a class."""
    return record._fields


def replace(record: R, **changes: Any) -> R:
    """The same record with other values in some of its fields."""
    kept = {name: getattr(record, name) for name in record._fields}
    return type(record)(**(kept | changes))


def _refuse(kind: type[Frozen], given: tuple[Any, ...], named: Mapping[str, Any]) -> NoReturn:
    """Say what is wrong with the values that a record was to be made of."""
    fields = kind._fields
    if len(given) > len(fields):
        raise TypeError(f"{kind.__name__} takes {len(fields)} values, received {len(given)}")
    taken = {*fields[: len(given)]}
    for problem, names in (
        ("has no", named.keys() - {*fields}),
        ("was given twice", named.keys() & taken),
        ("needs", kind._needed - taken - named.keys()),
    ):
        if names:
            raise TypeError(f"{kind.__name__} {problem}: {', '.join(sorted(names))}")
    raise AssertionError("nothing is wrong")
