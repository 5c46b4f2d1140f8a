"""Flexbuffer maps of numbers: the options of custom operators in TFLite files.

A flexbuffer ends with its root, the root's type and the root's width. Offsets count backwards from
where they stand. A map is a vector of values with their types behind it and, in front of it, the
place of its keys, a vector of its own. Only maps from texts to integers, floats and truth values
are read; whatever else there is, or does not fit into the bytes, is a ModelFormatError.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from edgekit.errors import ModelFormatError

__all__ = ["flexbuffer_map", "read_flexbuffer_map"]

INT, UINT, FLOAT, MAP, BOOL = 1, 2, 3, 9, 26
INDIRECT = {6: INT, 7: UINT, 8: FLOAT}
FLOATS = {2: "<e", 4: "<f", 8: "<d"}
MOST_ENTRIES = 256
LONGEST_KEY = 256
WORD = 4
WORD_BITS = 2  # log2 of it, as types hold it

Number = bool | int | float


def read_flexbuffer_map(content: bytes) -> dict[str, Number]:
    """The entries of the root, which must be a map."""
    if len(content) < 3:
        raise ModelFormatError(f"a flexbuffer has 3 bytes or more, received {len(content)}")
    width, packed = content[-1], content[-2]
    if packed >> 2 != MAP or width not in (1, 2, 4, 8):
        raise ModelFormatError(f"expected a flexbuffer map, received type {packed >> 2}")
    reader = _Reader(content)
    start, size = reader.target(len(content) - 2 - width, width), 1 << (packed & 3)
    count = reader.unsigned(start - size, size)
    if count > MOST_ENTRIES:
        raise ModelFormatError(f"a map of {count} entries; the most are {MOST_ENTRIES}")
    key_size = reader.unsigned(start - 2 * size, size)
    keys = reader.target(start - 3 * size, size)
    if key_size not in (1, 2, 4, 8) or reader.unsigned(keys - key_size, key_size) != count:
        raise ModelFormatError("the keys of a flexbuffer map do not fit its values")
    entries: dict[str, Number] = {}
    for i in range(count):
        name = reader.text(reader.target(keys + i * key_size, key_size))
        kind = reader.unsigned(start + count * size + i, 1)
        entries[name] = reader.number(start + i * size, size, kind)
    return entries


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def bytes(self, place: int, size: int) -> bytes:
        if place < 0 or place + size > len(self.content):
            raise ModelFormatError(
                f"a flexbuffer of {len(self.content)} bytes names byte {place + size}"
            )
        return self.content[place : place + size]

    def unsigned(self, place: int, size: int) -> int:
        return int.from_bytes(self.bytes(place, size), "little")

    def target(self, place: int, size: int) -> int:
        """Where an offset leads."""
        return place - self.unsigned(place, size)

    def text(self, place: int) -> str:
        self.bytes(place, 1)
        end = self.content.find(b"\0", place, place + LONGEST_KEY)
        if end < 0:
            raise ModelFormatError(f"a key of a flexbuffer has no end within {LONGEST_KEY} bytes")
        return self.content[place:end].decode("utf-8", "replace")

    def number(self, place: int, size: int, packed: int) -> Number:
        kind = packed >> 2
        if kind in INDIRECT:
            place, size, kind = self.target(place, size), 1 << (packed & 3), INDIRECT[kind]
        raw = self.bytes(place, size)
        if kind == FLOAT and size in FLOATS:
            return float(struct.unpack(FLOATS[size], raw)[0])
        if kind == BOOL:
            return any(raw)
        if kind not in (INT, UINT):
            raise ModelFormatError(f"a flexbuffer's map holds type {kind}, expected numbers")
        return int.from_bytes(raw, "little", signed=kind == INT)


def flexbuffer_map(entries: Mapping[str, Number]) -> bytes:
    """A flexbuffer map; keys in order, integers of 32 bits and floats of single precision."""
    names = sorted(entries)
    content = bytearray()
    places = []
    for name in names:
        places.append(len(content))
        content += name.encode() + b"\0"
    content += bytes(-len(content) % WORD)
    content += _word(len(names))
    keys = len(content)
    for place in places:
        content += _word(len(content) - place)
    content += _word(len(content) - keys) + _word(WORD) + _word(len(names))
    start = len(content)
    content += b"".join(_stored(entries[name]) for name in names)
    content += bytes(_kind(entries[name]) << 2 | WORD_BITS for name in names)
    content += bytes(-len(content) % WORD)
    content += _word(len(content) - start)
    return bytes(content) + bytes((MAP << 2 | WORD_BITS, WORD))


def _word(number: int) -> bytes:
    return struct.pack("<I", number)


def _kind(number: Number) -> int:
    return BOOL if isinstance(number, bool) else FLOAT if isinstance(number, float) else INT


def _stored(number: Number) -> bytes:
    return struct.pack("<f" if isinstance(number, float) else "<i", number)
