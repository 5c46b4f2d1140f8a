"""What the encoder writes is read by flatbuffers' own runtime, and its vectors are aligned."""

from __future__ import annotations

import struct

import flatbuffers
import numpy as np
import pytest
from flatbuffers import number_types
from flatbuffers.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.schema import Field, Schema
from edgekit.schema.decoder import decode
from edgekit.schema.encoder import encode

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


def test_aligned_vectors_stand_behind_everything_else() -> None:
    leaves = [{"blob": np.full(70, n, np.uint8)} for n in (1, 2)]
    data = encode(SCHEMA, {"leaves": leaves, "text": "text", "texts": ["more"], "blob": [3] * 70})
    first = min(data.index(bytes([n]) * 70) for n in (1, 2, 3))
    assert max(data.index(b"text"), data.index(b"more")) < first
    assert len(data) - first == 3 * 128


def test_equal_vtables_are_written_once() -> None:
    root = table_of(encode(SCHEMA, {"leaves": [{"blob": []}] * 2}))
    start = root.Vector(root.Offset(4 + 2 * 7))
    tables = [root.Indirect(start + 4 * i) for i in range(2)]
    vtables = {place - struct.unpack_from("<i", root.Bytes, place)[0] for place in tables}
    assert len(vtables) == 1


def test_the_sign_of_zero_is_kept() -> None:
    schema = Schema(b"TEST", "Root", {"Root": (Field("x", 0, "scalar", "float32", 0.0),)}, {})
    x = decode(memoryview(encode(schema, {"x": -0.0})), schema)["x"]
    assert struct.pack("<f", x) == struct.pack("<f", -0.0)
    assert len(encode(schema, {"x": 0.0})) < len(encode(schema, {"x": -0.0}))


SCALAR_VALUES = {
    "bool": st.booleans(),
    **{
        f"{sign}int{bits}": st.integers(
            0 if sign else -(2 ** (bits - 1)), 2 ** (bits if sign else bits - 1) - 1
        )
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
    "float32": st.floats(width=32, allow_nan=False),
    "float64": st.floats(allow_nan=False),
}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.data(), kinds=st.lists(st.sampled_from(sorted(SCALAR_VALUES)), max_size=12))
def test_scalars_of_any_mixture_are_aligned_and_read_by_flatbuffers(data, kinds) -> None:
    layout = tuple(Field(f"f{i}", i, "scalar", kind, None) for i, kind in enumerate(kinds))
    schema = Schema(b"TEST", "Root", {"Root": layout}, {})
    fields = {f"f{i}": data.draw(SCALAR_VALUES[kind] | st.none()) for i, kind in enumerate(kinds)}
    written = encode(schema, fields)
    table = table_of(written)
    for i, kind in enumerate(kinds):
        offset = table.Offset(4 + 2 * i)
        value = fields[f"f{i}"]
        assert (offset == 0) == (value is None)
        if value is not None:
            flags = getattr(number_types, f"{kind.capitalize()}Flags")
            assert (table.Pos + offset) % flags.bytewidth == 0
            assert table.Get(flags, table.Pos + offset) == value
    root = decode(memoryview(written), schema)
    assert {name: root[name] for name in fields} == fields


def test_an_unknown_field_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError, match="table Root has no fields"):
        encode(SCHEMA, {"txt": "a"})
