"""One hostile file per promise of the reader, each with the sentence that refuses it.

All have digests that fit. `FIELDS` change what a file says; `BYTES` change how it is put together.
"""

from __future__ import annotations

import struct
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.export.edge import edge_bytes
from edgekit.interpreter.reader import read_edge
from edgekit.schema.decoder import Record, decode
from edgekit.schema.edgekit_layout import SCHEMA
from tests.edge_files import Fields, put, resealed, sealed, unpacked
from tests.edge_graphs import int8_graph

DATA = edge_bytes(int8_graph())
NAN = float("nan")


def value(fields: Fields, name: str) -> Fields:
    return next(v for v in fields["graph"]["values"] if v["name"] == name)


def node(fields: Fields, name: str) -> Fields:
    return next(n for n in fields["graph"]["nodes"] if n["name"] == name)


def setting(*path: Any) -> Callable[[Fields], None]:
    """A change: walk down the keys before the last two and set the last key to the last value."""
    *walk, key, new = path

    def change(fields: Fields) -> None:
        place: Any = fields
        for step in walk:
            place = place[step]
        place[key] = new

    return change


def in_value(name: str, key: str, new: Any) -> Callable[[Fields], None]:
    return lambda fields: value(fields, name).__setitem__(key, new)


def in_quant(name: str, key: str, new: Any) -> Callable[[Fields], None]:
    return lambda fields: value(fields, name)["quant"].__setitem__(key, new)


def in_node(name: str, key: str, new: Any) -> Callable[[Fields], None]:
    return lambda fields: node(fields, name).__setitem__(key, new)


def attribute(member: str, content: Any, name: str = "pads") -> Fields:
    return {"name": name, "value": (member, {"value": content})}


def doubled_attribute(fields: Fields) -> None:
    node(fields, "conv")["attributes"] *= 2


def doubled_value(fields: Fields) -> None:
    value(fields, "table")["name"] = "conv"


def doubled_slot(fields: Fields) -> None:
    fields["memory_plan"]["slots"].append(fields["memory_plan"]["slots"][0])


def overlapping_slots(fields: Fields) -> None:
    for slot in fields["memory_plan"]["slots"]:
        slot["offset"] = 0


def missing_slot(fields: Fields) -> None:
    fields["memory_plan"]["slots"].pop()


def cyclic_nodes(fields: Fields) -> None:
    names = [v["name"] for v in fields["graph"]["values"]]
    node(fields, "quantize")["inputs"] = [names.index("swish")]


def reversed_nodes(fields: Fields) -> None:
    fields["graph"]["nodes"].reverse()


def unknown_operators(fields: Fields) -> None:
    node(fields, "conv")["operator"] = "Conv9D"
    node(fields, "flat")["operator"] = "Reshap"


def newer_operator(fields: Fields) -> None:
    node(fields, "conv")["version"] = 9


def same_key_twice(fields: Fields) -> None:
    fields["provenance"] = [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]


def short_digest(fields: Fields) -> None:
    fields["structure_sha256"] = np.zeros(31, np.uint8)


def empty_buffer(fields: Fields) -> None:
    fields["buffers"][0]["data"] = np.empty(0, np.uint8)


def huge_product(fields: Fields) -> None:
    """2^32 * 2^32 = 0 in 64 bits, and an empty buffer would do."""
    value(fields, "conv/weight")["shape"] = [2**31 - 1] * 8


def two_bytes_as_bool(fields: Fields) -> None:
    value(fields, "table").update(dtype="bool", quant=None)


def nan_constant(fields: Fields) -> None:
    constant = value(fields, "conv/bias")
    constant.update(dtype="float32", quant=None)
    fields["buffers"][constant["buffer"]]["data"] = np.full(3, NAN, "<f4").view(np.uint8)


