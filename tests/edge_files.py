"""Take a `.edge` file apart, change it, and give it digests that fit: what an attacker would do."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import numpy as np

from edgekit.errors import ModelFormatError
from edgekit.schema.decoder import Record, decode
from edgekit.schema.edgekit_layout import SCHEMA
from edgekit.schema.encoder import encode

Fields = dict[str, Any]


def unpacked(data: bytes) -> Fields:
    """All fields of a file as plain data, in the form that `encode` takes."""
    return _fields(decode(memoryview(data), SCHEMA))


def _fields(record: Record) -> Fields:
    layout = SCHEMA.tables[record.table]
    unions = {field.name for field in layout if field.kind == "union"}
    found = {}
    for field in layout:
        value = record[field.name]
        if field.name in unions and value is not None:
            found[field.name] = (value.table, _fields(value))
        elif isinstance(value, Record):
            found[field.name] = _fields(value)
        elif isinstance(value, list | tuple):
            found[field.name] = [_fields(v) if isinstance(v, Record) else v for v in value]
        elif field.name.removesuffix("_type") not in unions:
            found[field.name] = value.copy() if isinstance(value, np.ndarray) else value
    return found


def sealed(fields: Fields) -> bytes:
    """The file with these fields and with digests that fit."""
    return resealed(encode(SCHEMA, fields))


def resealed(data: bytes) -> bytes:
    """The same file with digests that fit, as far as it can still be decoded."""
    changed = bytearray(data)
    try:
        root = decode(memoryview(bytes(data)), SCHEMA)
    except ModelFormatError:
        return bytes(data)
    buffers = [(b.position("data"), len(b["data"]), b) for b in root["buffers"]]
    for start, length, record in buffers:
        at = record.position("sha256")
        if len(record["sha256"]) == 32:
            changed[at : at + 32] = hashlib.sha256(changed[start : start + length]).digest()
    at = root.position("structure_sha256")
    changed[at : at + 32] = bytes(32)
    outside = np.ones(len(changed), bool)
    for start, length, _ in buffers:
        outside[start : start + length] = False
    kept = np.frombuffer(bytes(changed), np.uint8)[outside]
    changed[at : at + 32] = hashlib.sha256(kept.tobytes()).digest()
    return bytes(changed)


def put(data: bytes, position: int, form: str, *numbers: int) -> bytes:
    """The file with numbers overwritten, by `struct`'s format."""
    changed = bytearray(data)
    struct.pack_into("<" + form, changed, position, *numbers)
    return bytes(changed)
