"""Read a `.edge` file that nobody vouches for: everything is checked before it is used.

In this order: size and identifier, the whole structure (`schema.decoder`), the version, which is
looked at first where the structure is not sound, the SHA-256 of each buffer and of the structure,
then what the records say (`records.py`), then the graph's and the memory plan's own promises. After
that the graph can be run without further questions.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.frozen import Frozen
from edgekit.ir import Graph, MemoryPlan, validate
from edgekit.ir.memory import check_plan
from edgekit.schema import Field, Schema
from edgekit.schema.decoder import Record, decode
from edgekit.schema.edge import (
    ARITHMETIC_VERSIONS,
    DIGEST_SIZE,
    READER_VERSION,
    buffer_sha256,
    structure_sha256,
)
from edgekit.schema.edgekit_layout import SCHEMA
from edgekit.schema.source import Source, source_bytes

from .records import read_graph, read_plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["EdgeFile", "read_edge"]

ALIGNMENT = 64  # bytes: a cache line, and more than any processor's vectors need

VERSIONS = Schema(
    identifier=SCHEMA.identifier,
    root="Model",
    tables={
        "Model": (
            Field("format_version", 0, "scalar", "uint32"),
            Field("minimal_reader_version", 1, "scalar", "uint32"),
        )
    },
    unions={},
)
"""All of a file that a reader of any version may look at before it knows the file's version."""


class EdgeFile(Frozen):
    """What a `.edge` file holds. The arrays are read-only and lie in the file itself."""

    graph: Graph
    plan: MemoryPlan


def read_edge(source: Source) -> EdgeFile:
    """The graph, its metadata and its memory plan.

    source: a path (the file is mapped into memory, not read) or the file's bytes. The constants
    are views; whoever changes the file or the bytes in place meanwhile changes the model.

    Raises ModelFormatError, with the field and the byte offset, for a file that is damaged,
    hostile or too new; UnsupportedOperator with all operators that are not known; InputError
    where there is no such file.
    """
    try:
        return _read(source_bytes(source))
    except (ModelFormatError, UnsupportedOperator) as error:
        if isinstance(source, bytes | bytearray | memoryview):
            raise
        raise type(error)(f"{os.fspath(source)}: {error}") from error


def _read(data: memoryview) -> EdgeFile:
    try:
        root = decode(data, SCHEMA)
    except ModelFormatError:
        _check_versions(decode(data, VERSIONS))
        raise
    _check_versions(root)
    buffers = _checked_buffers(data, root)
    _check_arithmetic(root)
    graph = read_graph(root, buffers)
    validate(graph, ModelFormatError)
    plan = read_plan(root, graph)
    problems = check_plan(graph, plan)
    if problems:
        root["memory_plan"].fail("slots", "; ".join(problems[:10]))
    return EdgeFile(graph, plan)


def _check_versions(versions: Record) -> None:
    """A file that needs a newer reader is said to be new, not broken."""
    written, needed = versions["format_version"], versions["minimal_reader_version"]
    if not 1 <= needed <= written:
        versions.fail("minimal_reader_version", f"{needed}, in a file of format version {written}")
    if needed > READER_VERSION:
        versions.fail(
            "minimal_reader_version",
            f"the file needs a reader of version {needed} (it was written in version {written}), "
            f"this one has {READER_VERSION}; upgrade edgekit",
        )


def _checked_buffers(data: memoryview, root: Record) -> list[NDArray[np.uint8]]:
    """The contents of the buffers, once every digest fits and none lies upon another."""
    records: Sequence[Record] = root["buffers"]
    starts = [record.position("data") for record in records]
    spans = [(start, start + len(r["data"])) for start, r in zip(starts, records, strict=True)]
    digest_start = root.position("structure_sha256")
    if len(root["structure_sha256"]) != DIGEST_SIZE:
        root.fail("structure_sha256", f"expected {DIGEST_SIZE} bytes")
    _check_apart([*spans, (digest_start, digest_start + DIGEST_SIZE)], root)
    if structure_sha256(data, spans, digest_start) != root["structure_sha256"].tobytes():
        root.fail(
            "structure_sha256",
            "the file is damaged: its structure does not match its SHA-256; "
            "copy or convert it again",
        )
    for record, (start, end) in zip(records, spans, strict=True):
        if start % ALIGNMENT:
            record.fail("data", f"it must start at a multiple of {ALIGNMENT} bytes")
        if buffer_sha256(data[start:end]) != record["sha256"].tobytes():
            record.fail(
                "data",
                f"the file is damaged: these {end - start} bytes do not match their SHA-256; "
                "copy or convert it again",
            )
    return [record["data"] for record in records]


def _check_apart(spans: list[tuple[int, int]], root: Record) -> None:
    """No buffer shares a byte with another or with the structure's digest."""
    last_end = 0
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if start < last_end:
            root.fail("buffers", f"two overlap at byte {start}")
        last_end = end


def _check_arithmetic(root: Record) -> None:
    """The file's arithmetic is one that is computed here, bit for bit."""
    name, version = root["arithmetic"], root["arithmetic_version"]
    known = ARITHMETIC_VERSIONS.get(name)
    if known is None:
        root.fail("arithmetic", f"{name!r} is none of {', '.join(sorted(ARITHMETIC_VERSIONS))}")
    if version != known:
        root.fail(
            "arithmetic_version",
            f"version {version} of the arithmetic {name!r}; this edgekit computes version {known}",
        )