FIELDS: list[tuple[Callable[[Fields], None], str]] = [
    # versions
    (setting("format_version", 0), "minimal_reader_version at byte .*: 1, in a file of format ver"),
    (setting("minimal_reader_version", 0), "minimal_reader_version at byte .*: 0, in a file"),
    (setting("arithmetic", "float64"), "Model.arithmetic at byte .*: 'float64' is none of fixedpo"),
    (setting("arithmetic_version", 2), "version 2 of the arithmetic 'fixedpoint'; this edgekit co"),
    # digests
    (short_digest, "Model.structure_sha256 at byte .*: expected 32 bytes"),
    # indices
    (
        in_value("table", "buffer", 99),
        r"Model.graph.values\[\d\].buffer at byte \d+: index 99, exp",
    ),
    (in_value("table", "buffer", -2), "buffer at byte .*: index -2, expected 0 to"),
    (in_node("conv", "inputs", [0, 99]), r"graph.nodes\[1\].inputs at byte .*: index 99, expected"),
    (in_node("conv", "inputs", [-2]), "index -2, expected 0 to"),
    (in_node("conv", "outputs", [-1]), r"nodes\[1\].outputs at byte .*: index -1, expected 0"),
    (setting("graph", "inputs", [2**31 - 1]), "graph.inputs at byte .*: index 2147483647"),
    (setting("graph", "outputs", [-1]), "graph.outputs at byte .*: index -1"),
    (setting("memory_plan", "slots", 0, "value", 77), r"slots\[0\].value at byte .*: index 77"),
    (setting("test_vectors", 0, "inputs", 0, "value", 77), r"inputs\[0\].value at .*: index 77"),
    (setting("test_vectors", 0, "inputs", 0, "buffer", 77), r"\[0\].buffer at .*: index 77"),
    (setting("test_vectors", 0, "checksums", 0, "value", -1), r"checksums\[0\].value .*index -1"),
    # shapes, dtypes, contents
    (in_value("table", "shape", [1] * 9), "9 dimensions, allowed are 8"),
    (in_value("table", "shape", [16, -1]), r"shape at .*: \[16, -1\]: only the first dimension"),
    (in_value("table", "shape", [0]), r"shape at .*: \[0\]: only the first dimension may be unkn"),
    (in_value("table", "shape", [-7]), r"shape at .*: \[-7\]: only the first"),
    (in_value("table", "shape", [-1]), r"shape at .*: \(None,\): an array has no unknown"),
    (in_value("table", "shape", [128]), r"buffer at .*: int8\[128\] needs 128 bytes, .* holds 256"),
    (in_value("table", "dtype", "int16"), r"int16\[256\] needs 512 bytes, the buffer holds 256"),
    (in_value("table", "dtype", "object"), "dtype at byte .*: 'object' is none of float32, int8"),
    (in_value("image", "shape", [-1, 2**16, 2**16, 2]), "8589934592 elements, allowed are 8 and"),
    (huge_product, "needs 45231284689826972442264117969754366745092208101925116684317138287503343"),
    (two_bytes_as_bool, "buffer at byte .*: a bool is stored as 0 or 1"),
    (nan_constant, "'conv/bias' holds NaN"),
    (empty_buffer, "the buffer holds 0"),
    # scales
    (in_quant("conv", "scale", [NAN]), r"quant.scale at byte .*: .*above zero, received \[nan\]"),
    (in_quant("conv", "scale", [float("inf")]), r"finite and above zero, received \[inf\]"),
    (in_quant("conv", "scale", [0.0]), r"above zero, received \[0.0\]"),
    (in_quant("conv", "scale", [-1.0]), r"above zero, received \[-1.0\]"),
    (in_quant("conv", "scale", []), "0 scales and 1 zero points"),
    (in_quant("conv", "zero_point", [1, 2]), "1 scales and 2 zero points"),
    (in_quant("conv", "zero_point", [128]), "zero points must lie in -128..127"),
    (in_quant("conv", "axis", 8), "quant.axis at byte .*: 8 is no axis"),
    (in_quant("conv", "axis", -2), "-2 is no axis"),
    (in_quant("conv/weight", "axis", 1), "3 scales do not fit"),
    (in_quant("conv/weight", "axis", -1), "3 scales need an axis"),
    (in_value("conv", "quant", None), "'conv' is int8 and has no scale"),
    # names
    (doubled_value, r"graph.values at byte \d+: names stand twice: 'conv'"),
    (doubled_attribute, r"attributes\[1\].name at byte .*: 'pads' stands twice"),
    (same_key_twice, "Model.provenance at byte .*: names stand twice: 'a'"),
    (in_value("table", "name", "n" * 1025), "name at byte .*: 1025 characters, allowed are 1024"),
    (in_value("table", "name", ""), "a name has 1 to 1024 characters, received 0"),
    (in_node("conv", "name", "n" * 1025), "1025 characters, allowed are 1024"),
    # nodes
    (in_node("conv", "attributes", [attribute("Int", 1)]), "expected ints, received 1"),
    (in_node("conv", "attributes", [attribute("Floats", [1.0] * 4)]), "expected ints"),
    (in_node("conv", "attributes", [attribute("Ints", [-1] * 4)]), "expected 0 to 65536"),
    (in_node("conv", "attributes", [attribute("Ints", [2**62] * 4)]), "expected 0 to 65536"),
    (in_node("conv", "attributes", [attribute("Ints", [0] * 5000)]), "at most 64 numbers, receiv"),
    (in_node("conv", "attributes", [attribute("Int", 1, "x")]), "attribute 'x' is not known"),
    (in_node("conv", "inputs", [0]), "Conv2D 'conv': expected inputs x, weight, bias"),
    (in_node("flat", "outputs", []), r"Reshape 'flat': expected outputs that are values"),
    (cyclic_nodes, r"Quantize 'quantize': reads \['swish'\], which nothing before it computes"),
    (reversed_nodes, "which nothing before it computes"),
    (in_value("flat", "shape", [-1, 46]), r"gives the shape \(None, 45\), the graph says"),
    # the graph's ends
    (setting("graph", "outputs", []), "the graph has no output"),
    (setting("graph", "inputs", [0, 0]), "is listed twice"),
    (setting("graph", "inputs", []), "which nothing before it computes"),
    (setting("graph", "states", [{"value": 99}]), r"states\[0\].value at byte .*: index 99"),
    (
        setting("graph", "states", [{"value": 0, "next": -1}]),
        r"states\[0\].next at byte .*index -1",
    ),
    (setting("graph", "states", [{"value": 0, "initial": 2, "next": 1}]), "memory 'image' must be"),
    (setting("graph", "subgraphs", [{"name": ""}]), "subgraph '': a name has 1 to 1024 characters"),
    (setting("graph", "subgraphs", [{"name": "a"}]), "subgraph 'a': the graph has no output"),
    (setting("graph", "subgraphs", [{"name": "a"}] * 2), "subgraphs at byte .* names stand twice"),
    (
        setting("graph", "subgraphs", [{"name": "a", "subgraphs": [{"name": "b"}]}]),
        r"subgraphs\[0\].subgraphs at byte .*: a subgraph has no subgraphs of its own",
    ),
    (
        setting("graph", "subgraphs", [{"name": "a", "nodes": [{"operator": "If", "name": "f"}]}]),
        "subgraph 'a': If 'f': expected outputs that are values",
    ),
    # the memory plan
    (overlapping_slots, "memory_plan.slots at byte .* share elements while both are needed"),
    (missing_slot, "has no slot"),
    (doubled_slot, "slots.* at byte .* has a slot already"),
    (setting("memory_plan", "size", 2**31), "memory_plan.size at byte .*: 2147483648 elements"),
    (setting("memory_plan", "size", 1), "ends beyond the arena of 1 elements"),
    (setting("memory_plan", "slots", 0, "offset", 2**64 - 1), "ends beyond the arena"),
    (setting("memory_plan", "slots", 0, "size", 0), "size 0 too small"),
    (setting("memory_plan", "slots", 0, "top", 2**32 - 1), "too small"),
    (setting("memory_plan", "slots", 0, "value", 2), "is no activation"),
    # what stands beside the graph
    (setting("preprocessing", "std", [0.0]), "deviations finite and above zero"),
    (setting("preprocessing", "mean", [NAN]), "means must be finite"),
    (setting("accuracy", "int8_value", NAN), "accuracy must be finite"),
    (setting("test_vectors", 0, "inputs", []), "test vector 0: inputs none, the graph has 'image'"),
    (setting("test_vectors", 1, "inputs", 0, "shape", [1, 4, 4, 2]), "needs 128 bytes"),
    (setting("test_vectors", 1, "inputs", 0, "shape", [2, 4, 2, 4]), r"\[2, 4, 2, 4\], the graph"),
    (setting("signature", "s" * (2**16 + 1)), "Model.signature at byte .*: a text of 65537 bytes"),
]


