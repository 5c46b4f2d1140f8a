"""The formats that are attacked, their seeds, and the mutant of a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from random import Random
from typing import Any

from edgekit.errors import EdgekitError, ModelFormatError
from edgekit.export.edge import edge_bytes
from edgekit.export.tflite import tflite_bytes
from edgekit.ir import Graph
from edgekit.schema import Schema, edgekit_layout, tflite_layout
from tests.attacks.crafted import FOLDED
from tests.attacks.lowered import LOWERED
from tests.cases import CASES, INT8_CASES, float_graph, int8_graph
from tests.edge_files import resealed
from tests.edge_graphs import GRAPHS
from tests.material import MATERIAL
from tests.recurrent_graphs import KINDS, lstm_graph, rnn_graph, svdf_graph

from .bytewise import mutate_bytes
from .fields import Fields, unpacked
from .fieldwise import mutate_fields

__all__ = ["FORMATS", "Format"]

SMALL = {"time": 2, "features": 3, "cells": 4}
FORMS: tuple[dict[str, Any], ...] = (
    {}, {"units": 2}, {"peephole": True, "norm": True}, {"coupled": True, "kept": False},
)  # fmt: skip
"""The kinds of recurrent layers."""

LARGEST_SEED = 15_000  # bytes: small files are mutated fast, and a change seldom meets a weight


@dataclass(frozen=True)
class Format:
    """`write` gives the file of a graph, `seal` puts the digests right that a change broke.

    others: further seeds, of what no graph is written as.
    folders: of the material, where real files are.
    """

    name: str
    schema: Schema
    write: Callable[[Graph], bytes]
    seal: Callable[[bytes], bytes]
    others: tuple[bytes, ...] = ()
    folders: tuple[str, ...] = ()

    @cached_property
    def seeds(self) -> list[bytes]:
        """Small files of every operator; those of the material as well where it is there."""
        found = list(dict.fromkeys((*self._written(), *self.others, *self._real())))
        return [data for data in found if len(data) <= LARGEST_SEED]

    @cached_property
    def fields(self) -> list[Fields]:
        """The seeds as plain data."""
        return [unpacked(data, self.schema) for data in self.seeds]

    def _written(self) -> Iterator[bytes]:
        makers: list[Callable[[], Graph]] = list(GRAPHS.values())
        makers += [partial(float_graph, case) for case in CASES]
        makers += [partial(int8_graph, case) for case in INT8_CASES]
        makers += [partial(lstm_graph, kind, **SMALL, **form) for kind in KINDS for form in FORMS]
        makers += [partial(rnn_graph, kind, time=2, units=4) for kind in KINDS[:2]]
        makers += [partial(svdf_graph, kind, features=3, memory=3) for kind in KINDS]
        for make in makers:
            try:
                yield self.write(make())
            except EdgekitError:
                continue  # TFLite cannot hold everything that a graph can

    def _real(self) -> Iterator[bytes]:
        for folder in self.folders:
            for path in sorted((MATERIAL / folder).rglob(f"*.{self.name}")):
                if path.stat().st_size <= LARGEST_SEED:
                    yield self._sound(path.read_bytes())

    def _sound(self, data: bytes) -> bytes:
        """The file, or nothing where it cannot be decoded: it is there to be refused."""
        try:
            unpacked(data, self.schema)
        except ModelFormatError:
            return b""
        return data

    def mutant(self, seed: int, number: int) -> bytes:
        """The mutant of this number; the same for the same seed and seeds."""
        random = Random(f"{self.name} {seed} {number}")
        first, second = (random.randrange(len(self.seeds)) for _ in range(2))
        data, other = self.seeds[first], self.seeds[second]
        by_fields = random.random() < 0.6
        if by_fields:
            data = mutate_fields(self.fields[first], self.fields[second], self.schema, random)
        if not by_fields or random.random() < 0.1:
            data = mutate_bytes(data, other, random)
        return self.seal(data) if random.random() < 0.95 else data


def _unchanged(data: bytes) -> bytes:
    return data


FORMATS = {
    "edge": Format("edge", edgekit_layout.SCHEMA, edge_bytes, resealed),
    "tflite": Format(
        "tflite",
        tflite_layout.SCHEMA,
        tflite_bytes,
        _unchanged,
        (*FOLDED.values(), *LOWERED.values()),
        ("tflite", "negative"),
    ),
}
