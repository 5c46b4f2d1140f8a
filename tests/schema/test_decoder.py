"""The decoder reads what flatbuffers' own builder writes, and bounds what a file can ask for."""

from __future__ import annotations

import struct

import flatbuffers
import numpy as np
import pytest

from edgekit.errors import ModelFormatError
from edgekit.schema import SCALARS, Field, Schema
from edgekit.schema.decoder import DEEPEST, LONGEST_STRING, Record, decode

SCHEMA = Schema(
    identifier=b"TEST",
    root="Root",
    tables={
        "Root": (
            *(Field(name, i, "scalar", name, None) for i, name in enumerate(SCALARS)),
            Field("text", 11, "string"),
            Field("inner", 12, "table", "Root"),
            Field("choice_type", 13, "scalar", "uint8"),
            Field("choice", 14, "union", "Choice"),
            Field("numbers", 15, "scalars", "int64"),
            Field("texts", 16, "strings"),
            Field("inners", 17, "tables", "Leaf"),
        ),
        "Leaf": (Field("number", 0, "scalar", "int32", 5),),
    },
    unions={"Choice": {1: "Leaf", 2: "Root"}},
)
NUMBERS = {
    "bool": True, "int8": -128, "uint8": 255, "int16": -(2**15), "uint16": 2**16 - 1,
    "int32": -(2**31), "uint32": 2**32 - 1, "int64": -(2**63), "uint64": 2**64 - 1,
    "float32": 0.5, "float64": 1e300,
}  # fmt: skip


def finish(builder: flatbuffers.Builder, root: int) -> memoryview:
    builder.Finish(root, file_identifier=b"TEST")
    return memoryview(bytes(builder.Output()))


def leaf(builder: flatbuffers.Builder, number: int) -> int:
    builder.StartObject(1)
    builder.PrependInt32Slot(0, number, 5)
    return builder.EndObject()


def full_file() -> memoryview:
    """Every kind of field, written by flatbuffers."""
    builder = flatbuffers.Builder(0)
    text = builder.CreateString("größer")
    leaves = [leaf(builder, number) for number in (1, 5, -2)]
    numbers = builder.CreateNumpyVector(np.array([3, -(2**40)], np.int64))
    names = [builder.CreateString(name) for name in ("a", "")]
    builder.StartVector(4, 2, 4)
    for place in reversed(names):
        builder.PrependUOffsetTRelative(place)
    texts = builder.EndVector()
    builder.StartVector(4, 3, 4)
    for place in reversed(leaves):
        builder.PrependUOffsetTRelative(place)
    inners = builder.EndVector()
    builder.StartObject(0)
    empty = builder.EndObject()
    builder.StartObject(18)
    for slot, (name, number) in enumerate(NUMBERS.items()):
        getattr(builder, f"Prepend{name.capitalize()}")(number)
        builder.Slot(slot)
    for slot, place in ((11, text), (12, empty), (14, leaves[0]), (15, numbers)):
        builder.PrependUOffsetTRelativeSlot(slot, place, 0)
    builder.PrependUint8Slot(13, 1, 0)
    builder.PrependUOffsetTRelativeSlot(16, texts, 0)
    builder.PrependUOffsetTRelativeSlot(17, inners, 0)
    return finish(builder, builder.EndObject())


def test_every_kind_of_field_comes_back() -> None:
    root = decode(full_file(), SCHEMA, shared_bytes=8)  # one leaf is there twice
    assert {name: root[name] for name in NUMBERS} == NUMBERS
    assert all(type(root[name]) is type(number) for name, number in NUMBERS.items())
    assert root["text"] == "größer"
    assert root["numbers"].tolist() == [3, -(2**40)]
    assert root["texts"] == ["a", ""]
    assert [inner["number"] for inner in root["inners"]] == [1, 5, -2]
    assert root["choice"].table == "Leaf"
    assert root["choice"]["number"] == 1
    assert root["inner"].path == "Root.inner"


def test_absent_fields_are_their_defaults() -> None:
    inner: Record = decode(full_file(), SCHEMA, shared_bytes=8)["inner"]
    assert all(inner[name] is None for name in NUMBERS)
    assert inner["text"] == ""
    assert inner["inner"] is inner["choice"] is None
    assert inner["texts"] == inner["inners"] == ()
    assert inner["numbers"].shape == (0,)
    assert inner["numbers"].dtype == np.int64