@pytest.mark.parametrize(("change", "sentence"), FIELDS, ids=[s for _, s in FIELDS])
def test_what_a_file_says_is_checked(change: Callable[[Fields], None], sentence: str) -> None:
    fields = unpacked(DATA)
    change(fields)
    with pytest.raises(ModelFormatError, match=sentence):
        read_edge(sealed(fields))


def test_unknown_operators_are_listed_with_their_layers() -> None:
    fields = unpacked(DATA)
    unknown_operators(fields)
    newer = "'Conv9D' version 1: layers 'conv'\n.*'Reshap' version 1: layers 'flat'\nUpgrade"
    with pytest.raises(UnsupportedOperator, match=newer):
        read_edge(sealed(fields))


def test_a_newer_version_of_an_operator_is_unknown() -> None:
    fields = unpacked(DATA)
    newer_operator(fields)
    with pytest.raises(UnsupportedOperator, match="'Conv2D' version 9, known up to 1: layers 'con"):
        read_edge(sealed(fields))


def test_a_file_for_a_newer_reader_says_so_whatever_else_it_holds() -> None:
    root = decode(memoryview(DATA), SCHEMA)
    newer = put(DATA, root.position("minimal_reader_version"), "I", 7)
    newer = put(newer, root.position("format_version"), "I", 8)
    newer = put(newer, root.position("structure_sha256") - 4, "I", 2**31)  # the digest elsewhere
    with pytest.raises(ModelFormatError, match="needs a reader of version 7 .*upgrade edgekit"):
        read_edge(newer)


