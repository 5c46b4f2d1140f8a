"""Any flatbuffer as plain data along its schema, in the form that `encode` takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgekit.schema import Field, Schema
from edgekit.schema.decoder import Record, decode

Fields = dict[str, Any]

SHARED_BYTES = 2**18
"""TFLite's writers let tables share objects."""


def unpacked(data: bytes, schema: Schema) -> Fields:
    """All fields of a file. Raises ModelFormatError where it cannot be decoded."""
    return _fields(decode(memoryview(data), schema, shared_bytes=SHARED_BYTES), schema)


def _fields(record: Record, schema: Schema) -> Fields:
    layout = schema.tables[record.table]
    unions = {f.name for f in layout if f.kind == "union"}
    found: Fields = {}
    for field in layout:
        value = record[field.name]
        if field.kind == "union":
            found[field.name] = None if value is None else (value.table, _fields(value, schema))
        elif isinstance(value, Record):
            found[field.name] = _fields(value, schema)
        elif isinstance(value, list | tuple):  # a tuple where the field is absent
            found[field.name] = [_fields(v, schema) if isinstance(v, Record) else v for v in value]
        elif field.name.removesuffix("_type") not in unions:
            found[field.name] = value
    return found


def copied(value: Any) -> Any:
    """A copy whose containers can be changed; arrays are replaced whole and may be shared."""
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [copied(inner) for inner in value]
    if isinstance(value, tuple):
        return (value[0], copied(value[1]))
    return value


@dataclass(frozen=True)
class Site:
    """A field of a table: where a change can be made."""

    table: Fields
    field: Field

    @property
    def value(self) -> Any:
        return self.table.get(self.field.name)

    def put(self, value: Any) -> None:
        self.table[self.field.name] = value


def sites(fields: Fields, schema: Schema, table: str = "") -> Iterator[Site]:
    """Every field of every table that is there, from the root on."""
    for field in schema.tables[table or schema.root]:
        if field.name not in fields:
            continue
        site = Site(fields, field)
        yield site
        value = site.value
        if isinstance(value, Mapping):
            yield from sites(dict_of(value), schema, field.type)
        elif isinstance(value, tuple):
            yield from sites(value[1], schema, value[0])
        elif field.kind == "tables":
            for inner in value or ():
                yield from sites(inner, schema, field.type)


def dict_of(value: Any) -> Fields:
    assert isinstance(value, dict)
    return value


def is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, np.ndarray | list | str) and len(value) == 0)