def test_arrays_lie_in_the_file_and_cannot_be_written() -> None:
    data = full_file()
    numbers = decode(data, SCHEMA, shared_bytes=8)["numbers"]
    assert np.shares_memory(numbers, np.frombuffer(data, np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        numbers[0] = 1


def test_fields_that_the_schema_does_not_know_are_skipped() -> None:
    fewer = Schema(b"TEST", "Root", {"Root": (Field("text", 11, "string"),)}, {})
    assert decode(full_file(), fewer)["text"] == "größer"


def test_members_of_a_union_that_the_schema_does_not_know_are_none() -> None:
    fewer = Schema(b"TEST", "Root", SCHEMA.tables, {"Choice": {2: "Root"}})
    root = decode(full_file(), fewer, shared_bytes=8)
    assert root["choice"] is None
    assert root["choice_type"] == 1


def test_an_object_met_often_needs_leave() -> None:
    builder = flatbuffers.Builder(0)
    place = builder.CreateString("x" * 100)
    builder.StartVector(4, 9, 4)
    for _ in range(9):
        builder.PrependUOffsetTRelative(place)
    texts = builder.EndVector()
    builder.StartObject(18)
    builder.PrependUOffsetTRelativeSlot(16, texts, 0)
    data = finish(builder, builder.EndObject())
    assert decode(data, SCHEMA, shared_bytes=9 * 105)["texts"] == ["x" * 100] * 9
    with pytest.raises(ModelFormatError, match=r"Root.texts\[1\] at byte \d+: objects overlap"):
        decode(data, SCHEMA)


def nested(depth: int) -> memoryview:
    """A Root in a Root in a Root."""
    builder = flatbuffers.Builder(0)
    place = 0
    for _ in range(depth):
        builder.StartObject(18)
        builder.PrependUOffsetTRelativeSlot(12, place, 0)
        place = builder.EndObject()
    return finish(builder, place)


def test_tables_are_nested_only_so_deep() -> None:
    decode(nested(DEEPEST + 1), SCHEMA)
    with pytest.raises(ModelFormatError, match="tables are nested more than 32 deep"):
        decode(nested(DEEPEST + 2), SCHEMA)
    with pytest.raises(ModelFormatError, match="nested more than 32 deep"):
        decode(nested(20_000), SCHEMA)


def test_objects_are_counted() -> None:
    data = full_file()
    objects = 9  # root, inner, three leaves, one of them once more, three texts
    decode(data, SCHEMA, shared_bytes=8, most_objects=objects)
    with pytest.raises(ModelFormatError, match="a file holds 8 objects|holds more than 8 objects"):
        decode(data, SCHEMA, shared_bytes=8, most_objects=objects - 1)


def text_file(text: bytes) -> memoryview:
    builder = flatbuffers.Builder(0)
    place = builder.CreateString(text)
    builder.StartObject(18)
    builder.PrependUOffsetTRelativeSlot(11, place, 0)
    return finish(builder, builder.EndObject())


def test_texts_have_a_longest_length() -> None:
    assert len(decode(text_file(b"x" * LONGEST_STRING), SCHEMA)["text"]) == LONGEST_STRING
    with pytest.raises(ModelFormatError, match=r"Root.text at byte \d+: a text of 65537 bytes"):
        decode(text_file(b"x" * (LONGEST_STRING + 1)), SCHEMA)


def test_texts_are_utf8() -> None:
    with pytest.raises(ModelFormatError, match=r"Root.text at byte \d+: the text is not UTF-8"):
        decode(text_file(b"\xff\xfe"), SCHEMA)


def test_a_required_field_is_there() -> None:
    schema = Schema(b"TEST", "Root", {"Root": (Field("x", 40, "string", required=True),)}, {})
    with pytest.raises(ModelFormatError, match=r"Root.x at byte \d+: it is missing"):
        decode(full_file(), schema)


@pytest.mark.parametrize("length", range(8))
def test_a_file_of_a_few_bytes_is_no_model(length: int) -> None:
    with pytest.raises(ModelFormatError, match=f"the file has {length} bytes, expected 8 to"):
        decode(memoryview(b"\4\0\0\0TEST"[:length]), SCHEMA)


def test_truncations_and_changed_bytes_give_one_error_or_none() -> None:
    """Without digests, so that the decoder alone decides; some bytes are padding."""
    data = bytes(full_file())
    changed = [data[:length] for length in range(len(data))]
    for position in range(len(data)):
        for byte in (0, 1, 4, 127, 128, 255):
            changed.append(data[:position] + bytes([byte]) + data[position + 1 :])
    refused = 0
    for candidate in changed:
        try:
            decode(memoryview(candidate), SCHEMA, shared_bytes=8)
        except ModelFormatError as error:
            assert "byte" in str(error)
            refused += 1
    assert len(data) < refused < len(changed)


def test_failures_name_the_field_and_its_place() -> None:
    root = decode(full_file(), SCHEMA, shared_bytes=8)
    place = root.position("int32")
    assert struct.unpack_from("<i", full_file(), place) == (-(2**31),)
    with pytest.raises(ModelFormatError, match=f"^Root.int32 at byte {place}: too small$"):
        root.fail("int32", "too small")