def test_a_newer_format_that_this_reader_understands_is_read() -> None:
    fields = unpacked(DATA)
    fields["format_version"] = 2
    assert str(read_edge(sealed(fields)).graph) == str(int8_graph())


# How a file is put together. Positions come from the decoder, whose agreement with flatbuffers is
# tested in tests/schema.


def at(*path: Any) -> int:
    """Where the inline part of a field stands; for a vector, where its length stands."""
    *walk, name = path
    place: Any = decode(memoryview(DATA), SCHEMA)
    for step in walk:
        place = place[step]
    kind = next(f.kind for f in SCHEMA.tables[place.table] if f.name == name)
    position: int = place.position(name)
    return position - 4 if kind in ("scalars", "strings", "tables") else position


def vtable(*path: Any) -> int:
    place: Any = decode(memoryview(DATA), SCHEMA)
    for step in path:
        place = place[step]
    return vtable_of(place)


def vtable_of(record: Record) -> int:
    return int(record.offset - struct.unpack_from("<i", DATA, record.offset)[0])


def table(*path: Any) -> int:
    place: Any = decode(memoryview(DATA), SCHEMA)
    for step in path:
        place = place[step]
    return int(place.offset)


END = len(DATA)
CONV = ("graph", "nodes", 1)
BYTES: list[tuple[int, str, tuple[int, ...], str]] = [
    (4, "I", (0x334C4654,), "the identifier at byte 4 is b'TFL3', expected b'EDGK'"),
    # offsets
    (0, "I", (END,), f"Model at byte 0: its offset leads to byte {END}; the file has {END} bytes"),
    (0, "I", (2**32 - 4,), "its offset leads to byte 4294967292"),
    (0, "I", (0,), "its offset leads to byte 0"),
    (0, "I", (END - 2,), "its offset leads to byte"),
    (0, "I", (9,), "its offset leads to byte 9"),
    (at("graph"), "I", (2**31,), "Model.graph at byte .*: its offset leads to byte 214"),
    (at("graph"), "I", (0,), "Model.graph at byte .*: its offset leads to byte"),
    (at("graph", "name"), "I", (END,), "Model.graph.name at byte .*: its offset leads"),
    (at("graph", "nodes") + 4, "I", (2**32 - 1,), r"Model.graph.nodes\[0\] at byte .*: its off"),
    # vtables
    (table(), "i", (2**31 - 1,), "its vtable would be at byte -"),
    (table(), "i", (-(2**31),), "its vtable would be at byte 2147"),
    (table(), "i", (1,), "outside the file"),
    (vtable(), "H", (0,), "its vtable at byte .* has 0 bytes"),
    (vtable(), "H", (5,), "its vtable at byte .* has 5 bytes"),
    (vtable(), "H", (2**16 - 2,), "its vtable at byte .* has 65534 bytes"),
    (vtable() + 2, "H", (2**16 - 1,), "it has 65535 bytes, the file"),
    (vtable() + 2, "H", (0,), "it has 0 bytes"),
    (vtable() + 2, "H", (8,), "it would stand .* bytes into a table of 8"),
    (vtable() + 4, "H", (2**16 - 4,), "Model.format_version at byte .*: it would stand 65532 byt"),
    (vtable() + 4, "H", (2,), "Model.format_version at byte .*: it would stand 2 bytes into"),
    (vtable() + 4, "H", (5,), "it would stand 5 bytes into"),
    (vtable() + 4 + 2 * 2, "H", (0,), "Model.structure_sha256 at byte .*: it is missing"),
    (vtable() + 4 + 2 * 5, "H", (0,), "Model.graph at byte .*: it is missing"),
    # vectors
    (at("buffers", 0, "data"), "I", (2**32 - 1,), "4294967295 elements of 1 bytes do not fit"),
    (at("buffers", 0, "data"), "i", (-1,), "4294967295 elements of 1 bytes do not fit"),
    (at("graph", "nodes"), "I", (2**30,), "1073741824 elements of 4 bytes do not fit"),
    (at("graph", "values", 0, "shape"), "I", (2**30 + 1,), "1073741825 elements of 4 bytes"),
    (at("preprocessing", "mean"), "I", (2**29,), "536870912 elements of 8 bytes do not fit"),
    # attributes
    (
        at(*CONV, "attributes", 0, "value_type"),
        "B",
        (9,),
        "value at byte .*: of the unknown kind 9",
    ),
    (at(*CONV, "attributes", 0, "value_type"), "B", (0,), "of the unknown kind 0"),
    (at(*CONV, "attributes", 0, "value_type"), "B", (3,), "attribute 'pads': expected ints, rec"),
]


