"""Read a flatbuffer that nobody vouches for: every offset and length is checked before its use.

flatbuffers has no verifier for Python, and its readers follow any offset. Here a file is decoded
once, from its root, along a schema: whatever comes back lies inside the file, has the length it
claims and was counted. Limits are of three kinds. Objects (tables, strings) are counted; the bytes
that objects take are added up, so that offsets which lead many times to the same place do not make
a small file large; and tables are nested only so deep. Unknown fields are skipped, as flatbuffers'
rules of evolution want it.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, unpack_from
from typing import Any, NoReturn

import numpy as np

from edgekit.errors import ModelFormatError

from .layout import LARGEST_FILE, SCALARS, Field, Schema, TableLayout

__all__ = ["LONGEST_STRING", "MOST_OBJECTS", "Record", "absent_record", "decode"]

MOST_OBJECTS = 2**18
LONGEST_STRING = 2**16
DEEPEST = 32
OVERLAP = "objects overlap: they take more bytes than the file has"

TWO_UINT16 = Struct("<HH")
INT32 = Struct("<i")
UINT32 = Struct("<I")
COUNTS = [f"<{count}H" for count in range(2**5)]  # of slots that a vtable has and we know


class Record(dict[str, Any]):
    """One decoded table: `record["field"]` is its value, defaults filled in.

    Scalars are Python numbers; strings are str ("" if absent); vectors of scalars are read-only
    arrays that lie in the file; other vectors are sequences; an absent table is None. A union is
    the Record of its member (whose `table` says which), or None if it is absent or not known here.
    """

    __slots__ = ("_buffer", "_layout", "_places", "offset", "path", "table")

    def __init__(
        self,
        table: str,
        path: str,
        offset: int,
        layout: TableLayout,
        places: Sequence[int] = (),
        buffer: memoryview | None = None,
    ) -> None:
        self.update(layout.absent)
        self.table = table
        self.path = path
        self.offset = offset
        self._layout, self._places, self._buffer = layout, places, buffer

    def __bool__(self) -> bool:
        return True  # a table without fields is there all the same

    def position(self, name: str) -> int:
        """Where the field stands: a vector's first element; the table itself if it is absent."""
        field = self._layout.by_name[name]
        inside = self._places[field.slot] if field.slot < len(self._places) else 0
        if not inside or self._buffer is None:
            return self.offset
        place = self.offset + inside
        if field.kind in ("scalars", "strings", "tables"):
            return int(place + UINT32.unpack_from(self._buffer, place)[0] + 4)
        return place

    def fail(self, name: str, problem: str) -> NoReturn:
        """Raise ModelFormatError for what a field says."""
        raise ModelFormatError(f"{self.path}.{name} at byte {self.position(name)}: {problem}")


def absent_record(schema: Schema, table: str, path: str, offset: int) -> Record:
    """A table that is not in the file, all its fields at their defaults."""
    return Record(table, path, offset, TableLayout(schema.tables[table]))


def decode(
    buffer: memoryview,
    schema: Schema,
    *,
    shared_bytes: int = 0,
    most_objects: int = MOST_OBJECTS,
) -> Record:
    """The root table of a file, and with it everything that can be reached.

    `buffer` holds the whole file as bytes ("B"). Objects may take no more bytes together than the
    file has, plus `shared_bytes` for formats whose writers let several tables share one object.
    Raises ModelFormatError, with the field and the byte offset.
    """
    if not 8 <= len(buffer) <= LARGEST_FILE:
        raise ModelFormatError(f"the file has {len(buffer)} bytes, expected 8 to {LARGEST_FILE}")
    found = bytes(buffer[4:8])
    if found != schema.identifier:
        raise ModelFormatError(
            f"the identifier at byte 4 is {found!r}, expected {schema.identifier!r}: "
            "this is a file of another kind, or its first bytes are damaged"
        )
    decoder = _Decoder(buffer, schema, len(buffer) + shared_bytes, most_objects)
    return decoder.table(schema.root, decoder.follow(0, schema.root), schema.root, 0)


