"""One file out of the ZIP archive behind a model: labels, mostly.

Python's own `zipfile` takes longer to import than a small model to open, and wants a copy of the
whole file; of all that it can do, one file of an archive of a few is needed.
"""

from __future__ import annotations

import struct
import zlib

__all__ = ["archived_file"]

END = struct.Struct("<4s4xHHII2x")  # of the archive: files twice, the list's size and place
ENTRY = struct.Struct("<4s4xHH4xIIIHHH8xI")
"""Of the list: flags, method, checksum, both sizes, lengths of name and rest, place of the file."""
LOCAL = struct.Struct("<4s22xHH")  # before a file's bytes: lengths of its name and of the rest
LONGEST_COMMENT = 2**16 - 1
ENCRYPTED = 1
STORED, DEFLATED = 0, 8


def archived_file(content: memoryview, name: str, most_bytes: int, most_files: int) -> bytes | None:
    """The file `name` of the archive that ends where `content` ends.

    None where there is no such archive or file, where it is damaged, encrypted or compressed in an
    unusual way, or where more than `most_files` files or `most_bytes` bytes would have to be read.
    """
    try:
        return _archived_file(content, name.encode(), most_bytes, most_files)
    except (struct.error, zlib.error):
        return None


def _archived_file(
    content: memoryview, name: bytes, most_bytes: int, most_files: int
) -> bytes | None:
    tail = bytes(content[-(END.size + LONGEST_COMMENT) :])
    end = tail.rfind(b"PK\5\6")
    if end < 0:
        return None
    _, _, count, size, start = END.unpack_from(tail, end)
    place = len(content) - len(tail) + end - size
    before = place - start  # bytes of the model, where places are counted from the archive's start
    if count > most_files or place < 0 or before < 0:
        return None
    for _ in range(count):
        mark, flags, method, checksum, packed, unpacked, *lengths, first = ENTRY.unpack_from(
            content, place
        )
        place += ENTRY.size
        if mark != b"PK\1\2":
            return None
        if content[place : place + lengths[0]] == name:
            if flags & ENCRYPTED or unpacked > most_bytes:
                return None
            data = _unpacked(content, before + first, packed, unpacked, method)
            return data if data is not None and zlib.crc32(data) == checksum else None
        place += sum(lengths)
    return None


def _unpacked(
    content: memoryview, place: int, packed: int, unpacked: int, method: int
) -> bytes | None:
    mark, *lengths = LOCAL.unpack_from(content, place)
    start = place + LOCAL.size + sum(lengths)
    data = content[start : start + packed]
    if mark != b"PK\3\4" or len(data) < packed or method not in (STORED, DEFLATED):
        return None
    if method == STORED:
        return bytes(data)
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, unpacked + 1)
