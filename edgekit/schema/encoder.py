"""Write a flatbuffer from plain data along a schema: the same bytes for the same data.

What flatbuffers' own builder writes depends on its version; it cannot align a vector further than
its elements need, and old ones let tables of different sizes share one vtable. The format itself is
small: a table is an offset to its vtable and then its inline parts; the vtable says where each of
them stands; what has no fixed size stands elsewhere, at an offset.

A file is written from its start to its end. Vectors with a forced alignment, the large ones, are
kept for the end, so that everything that describes them can be read in one piece.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgekit.errors import ModelFormatError

from . import LARGEST_FILE, LETTERS, SCALARS, Field, Schema

__all__ = ["encode"]


def encode(schema: Schema, root: Mapping[str, Any]) -> bytes:
    """The file whose root table has the fields `root`.

    A table is a mapping of its fields; a vector is a sequence (of scalars: anything that numpy
    takes); a union is a pair of its member's name and that table. What is absent or None is not
    written, nor is a scalar whose bits are those of its default. A name that the schema does not
    know is a KeyError; ModelFormatError if the file would be too large.
    """
    encoder = _Encoder(schema)
    encoder.data += bytes(4) + schema.identifier
    encoder.point(0, encoder.table(schema.root, root))
    for place, field, value in encoder.postponed:
        encoder.point(place, encoder.scalars(field, value))
    encoder.pad(encoder.largest_alignment)
    return bytes(encoder.data)


class _Encoder:
    """`data` grows; each method appends one object and returns where it starts."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.data = bytearray()
        self.vtables: dict[bytes, int] = {}
        self.postponed: list[tuple[int, Field, Any]] = []
        self.largest_alignment = 8

    def table(self, name: str, fields: Mapping[str, Any]) -> int:
        present = self.present(name, fields)
        # Large parts first, so that there is little padding; the offset to the vtable is part 0.
        sizes = {slot: _inline_size(field) for slot, (field, _) in present.items()}
        order = sorted(present, key=lambda slot: (-sizes[slot], slot))
        inside, end = {}, 4
        for slot in order:
            inside[slot] = end
            end += sizes[slot]
        vtable = self.vtable(inside, end)
        # Behind the four bytes of the first part the largest one must be aligned.
        self.pad(8, 4) if 8 in sizes.values() else self.pad(4)
        start = len(self.data)
        self.data += struct.pack("<i", start - vtable) + bytes(end - 4)
        for slot in sorted(present):
            field, value = present[slot]
            place = start + inside[slot]
            if field.kind == "scalar":
                struct.pack_into("<" + LETTERS[field.type], self.data, place, value)
            elif field.align > 1:
                self.largest_alignment = max(self.largest_alignment, field.align)
                self.postponed.append((place, field, value))
            else:
                self.point(place, self.object(field, value))
        return start

    def present(self, name: str, fields: Mapping[str, Any]) -> dict[int, tuple[Field, Any]]:
        """The fields that are written, by slot; a union is two of them."""
        layout = {field.name: field for field in self.schema.tables[name]}
        unknown = sorted(set(fields) - set(layout))
        if unknown:
            raise KeyError(f"table {name} has no fields {unknown}")
        present: dict[int, tuple[Field, Any]] = {}
        for key, value in fields.items():
            field = layout[key]
            if value is None or (field.kind == "scalar" and _is_default(field, value)):
                continue
            present[field.slot] = (field, value)
            if field.kind == "union":
                members = self.schema.unions[field.type]
                numbers = {member: number for number, member in members.items()}
                present[field.slot - 1] = (layout[f"{key}_type"], numbers[value[0]])
        return present

    def vtable(self, inside: Mapping[int, int], table_size: int) -> int:
        """Where the vtable with these places stands; equal ones are written once."""
        slots = range(max(inside, default=-1) + 1)
        places = [inside.get(slot, 0) for slot in slots]
        content = struct.pack(f"<{2 + len(places)}H", 4 + 2 * len(places), table_size, *places)
        if content not in self.vtables:
            self.pad(2)
            self.vtables[content] = len(self.data)
            self.data += content
        return self.vtables[content]

    def object(self, field: Field, value: Any) -> int:
        """What a field points to."""
        if field.kind == "string":
            return self.string(value)
        if field.kind == "table":
            return self.table(field.type, value)
        if field.kind == "union":
            return self.table(*value)
        if field.kind == "scalars":
            return self.scalars(field, value)
        return self.objects(field, value)

    def string(self, text: str) -> int:
        content = text.encode("utf-8")
        self.pad(4)
        start = len(self.data)
        self.data += struct.pack("<I", len(content)) + content + b"\0"
        return start

    def scalars(self, field: Field, value: Any) -> int:
        """A vector of scalars whose first element is aligned as the schema or its type says."""
        array = np.asarray(value, dtype=SCALARS[field.type])
        self.pad(max(4, array.itemsize, field.align), 4)
        start = len(self.data)
        self.data += struct.pack("<I", array.size) + array.tobytes()
        return start

    def objects(self, field: Field, values: Sequence[Any]) -> int:
        """A vector of strings or tables: the offsets, then what they lead to."""
        self.pad(4)
        start = len(self.data)
        self.data += struct.pack("<I", len(values)) + bytes(4 * len(values))
        for index, value in enumerate(values):
            target = (
                self.string(value) if field.kind == "strings" else self.table(field.type, value)
            )
            self.point(start + 4 + 4 * index, target)
        return start

    def point(self, place: int, target: int) -> None:
        """Write the offset from `place` to `target`, which stands behind it."""
        if target > LARGEST_FILE:
            raise ModelFormatError(f"the file would have more than {LARGEST_FILE} bytes")
        struct.pack_into("<I", self.data, place, target - place)

    def pad(self, alignment: int, skip: int = 0) -> None:
        """Append zeros until the byte `skip` ahead is aligned."""
        self.data += bytes(-(len(self.data) + skip) % alignment)


def _inline_size(field: Field) -> int:
    return SCALARS[field.type].itemsize if field.kind == "scalar" else 4


def _is_default(field: Field, value: Any) -> bool:
    """Bit for bit: -0.0 is not 0.0."""
    if field.default is None:
        return False
    letter = "<" + LETTERS[field.type]
    return struct.pack(letter, value) == struct.pack(letter, field.default)
