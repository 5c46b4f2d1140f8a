"""Flexbuffer maps against flatbuffers' own code, and damaged ones."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import ModelFormatError
from edgekit.schema.flexbuffer import flexbuffer_map, read_flexbuffer_map

flexbuffers = pytest.importorskip("flatbuffers.flexbuffers")

ENTRIES = {
    "max_detections": 10,
    "num_classes": -90,
    "nms_score_threshold": 1e-8,
    "y_scale": 10.0,
    "use_regular_nms": True,
    "z": False,
    "large": 2**31 - 1,
}


def rounded(entries: dict) -> dict:
    return {k: float(np.float32(v)) if isinstance(v, float) else v for k, v in entries.items()}


def test_others_read_what_we_write() -> None:
    assert flexbuffers.Loads(flexbuffer_map(ENTRIES)) == rounded(ENTRIES)
    assert flexbuffers.Loads(flexbuffer_map({})) == {}


@pytest.mark.parametrize("entries", [ENTRIES, {}, {"a": 2**40, "b": 0.1, "c": 1}, {"k": 3}])
def test_we_read_what_others_write(entries: dict) -> None:
    assert read_flexbuffer_map(bytes(flexbuffers.Dumps(entries))) == entries
    assert read_flexbuffer_map(flexbuffer_map(rounded(ENTRIES))) == rounded(ENTRIES)


def test_floats_of_single_precision_and_indirect_numbers() -> None:
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Float("small", 0.25)
        builder.Key("far")
        builder.IndirectInt(-7)
        builder.Key("real")
        builder.IndirectFloat(2.5)
    found = read_flexbuffer_map(bytes(builder.Finish()))
    assert found == {"small": 0.25, "far": -7, "real": 2.5}


@pytest.mark.parametrize("value", ["text", [1, 2], {"inner": 1}, None])
def test_other_kinds_are_refused(value: object) -> None:
    with pytest.raises(ModelFormatError, match="expected numbers"):
        read_flexbuffer_map(bytes(flexbuffers.Dumps({"a": value})))
    with pytest.raises(ModelFormatError):
        read_flexbuffer_map(bytes(flexbuffers.Dumps([value])))


def test_damaged_maps_give_one_error() -> None:
    rng = np.random.default_rng(0)
    whole = np.frombuffer(bytes(flexbuffers.Dumps(ENTRIES)), np.uint8)
    refused = 0
    for _ in range(3000):
        damaged = whole.copy()
        count = int(rng.integers(1, 4))
        damaged[rng.integers(0, len(whole), count)] = rng.integers(0, 256, count)
        try:
            found = read_flexbuffer_map(bytes(damaged[: rng.integers(0, len(whole) + 1)]))
            assert all(type(value) in (bool, int, float) for value in found.values())
        except ModelFormatError:
            refused += 1
    assert refused > 1000
