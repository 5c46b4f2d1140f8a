"""A flatbuffer schema as data: which tables there are, and what stands in each slot.

The instances are generated from `schemas/*.fbs` into `edgekit.schema.generated`; `decoder.py` and
`encoder.py` are driven by them and know no format by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from struct import Struct
from typing import Any, Literal

import numpy as np

from edgekit.frozen import Frozen

__all__ = [
    "LARGEST_FILE",
    "LETTERS",
    "SCALARS",
    "Field",
    "Kind",
    "Numbers",
    "Schema",
    "TableLayout",
    "Tables",
]

Kind = Literal["scalar", "string", "table", "union", "scalars", "strings", "tables"]

SCALARS: dict[str, np.dtype[Any]] = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64".split()  # noqa: SIM905
    )
}
"""The scalar types by name, as they stand in a file."""

EMPTY = {name: np.empty(0, dtype) for name, dtype in SCALARS.items()}
"""Vectors without elements."""

LETTERS = dict(zip(SCALARS, "?bBhHiIqQfd", strict=True))
"""Their letters for `struct`, which are not numpy's: there "l" has four bytes."""

READERS = {name: Struct(f"<{letter}") for name, letter in LETTERS.items()}

LARGEST_FILE = 2**31 - 1
"""Bytes: the format's own limit."""


class Field(Frozen):
    """One slot of a table.

    type: the scalar type, the table or the union; "" for strings.
    default: what an absent scalar is; None where the schema says `= null`.
    required: the field must be there (never true of a scalar).
    align: what a vector's first element is aligned to, where the schema forces it. The encoder
        does so; the decoder does not insist, for many writers do not.

    A union takes two slots: `slot` holds the table, the one before it the member's number.
    """

    name: str
    slot: int
    kind: Kind
    type: str = ""
    default: int | float | bool | None = 0
    required: bool = False
    align: int = 1


Unpack = Callable[[memoryview, int], tuple[Any, ...]]
Slot = tuple[Field, int, Unpack | None]
"""A field, the bytes that it takes in its table, and what reads them if it is a scalar."""

Present = tuple[Field, int, int, Unpack | None]
"""The same with the place in the table before the bytes: a field that a table has."""

VTable = tuple[int, tuple[int, ...], list[Present]]
"""The size of a table, the places of its known slots (0 where one is absent), and its fields."""


class TableLayout:
    """A kind of table as one pass over a file needs it.

    absent: what fields are where a table has none.
    slots: how to read those that it has.
    vtables: what tables of the file have, by the place of the vtable that they share.
    """

    def __init__(
        self, name: str, fields: Sequence[Field], buffer: memoryview | None = None
    ) -> None:
        self.name, self.fields, self.buffer = name, fields, buffer
        self.vtables: dict[int, VTable] = {}
        self.absent: dict[str, Any] = {}
        self.required: list[Field] = []
        self.slots: list[Slot | None] = [None] * (max((f.slot for f in fields), default=-1) + 1)
        for field in fields:
            self.absent[field.name] = _absent(field)
            reader = READERS[field.type] if field.kind == "scalar" else None
            self.slots[field.slot] = (
                (field, 4, None) if reader is None else (field, reader.size, reader.unpack_from)
            )
            if field.required:
                self.required.append(field)

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)


def _absent(field: Field) -> Any:
    if field.kind == "scalar":
        return field.default
    if field.kind == "string":
        return ""
    if field.kind == "scalars":
        return EMPTY[field.type]
    return () if field.kind in ("strings", "tables") else None


class Tables(Mapping[str, tuple[Field, ...]]):
    """Tables by name, each as rows of what its Fields are made of.

    A format has many tables and a file few of them: the fields of a table are made when it is first
    asked for.
    """

    def __init__(self, rows: Mapping[str, Sequence[tuple[Any, ...]]]) -> None:
        self._rows = rows
        self._made: dict[str, tuple[Field, ...]] = {}

    def __getitem__(self, name: str) -> tuple[Field, ...]:
        if name not in self._made:
            self._made[name] = tuple(Field(*row) for row in self._rows[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class Schema(Frozen):
    """The tables of one file format by name, its unions (number -> table) and its root."""

    identifier: bytes
    root: str
    tables: Mapping[str, tuple[Field, ...]]
    unions: Mapping[str, Mapping[int, str]]


class Numbers:
    """An enum of a schema: `Padding.SAME` is a plain integer.

    It is kept as text, read when first asked: names in the order of their numbers, from 0 on, and
    `NAME=5` where the number is not that of the name before and one more.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __getattr__(self, name: str) -> int:
        if name.startswith("_"):
            raise AttributeError(name)
        self.__dict__.update(self.by_name())
        if name not in self.__dict__:
            raise AttributeError(f"no number of the schema is called {name}")
        number: int = self.__dict__[name]
        return number

    def by_name(self) -> dict[str, int]:
        entries = self._text.split()
        if "=" not in self._text:
            return {name: number for number, name in enumerate(entries)}
        found: dict[str, int] = {}
        number = -1
        for entry in entries:
            name, _, jump = entry.partition("=")
            number = int(jump) if jump else number + 1
            found[name] = number
        return found

    def names(self) -> dict[int, str]:
        """The name of each number."""
        if "=" not in self._text:
            return dict(enumerate(self._text.split()))
        return {number: name for name, number in self.by_name().items()}