@pytest.mark.parametrize(
    ("position", "form", "numbers", "sentence"), BYTES, ids=[f"{b[0]} {b[3]}" for b in BYTES]
)
def test_how_a_file_is_put_together_is_checked(
    position: int, form: str, numbers: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(ModelFormatError, match=sentence):
        read_edge(resealed(put(DATA, position, form, *numbers)))


def test_buffers_are_aligned() -> None:
    """A block of 64 bytes less four, put before the first buffer, moves them all."""
    root = decode(memoryview(DATA), SCHEMA)
    first = min(buffer.position("data") for buffer in root["buffers"]) - 4
    moved = bytearray(DATA[:first] + bytes(60) + DATA[first:])
    for buffer in root["buffers"]:
        (inside,) = struct.unpack_from("<H", DATA, vtable_of(buffer) + 4 + 2)
        place = buffer.offset + inside
        struct.pack_into("<I", moved, place, buffer.position("data") - 4 + 60 - place)
    with pytest.raises(
        ModelFormatError, match="data at byte .*: it must start at a multiple of 64"
    ):
        read_edge(resealed(bytes(moved)))


def test_a_text_must_end_with_zero_and_be_utf8() -> None:
    place = DATA.index(b"classify\0")
    with pytest.raises(ModelFormatError, match=f"signature at byte {place + 8}: the text does not"):
        read_edge(put(DATA, place + 8, "B", 1))
    with pytest.raises(ModelFormatError, match=f"signature at byte {place + 3}: the text is not U"):
        read_edge(put(DATA, place + 3, "B", 0xFF))


def test_a_table_that_contains_itself_is_refused() -> None:
    """Model.graph leads back to the root: the root is no Graph, or there is no end to it."""
    place = at("graph")
    with pytest.raises(ModelFormatError):
        read_edge(put(DATA, place, "I", (table() - place) % 2**32))


def with_labels(tail: bytes) -> bytes:
    """The file with a vector of labels put behind its end."""
    (inside,) = struct.unpack_from("<H", DATA, vtable() + 4 + 2 * 8)
    place = table() + inside
    return put(DATA, place, "I", END - place) + tail


def measured(data: bytes, sentence: str) -> tuple[float, int]:
    """Seconds and peak bytes that it takes to refuse a file with this sentence."""
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(ModelFormatError, match=sentence):
        read_edge(data)
    seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak


def test_many_offsets_to_one_text_do_not_make_a_small_file_large() -> None:
    """A hundred thousand labels that are all the same 60 kB: 6 GB, were it decoded."""
    count, text = 100_000, b"x" * 60_000
    offsets = np.arange(count, 0, -1, dtype="<u4") * 4
    tail = struct.pack("<I", count) + offsets.tobytes()
    tail += struct.pack("<I", len(text)) + text + bytes(4)
    sentence = r"labels\[\d+\] at byte .*: objects overlap: they take more bytes than the file has"
    seconds, peak = measured(with_labels(tail), sentence)
    assert seconds < 1 and peak < 4 * len(tail)


def test_more_labels_than_a_file_may_hold_are_refused_before_they_are_read() -> None:
    count = 2**22
    tail = struct.pack("<I", count) + b"\4\0\0\0" * count + bytes(64)
    sentence = "labels at byte .*: 4194304 elements; a file holds 262144 objects"
    seconds, peak = measured(with_labels(tail), sentence)
    assert seconds < 1 and peak < 2**20


def test_many_offsets_to_one_table_are_refused() -> None:
    (inside,) = struct.unpack_from("<H", DATA, vtable() + 4 + 2 * 12)
    place = table() + inside  # Model.test_vectors
    count = 200_000
    offsets = np.arange(count, 0, -1, dtype="<u4") * 4 + 4
    tail = struct.pack("<I", count) + offsets.tobytes() + struct.pack("<HHi", 4, 4, 4)
    data = put(DATA, place, "I", END - place) + tail
    seconds, _ = measured(data, r"test_vectors\[\d+\] at byte .*: objects overlap")
    assert seconds < 3
