"""A flatbuffer schema as data: which tables there are, and what stands in each slot.

The instances are generated from `schemas/*.fbs` into `edgekit.schema.generated`; `decoder.py` and
`encoder.py` are driven by them and know no format by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from edgekit.frozen import Frozen

__all__ = ["LARGEST_FILE", "LETTERS", "SCALARS", "Field", "Kind", "Schema"]

Kind = Literal["scalar", "string", "table", "union", "scalars", "strings", "tables"]

SCALARS: dict[str, np.dtype[Any]] = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64".split()  # noqa: SIM905
    )
}
"""The scalar types by name, as they stand in a file."""

LETTERS = dict(zip(SCALARS, "?bBhHiIqQfd", strict=True))
"""Their letters for `struct`, which are not numpy's: there "l" has four bytes."""

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


class Schema(Frozen):
    """The tables of one file format by name, its unions (number -> table) and its root."""

    identifier: bytes
    root: str
    tables: Mapping[str, tuple[Field, ...]]
    unions: Mapping[str, Mapping[int, str]]
