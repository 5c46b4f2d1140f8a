"""Read a flatbuffer that nobody vouches for: every offset and length is checked before its use.

flatbuffers has no verifier for Python, and its readers follow any offset. Here a file is decoded
once, from its root, along a schema: whatever comes back lies inside the file, has the length it
claims and was counted. Limits are of three kinds. Objects (tables, strings) are counted; the bytes
that objects take are added up, so that offsets which lead many times to the same place do not make
a small file large; and tables are nested only so deep. Unknown fields are skipped, as flatbuffers'
rules of evolution want it.
"""

from __future__ import annotations

from struct import Struct, unpack_from
from typing import Any, NoReturn

import numpy as np

from edgekit.errors import ModelFormatError

from . import LARGEST_FILE, SCALARS, Field, Schema, TableLayout, VTable
from .source import other_kind

__all__ = ["LONGEST_STRING", "MOST_OBJECTS", "Record", "absent_record", "decode"]

MOST_OBJECTS = 2**18
LONGEST_STRING = 2**16
DEEPEST = 32
OVERLAP = "objects overlap: they take more bytes than the file has"

TWO_UINT16 = Struct("<HH")
INT32 = Struct("<i")
UINT32 = Struct("<I")


class Record(dict[str, Any]):
    """One decoded table: `record["field"]` is its value, defaults filled in.

    Scalars are Python numbers; strings are str ("" if absent); vectors of scalars are read-only
    arrays that lie in the file; other vectors are sequences; an absent table is None. A union is
    the Record of its member (whose `table` says which), or None if it is absent or not known here.
    """

    __slots__ = ("_layout", "offset", "path")

    def __init__(self, layout: TableLayout, path: str, offset: int) -> None:
        self.update(layout.absent)
        self._layout, self.path, self.offset = layout, path, offset

    @property
    def table(self) -> str:
        """What kind of table it is."""
        return self._layout.name

    def __bool__(self) -> bool:
        return True  # a table without fields is there all the same

    def position(self, name: str) -> int:
        """Where the field stands: a vector's first element; the table itself if it is absent."""
        field, buffer = self._layout.field(name), self._layout.buffer
        if buffer is None:
            return self.offset
        _, places, _ = self._layout.vtables[_vtable_of(buffer, self.offset)]
        inside = places[field.slot] if field.slot < len(places) else 0
        place = self.offset + inside
        if inside and field.kind in ("scalars", "strings", "tables"):
            return int(place + UINT32.unpack_from(buffer, place)[0] + 4)
        return place

    def fail(self, name: str, problem: str) -> NoReturn:
        """Raise ModelFormatError for what a field says."""
        raise ModelFormatError(f"{self.path}.{name} at byte {self.position(name)}: {problem}")


def absent_record(schema: Schema, table: str, path: str, offset: int) -> Record:
    """A table that is not in the file, all its fields at their defaults."""
    return Record(TableLayout(table, schema.tables[table]), path, offset)


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
            f"{other_kind(buffer)}"
        )
    decoder = _Decoder(buffer, schema, len(buffer) + shared_bytes, most_objects)
    return decoder.table(schema.root, decoder.follow(0, schema.root), schema.root, 0)


def _vtable_of(buffer: memoryview, table: int) -> int:
    """Where the vtable of a table begins, if the file says so rightly."""
    start: int = table - INT32.unpack_from(buffer, table)[0]
    return start


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
        start = _vtable_of(buffer, position)
        vtable = layout.vtables.get(start) or self.vtable(layout, start, position, path)
        size, _, present = vtable
        self.bytes_left -= size
        if position + size > self.size or self.bytes_left < 0:
            self.bad_table(path, position, size)
        record = Record(layout, path, position)
        for field, inside in present:
            place = position + inside
            if place % field.width:
                self.bad_place(path, position, field, start, inside, size)
            if field.unpack is not None:
                record[field.name] = field.unpack(buffer, place)[0]
            elif field.kind == "scalars":
                record[field.name] = self.scalars(field, place, path)
            else:
                record[field.name] = self.read(record, field, place, depth)
        return record

    def vtable(self, layout: TableLayout, start: int, position: int, path: str) -> VTable:
        """What the vtable at `start` says of all tables like the one at `position`."""
        if start < 0 or start + 4 > self.size or start % 2:
            self.bad(path, position, f"its vtable would be at byte {start}, outside the file")
        length, size = TWO_UINT16.unpack_from(self.buffer, start)
        if length < 4 or length % 2 or start + length > self.size:
            self.bad(path, position, f"its vtable at byte {start} has {length} bytes")
        if size < 4:
            self.bad_table(path, position, size)
        count = min(length // 2 - 2, max(layout.slots, default=-1) + 1)
        places = unpack_from(f"<{count}H", self.buffer, start + 4)
        for field in layout.required:
            if field.slot >= count or not places[field.slot]:
                self.bad(f"{path}.{field.name}", position, "it is missing")
        present: list[tuple[Field, int]] = []
        for slot, inside in enumerate(places):
            known = layout.slots.get(slot)
            if inside and known is not None:
                if inside < 4 or inside + known.width > size:
                    self.bad_place(path, position, known, start, inside, size)
                present.append((known, inside))
        layout.vtables[start] = size, places, present
        return layout.vtables[start]

    def layout(self, name: str) -> TableLayout:
        found = self.layouts[name] = TableLayout(name, self.schema.tables[name], self.buffer)
        return found

    def bad_place(
        self, path: str, position: int, field: Field, vtable: int, inside: int, size: int
    ) -> NoReturn:
        self.bad(
            f"{path}.{field.name}",
            vtable + 4 + 2 * field.slot,
            f"it would stand {inside} bytes into a table of {size} at byte {position}",
        )

    def too_many(self, depth: int, path: str, position: int) -> NoReturn:
        if depth > DEEPEST:
            self.bad(path, position, f"tables are nested more than {DEEPEST} deep")
        self.bad(path, position, f"the file holds more than {self.most_objects} objects")

    def bad_table(self, path: str, position: int, size: int) -> NoReturn:
        """Say what is wrong with the table of `size` bytes at `position`."""
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

        Half of what a file's tables lead to: what is sound is known by few comparisons and
        without a call, and `length` says what is wrong with the rest.
        """
        dtype = SCALARS[field.type]
        position: int = place + UINT32.unpack_from(self.buffer, place)[0]
        if position == place or position % 4 or position + 4 > self.size:
            self.bad_offset(place, position, f"{path}.{field.name}")
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
        offsets = UINT32.iter_unpack(self.buffer[position + 4 : position + 4 + 4 * length])
        found: list[Any] = []
        for index, (offset,) in enumerate(offsets):
            inner, place = f"{path}[{index}]", position + 4 + 4 * index
            target = place + offset
            if offset == 0 or target % 4 or target + 4 > self.size:
                self.bad_offset(place, target, inner)
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
                f"{length} elements of {item_size} bytes do not fit into {self.size} bytes: the "
                "file is damaged, or was not copied whole",
            )
        self.count_bytes(4 + length * item_size, path, position)
        return int(length)

    def follow(self, position: int, path: str) -> int:
        """Where the offset at `position` leads; four bytes can be read there."""
        (offset,) = UINT32.unpack_from(self.buffer, position)
        target = position + offset
        if offset == 0 or target % 4 or target + 4 > self.size:
            self.bad_offset(position, target, path)
        return int(target)

    def bad_offset(self, position: int, target: int, path: str) -> NoReturn:
        self.bad(
            path, position, f"its offset leads to byte {target}; the file has {self.size} bytes"
        )

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
