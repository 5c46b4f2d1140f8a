"""Read a flatbuffer that nobody vouches for: every offset and length is checked before its use.

flatbuffers has no verifier for Python, and its readers follow any offset. Here a file is decoded
once, from its root, along a schema: whatever comes back lies inside the file, has the length it
claims and was counted. Limits are of three kinds. Objects (tables, strings) are counted; the bytes
that objects take are added up, so that offsets which lead many times to the same place do not make
a small file large; and tables are nested only so deep. Unknown fields are skipped, as flatbuffers'
rules of evolution want it.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple, NoReturn

import numpy as np

from edgekit.errors import ModelFormatError

from .layout import LARGEST_FILE, LETTERS, SCALARS, Field, Schema

__all__ = ["LONGEST_STRING", "MOST_OBJECTS", "Record", "decode"]

MOST_OBJECTS = 2**18
LONGEST_STRING = 2**16
DEEPEST = 32

UINT16 = struct.Struct("<H")
INT32 = struct.Struct("<i")
UINT32 = struct.Struct("<I")
READERS = {name: struct.Struct(f"<{letter}") for name, letter in LETTERS.items()}


class Record:
    """One decoded table: `record["field"]` is its value, defaults filled in.

    Scalars are Python numbers; strings are str ("" if absent); vectors of scalars are read-only
    arrays that lie in the file; other vectors are lists; an absent table is None. A union is the
    Record of its member (whose `table` says which), or None if it is absent or not known here.
    """

    __slots__ = ("_positions", "_values", "offset", "path", "table")

    def __init__(self, table: str, path: str, offset: int) -> None:
        self.table = table
        self.path = path
        self.offset = offset
        self._values: dict[str, Any] = {}
        self._positions: dict[str, int] = {}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def put(self, name: str, value: Any, position: int | None = None) -> None:
        self._values[name] = value
        if position is not None:
            self._positions[name] = position

    def position(self, name: str) -> int:
        """Where the field stands: a vector's first element; the table itself if it is absent."""
        return self._positions.get(name, self.offset)

    def fail(self, name: str, problem: str) -> NoReturn:
        """Raise ModelFormatError for what a field says."""
        raise ModelFormatError(f"{self.path}.{name} at byte {self.position(name)}: {problem}")


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


class _Frame(NamedTuple):
    """Where a table and its vtable are, in bytes from the start of the file."""

    position: int
    size: int
    vtable: int
    vtable_size: int


class _Decoder:
    """One pass over one file; `bytes_left` and `objects_left` only ever shrink."""

    def __init__(self, buffer: memoryview, schema: Schema, most_bytes: int, most_objects: int):
        self.buffer = buffer
        self.size = len(buffer)
        self.schema = schema
        self.bytes_left = most_bytes
        self.objects_left = self.most_objects = most_objects

    def table(self, name: str, position: int, path: str, depth: int) -> Record:
        """The table at `position`, which `follow` has checked to hold four bytes."""
        if depth > DEEPEST:
            self.bad(path, position, f"tables are nested more than {DEEPEST} deep")
        self.count_object(path, position)
        frame = self.frame(position, path)
        self.count_bytes(frame.size, path, position)
        record = Record(name, path, position)
        for field in self.schema.tables[name]:
            self.read(record, field, self.place(field, frame, path), depth)
        return record

    def frame(self, position: int, path: str) -> _Frame:
        """The extent of the table at `position` and of its vtable, both inside the file."""
        (back,) = INT32.unpack_from(self.buffer, position)
        vtable = position - back
        if vtable < 0 or vtable + 4 > self.size or vtable % 2:
            self.bad(path, position, f"its vtable would be at byte {vtable}, outside the file")
        (vtable_size,) = UINT16.unpack_from(self.buffer, vtable)
        (size,) = UINT16.unpack_from(self.buffer, vtable + 2)
        if vtable_size < 4 or vtable_size % 2 or vtable + vtable_size > self.size:
            self.bad(path, position, f"its vtable at byte {vtable} has {vtable_size} bytes")
        if size < 4 or position + size > self.size:
            self.bad(path, position, f"it has {size} bytes, the file {self.size}")
        return _Frame(position, size, vtable, vtable_size)

    def place(self, field: Field, frame: _Frame, path: str) -> int | None:
        """Where the field's inline part stands, or None if the field is absent."""
        entry = 4 + 2 * field.slot
        if entry + 2 > frame.vtable_size:
            return None
        (inside,) = UINT16.unpack_from(self.buffer, frame.vtable + entry)
        if inside == 0:
            return None
        size = SCALARS[field.type].itemsize if field.kind == "scalar" else 4
        if inside < 4 or inside + size > frame.size or (frame.position + inside) % size:
            self.bad(
                f"{path}.{field.name}",
                frame.vtable + entry,
                f"it would stand {inside} bytes into a table of {frame.size} "
                f"at byte {frame.position}",
            )
        return frame.position + int(inside)

    def read(self, record: Record, field: Field, place: int | None, depth: int) -> None:
        """Put the field's value into the record."""
        path = f"{record.path}.{field.name}"
        if place is None:
            if field.required:
                self.bad(path, record.offset, "it is missing")
            record.put(field.name, self.absent(field))
            return
        if field.kind == "scalar":
            (value,) = READERS[field.type].unpack_from(self.buffer, place)
            record.put(field.name, value, place)
            return
        target = self.follow(place, path)
        if field.kind == "string":
            record.put(field.name, self.string(target, path), place)
        elif field.kind == "table":
            record.put(field.name, self.table(field.type, target, path, depth + 1), place)
        elif field.kind == "union":
            # The member's number is the field before this one and has been read.
            member = self.schema.unions[field.type].get(record[f"{field.name}_type"])
            known = member and self.table(member, target, path, depth + 1)
            record.put(field.name, known or None, place)
        elif field.kind == "scalars":
            record.put(field.name, self.scalars(field, target, path), target + 4)
        else:
            record.put(field.name, self.objects(field, target, path, depth), target + 4)

    def absent(self, field: Field) -> Any:
        if field.kind == "scalar":
            return field.default
        if field.kind == "string":
            return ""
        if field.kind == "scalars":
            return np.empty(0, SCALARS[field.type])
        return [] if field.kind in ("strings", "tables") else None

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

    def scalars(self, field: Field, position: int, path: str) -> np.ndarray[Any, Any]:
        dtype = SCALARS[field.type]
        length = self.length(position, dtype.itemsize, path)
        start = position + 4
        if length == 0:
            return np.empty(0, dtype)
        return np.frombuffer(self.buffer, dtype, length, start)

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
            self.bad(path, position, f"the file holds more than {self.most_objects} objects")

    def count_bytes(self, size: int, path: str, position: int) -> None:
        self.bytes_left -= size
        if self.bytes_left < 0:
            self.bad(path, position, "objects overlap: they take more bytes than the file has")

    def bad(self, path: str, position: int, problem: str) -> NoReturn:
        raise ModelFormatError(f"{path} at byte {position}: {problem}")