class _Decoder:
    """One pass over one file; `bytes_left` and `objects_left` only ever shrink."""

    def __init__(self, buffer: memoryview, schema: Schema, most_bytes: int, most_objects: int):
        self.buffer = buffer
        self.size = len(buffer)
        self.schema = schema
        self.layouts: dict[str, TableLayout] = {}
        self.bytes_left = most_bytes
        self.objects_left = self.most_objects = most_objects

    def table(self, name: str, position: int, path: str, depth: int) -> Record:
        """The table at `position`, which `follow` has checked to hold four bytes.

        A file has hundreds: what is sound is known by few comparisons and without a call.
        """
        self.objects_left -= 1
        if depth > DEEPEST or self.objects_left < 0:
            self.too_many(depth, path, position)
        layout, buffer = self.layouts.get(name) or self.layout(name), self.buffer
        vtable: int = position - INT32.unpack_from(buffer, position)[0]
        if vtable < 0 or vtable + 4 > self.size or vtable % 2:
            self.bad(path, position, f"its vtable would be at byte {vtable}, outside the file")
        length, size = TWO_UINT16.unpack_from(buffer, vtable)
        self.bytes_left -= size
        if (
            length < 4
            or length % 2
            or vtable + length > self.size
            or size < 4
            or position + size > self.size
            or self.bytes_left < 0
        ):
            self.bad_table(path, position, vtable, length, size)
        slots = layout.slots
        places = unpack_from(COUNTS[min((length - 4) // 2, len(slots))], buffer, vtable + 4)
        record = Record(name, path, position, layout, places, buffer)
        if layout.required:
            self.check_required(record, layout.required, places)
        for slot, inside in enumerate(places):
            known = slots[slot]
            if not inside or known is None:
                continue
            field, width, unpack = known
            place = position + inside
            if inside < 4 or inside + width > size or place % width:
                self.bad_place(record, field, vtable, inside, size)
            if unpack is not None:
                record[field.name] = unpack(buffer, place)[0]
            elif field.kind == "scalars":
                record[field.name] = self.scalars(field, place, path)
            else:
                record[field.name] = self.read(record, field, place, depth)
        return record

    def layout(self, name: str) -> TableLayout:
        found = self.layouts[name] = TableLayout(self.schema.tables[name])
        return found

    def check_required(
        self, record: Record, fields: Sequence[Field], places: Sequence[int]
    ) -> None:
        for field in fields:
            if field.slot >= len(places) or not places[field.slot]:
                self.bad(f"{record.path}.{field.name}", record.offset, "it is missing")

    def bad_place(
        self, record: Record, field: Field, vtable: int, inside: int, size: int
    ) -> NoReturn:
        self.bad(
            f"{record.path}.{field.name}",
            vtable + 4 + 2 * field.slot,
            f"it would stand {inside} bytes into a table of {size} at byte {record.offset}",
        )

    def too_many(self, depth: int, path: str, position: int) -> NoReturn:
        if depth > DEEPEST:
            self.bad(path, position, f"tables are nested more than {DEEPEST} deep")
        self.bad(path, position, f"the file holds more than {self.most_objects} objects")

    def bad_table(self, path: str, position: int, vtable: int, length: int, size: int) -> NoReturn:
        """Say what is wrong with the table at `position`, or with its vtable of `length` bytes."""
        if length < 4 or length % 2 or vtable + length > self.size:
            self.bad(path, position, f"its vtable at byte {vtable} has {length} bytes")
        if size < 4 or position + size > self.size:
            self.bad(path, position, f"it has {size} bytes, the file {self.size}")
        self.bad(path, position, OVERLAP)

    def read(self, record: Record, field: Field, place: int, depth: int) -> Any:
        """What an offset leads to."""
        path = f"{record.path}.{field.name}"
        target = self.follow(place, path)
        if field.kind == "string":
            return self.string(target, path)
        if field.kind == "table":
            return self.table(field.type, target, path, depth + 1)
        if field.kind != "union":
            return self.objects(field, target, path, depth)
        # The member's number is the field before this one and has been read.
        member = self.schema.unions[field.type].get(record[f"{field.name}_type"])
        return self.table(member, target, path, depth + 1) if member else None

    def string(self, position: int, path: str) -> str:
        (length,) = UINT32.unpack_from(self.buffer, position)
        end = position + 4 + length
        if length > LONGEST_STRING or end + 1 > self.size:
            self.bad(path, position, f"a text of {length} bytes, allowed are {LONGEST_STRING}")
        self.count_object(path, position)
        self.count_bytes(4 + length + 1, path, position)
        if self.buffer[end] != 0:
            self.bad(path, end, "the text does not end with a zero byte")
        try:
            return str(self.buffer[position + 4 : end], "utf-8")
        except UnicodeDecodeError as error:
            self.bad(path, position + 4 + error.start, "the text is not UTF-8")

    def scalars(self, field: Field, place: int, path: str) -> np.ndarray[Any, Any]:
        """The vector of numbers that the offset at `place` leads to.

        Half of what a file's tables lead to: what is sound is known by few comparisons, and
        `follow` and `length` say what is wrong with the rest.
        """
        dtype = SCALARS[field.type]
        position: int = place + UINT32.unpack_from(self.buffer, place)[0]
        if position == place or position % 4 or position + 4 > self.size:
            self.follow(place, f"{path}.{field.name}")
        length: int = UINT32.unpack_from(self.buffer, position)[0]
        size = 4 + length * dtype.itemsize
        if position + size > self.size or size > self.bytes_left:
            self.length(position, dtype.itemsize, f"{path}.{field.name}")
        self.bytes_left -= size
        if length == 0:
            return np.empty(0, dtype)
        return np.frombuffer(self.buffer, dtype, length, position + 4)

    def objects(self, field: Field, position: int, path: str, depth: int) -> list[Any]:
        """A vector of strings or tables."""
        length = self.length(position, 4, path)
        if length > self.objects_left:
            self.bad(path, position, f"{length} elements; a file holds {self.most_objects} objects")
        found: list[Any] = []
        for index in range(length):
            inner = f"{path}[{index}]"
            target = self.follow(position + 4 + 4 * index, inner)
            if field.kind == "strings":
                found.append(self.string(target, inner))
            else:
                found.append(self.table(field.type, target, inner, depth + 1))
        return found

    def length(self, position: int, item_size: int, path: str) -> int:
        """The number of elements of a vector, all of which lie in the file."""
        (length,) = UINT32.unpack_from(self.buffer, position)
        if position + 4 + length * item_size > self.size:
            self.bad(
                path,
                position,
                f"{length} elements of {item_size} bytes do not fit into {self.size} bytes",
            )
        self.count_bytes(4 + length * item_size, path, position)
        return int(length)

    def follow(self, position: int, path: str) -> int:
        """Where the offset at `position` leads; four bytes can be read there."""
        (offset,) = UINT32.unpack_from(self.buffer, position)
        target = position + offset
        if offset == 0 or target % 4 or target + 4 > self.size:
            self.bad(
                path, position, f"its offset leads to byte {target}; the file has {self.size} bytes"
            )
        return int(target)

    def count_object(self, path: str, position: int) -> None:
        self.objects_left -= 1
        if self.objects_left < 0:
            self.too_many(0, path, position)

    def count_bytes(self, size: int, path: str, position: int) -> None:
        self.bytes_left -= size
        if self.bytes_left < 0:
            self.bad(path, position, OVERLAP)

    def bad(self, path: str, position: int, problem: str) -> NoReturn:
        raise ModelFormatError(f"{path} at byte {position}: {problem}")
