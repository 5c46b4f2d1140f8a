"""What the encoder writes is read by flatbuffers' own runtime, and its vectors are aligned."""

from __future__ import annotations

import struct

import flatbuffers
import numpy as np
import pytest
from flatbuffers import number_types
from flatbuffers.table import Table

from edgekit.schema import Field, Schema, decode, encode

SCHEMA = Schema(
    identifier=b"TEST",
    root="Root",
    tables={
        "Root": (
            Field("text", 0, "string"),
            Field("small", 1, "scalar", "int8", -1),
            Field("exact", 2, "scalar", "float64", None),
            Field("blob", 3, "scalars", "uint8", align=64),
            Field("choice_type", 4, "scalar", "uint8"),
            Field("choice", 5, "union", "Choice"),
            Field("texts", 6, "strings"),
            Field("leaves", 7, "tables", "Leaf"),
        ),
        "Leaf": (Field("blob", 0, "scalars", "uint8", align=64),),
    },
    unions={"Choice": {3: "Leaf"}},
)


def table_of(data: bytes) -> Table:
    return Table(bytearray(data), struct.unpack_from("<I", data)[0])


def test_flatbuffers_reads_what_is_written() -> None:
    fields = {
        "text": "größer",
        "small": 7,
        "exact": 0.1,
        "blob": np.arange(5, dtype=np.uint8),
        "choice": ("Leaf", {"blob": [9]}),
        "texts": ["a", "b"],
    }
    data = encode(SCHEMA, fields)
    assert flatbuffers.util.BufferHasIdentifier(data, 0, b"TEST")
    table = table_of(data)
    offsets = [table.Offset(4 + 2 * slot) for slot in range(8)]
    assert offsets[7] == 0
    assert table.String(table.Pos + offsets[0]).decode() == "größer"
    assert table.Get(number_types.Int8Flags, table.Pos + offsets[1]) == 7
    assert table.Get(number_types.Float64Flags, table.Pos + offsets[2]) == 0.1
    assert table.GetVectorAsNumpy(number_types.Uint8Flags, offsets[3]).tolist() == [0, 1, 2, 3, 4]
    assert table.Get(number_types.Uint8Flags, table.Pos + offsets[4]) == 3
    member = Table(table.Bytes, table.Indirect(table.Pos + offsets[5]))
    assert member.GetVectorAsNumpy(number_types.Uint8Flags, member.Offset(4)).tolist() == [9]
    start = table.Vector(offsets[6])
    assert [table.String(start + 4 * i) for i in range(2)] == [b"a", b"b"]


def test_defaults_and_absent_fields_take_no_room() -> None:
    data = encode(SCHEMA, {"small": -1, "exact": None})
    assert len(data) == len(encode(SCHEMA, {}))
    root = decode(memoryview(data), SCHEMA)
    assert root["small"] == -1
    assert root["exact"] is None
    assert decode(memoryview(encode(SCHEMA, {"exact": 0.0})), SCHEMA)["exact"] == 0.0


@pytest.mark.parametrize("text", ["", "a", "four", "twelve bytes"])
def test_vectors_start_at_multiples_of_their_alignment(text: str) -> None:
    """From the start of the file, whatever stands before and behind them."""
    for lengths in [(0,), (1,), (64,), (63, 1, 65), (3, 0, 200)]:
        leaves = [{"blob": np.zeros(n, np.uint8)} for n in lengths]
        data = encode(SCHEMA, {"text": text, "leaves": leaves, "texts": [text]})
        root = decode(memoryview(data), SCHEMA)
        assert [leaf.position("blob") % 64 for leaf in root["leaves"]] == [0] * len(lengths)
        assert [len(leaf["blob"]) for leaf in root["leaves"]] == list(lengths)
        assert len(data) % 64 == 0


def test_objects_stand_in_the_order_of_the_fields() -> None:
    data = encode(SCHEMA, {"text": "first", "texts": ["second", "third"]})
    places = [data.index(text) for text in (b"first", b"second", b"third")]
    assert places == sorted(places)


def test_an_unknown_field_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError, match="table Root has no fields"):
        encode(SCHEMA, {"txt": "a"})
