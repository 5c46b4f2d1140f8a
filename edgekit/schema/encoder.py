"""Write a flatbuffer from plain data along a schema: the same bytes for the same data.

flatbuffers' own builder does the work. What it does not do is align a vector further than its
elements need (it ignores `force_align`), so vectors of scalars are placed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flatbuffers
import numpy as np

from .layout import SCALARS, Field, Schema

__all__ = ["encode"]


def encode(schema: Schema, root: Mapping[str, Any]) -> bytes:
    """The file whose root table has the fields `root`.

    A table is a mapping of its fields; a vector is a sequence (of scalars: anything that numpy
    takes); a union is a pair of its member's name and that table. What is absent or None is not
    written, nor is a scalar whose bits are those of its default. A name that the schema does not
    know is a KeyError. Objects stand in the file in the order of the fields.
    """
    builder = flatbuffers.Builder(1024)
    position = _table(builder, schema, schema.root, root)
    builder.Finish(position, file_identifier=schema.identifier)
    return bytes(builder.Output())


def _table(
    builder: flatbuffers.Builder, schema: Schema, name: str, fields: Mapping[str, Any]
) -> int:
    layout = {field.name: field for field in schema.tables[name]}
    unknown = sorted(set(fields) - set(layout))
    if unknown:
        raise KeyError(f"table {name} has no fields {unknown}")
    # A flatbuffer grows from its end to its start: what is made last comes first in the file.
    slots: dict[int, tuple[Field, Any]] = {}
    for field in reversed(schema.tables[name]):
        value = fields.get(field.name)
        if value is None:
            continue
        if field.kind == "union":
            member, value = value
            numbers = {table: number for number, table in schema.unions[field.type].items()}
            slots[field.slot - 1] = (layout[f"{field.name}_type"], numbers[member])
            slots[field.slot] = (field, _table(builder, schema, member, value))
        elif field.kind != "scalar":
            slots[field.slot] = (field, _object(builder, schema, field, value))
        elif not _is_default(field, value):
            slots[field.slot] = (field, value)
    builder.StartObject(1 + max((field.slot for field in layout.values()), default=-1))
    for slot in sorted(slots):
        field, value = slots[slot]
        if field.kind == "scalar":
            getattr(builder, "Prepend" + field.type.capitalize())(value)
        else:
            builder.PrependUOffsetTRelative(value)
        builder.Slot(slot)
    return int(builder.EndObject())


def _is_default(field: Field, value: Any) -> bool:
    """Bit for bit: -0.0 is not 0.0."""
    if field.default is None:
        return False
    dtype = SCALARS[field.type]
    return np.array(value, dtype).tobytes() == np.array(field.default, dtype).tobytes()


def _object(builder: flatbuffers.Builder, schema: Schema, field: Field, value: Any) -> int:
    """A string, a table or a vector, made before the table that points to it."""
    if field.kind == "string":
        return int(builder.CreateString(value))
    if field.kind == "table":
        return _table(builder, schema, field.type, value)
    if field.kind == "scalars":
        return _scalars(builder, field, value)
    if field.kind == "strings":
        places = [int(builder.CreateString(text)) for text in reversed(value)]
    else:
        places = [_table(builder, schema, field.type, inner) for inner in reversed(value)]
    builder.StartVector(4, len(places), 4)
    for place in places:
        builder.PrependUOffsetTRelative(place)
    return int(builder.EndVector())


def _scalars(builder: flatbuffers.Builder, field: Field, value: Any) -> int:
    """A vector of scalars whose first element is aligned as the schema says."""
    array = np.asarray(value, dtype=SCALARS[field.type])
    data = array.tobytes()
    builder.StartVector(array.itemsize, array.size, max(array.itemsize, field.align))
    builder.head -= len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    return int(builder.EndVector())
