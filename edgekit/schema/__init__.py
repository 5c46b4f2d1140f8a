"""A flatbuffer schema as data: which tables there are, and what stands in each slot.

The instances are made from `schemas/*.fbs`, as `*_layout.py` beside this; `decoder.py` and
`encoder.py` are driven by them and know no format by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from struct import Struct
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.frozen import Frozen

if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["scalar", "string", "table", "union", "scalars", "strings", "tables"]

__all__ = [
    "LARGEST_FILE",
    "LETTERS",
    "SCALARS",
    "Field",
    "Numbers",
    "Schema",
    "TableLayout",
    "Tables",
]

SCALARS: dict[str, np.dtype[Any]] = {
    "bool": np.dtype("?"),
    "int8": np.dtype("i1"),
    "uint8": np.dtype("u1"),
    "int16": np.dtype("<i2"),
    "uint16": np.dtype("<u2"),
    "int32": np.dtype("<i4"),
    "uint32": np.dtype("<u4"),
    "int64": np.dtype("<i8"),
    "uint64": np.dtype("<u8"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}
"""The scalar types by name, as they stand in a file."""

LETTERS = dict(zip(SCALARS, "?bBhHiIqQfd", strict=True))
"""Their letters for `struct`, which are not numpy's: there "l" has four bytes."""

READERS = {name: Struct(f"<{letter}") for name, letter in LETTERS.items()}

LARGEST_FILE = 2**31 - 1
"""Bytes: the format's own limit."""


class Field:
    """One slot of a table.

    type: the scalar type, the table or the union; "" for strings.
    default: what an absent scalar is; None where the schema says `= null`.
    required: the field must be there (never true of a scalar).
    align: what a vector's first element is aligned to, where the schema forces it. The encoder
        does so; the decoder does not insist, for many writers do not.
    width: the bytes that it takes in its table; unpack: what reads them if it is a scalar.

    A union takes two slots: `slot` holds the table, the one before it the member's number.
    A file's first tables wait for some hundred fields: such objects are made the fastest.
    """

    __slots__ = (
        *("name", "slot", "kind", "type", "default", "required", "align"),
        *("width", "unpack"),
    )

    def __init__(
        self,
        name: str,
        slot: int,
        kind: Kind,
        type: str = "",
        default: float | None = 0,
        required: bool = False,
        align: int = 1,
    ) -> None:
        self.name, self.slot, self.kind, self.type = name, slot, kind, type
        self.default, self.required, self.align = default, required, align
        reader = READERS[type] if kind == "scalar" else None
        self.width = 4 if reader is None else reader.size
        self.unpack = None if reader is None else reader.unpack_from

    @property
    def absent(self) -> Any:
        """What stands for it where a table has none."""
        if self.kind == "scalar":
            return self.default
        if self.kind == "string":
            return ""
        if self.kind == "scalars":
            return np.empty(0, SCALARS[self.type])
        return () if self.kind in ("strings", "tables") else None


VTable = tuple[int, tuple[int, ...], list[tuple[Field, int]]]
"""The size of a table, the places of its slots (0 where one is absent), the known fields among
them with their places."""


class TableLayout:
    """A kind of table as one pass over a file needs it.

    absent: what fields are where a table has none.
    vtables: what tables of the file have, by the place of the vtable that they share.
    """

    def __init__(
        self, name: str, fields: Sequence[Field], buffer: memoryview | None = None
    ) -> None:
        self.name, self.buffer = name, buffer
        self.absent = {field.name: field.absent for field in fields}
        self.slots = {field.slot: field for field in fields}
        self.required = [field for field in fields if field.required]
        self.vtables: dict[int, VTable] = {}

    def field(self, name: str) -> Field:
        return next(field for field in self.slots.values() if field.name == name)


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
