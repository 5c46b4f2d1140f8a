"""Operators' versions and the oldest runtime of a file against TensorFlow's own rules."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.export.tflite import tflite_bytes
from edgekit.export.tflite.runtime import RELEASES
from edgekit.ir import GraphBuilder, per_channel, per_tensor
from tests import litert
from tests.cases import CASES, Case
from tests.export.tflite_dtypes import MORE_CASES, graphs

GOLDEN = json.loads(
    (Path(__file__).resolve().parents[1] / "golden/tflite_versions.json").read_text("utf-8")
)
EARLIER = {
    ("CONV_2D", 4): 8,
    ("CONV_2D", 6): 8,
    ("FULLY_CONNECTED", 7): 11,
    ("TILE", 2): 3,
    ("DEPTH_TO_SPACE", 1): 2,
}
"""Where ours is the first and TensorFlow's the second. With int16 and a bias of int64, TensorFlow
takes an unset type of the bias for a set one, and names the version that brought the option. The
others, in int8, are registered by LiteRT's default runtime alone."""
LATER = {("DEPTHWISE_CONV_2D", 5), ("TRANSPOSE_CONV", 5)}
"""int16: TensorFlow's rule does not see it here, and LiteRT's kernels ask for it."""


def codes(content: bytes) -> list[tuple[str, int]]:
    schema = litert.schema()
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    return [(names[c.builtinCode], c.version) for c in litert.read(content).operatorCodes]


def runtime(content: bytes) -> str:
    model = litert.read(content)
    (record,) = [m for m in model.metadata if m.name == b"min_runtime_version"]
    return bytes(model.buffers[record.buffer].data).rstrip(b"\0").decode()


def test_every_release_is_tensorflows() -> None:
    for code, releases in RELEASES.items():
        assert releases.split() == GOLDEN["releases"][code], code


@pytest.mark.parametrize("case", [*CASES, *MORE_CASES], ids=str)
def test_versions_are_tensorflows(case: Case) -> None:
    for key, graph in graphs(case):
        wanted = GOLDEN["versions"].get(f"{case} {key}")
        if wanted is None:  # refused, or newer than the golden file
            continue
        found = codes(tflite_bytes(graph))
        theirs = [(code, int(number)) for code, number in map(str.split, wanted.split(", "))]
        for ours, other in zip(found, theirs, strict=True):
            if EARLIER.get(ours) != other[1] and ours not in LATER:
                assert ours == other, key


def test_the_golden_file_knows_the_cases() -> None:
    """A few may be newer than the file."""
    known = sum(f"{c} {key}" in GOLDEN["versions"] for c in CASES for key, _ in graphs(c))
    assert known > 0.8 * len(GOLDEN["versions"])


def test_the_oldest_runtime_is_that_of_the_newest_operator() -> None:
    for case in CASES:
        for _, graph in graphs(case):
            try:
                content = tflite_bytes(graph)
            except UnsupportedOperator:
                continue
            releases = []
            for code, version in codes(content):
                texts = GOLDEN["releases"].get(code, [])
                if version <= len(texts) and texts[version - 1] != "-":
                    releases.append(texts[version - 1])
            newest = max(releases or ["1.5.0"], key=lambda t: tuple(map(int, t.split("."))))
            assert runtime(content) == newest


def test_int8_dense_with_a_scale_for_each_channel() -> None:
    """TensorFlow's rule counts it as any int8 Dense."""
    for weights in (per_tensor(0.1), per_channel([0.1, 0.2], 0)):
        g = GraphBuilder()
        x = g.input("x", (None, 3), "int8", per_tensor(0.5, 1))
        weight = g.constant(np.ones((2, 3), np.int8), "w", weights)
        y = g.add("Dense", x, weight, name="dense", quant=per_tensor(1.0, 0))
        content = tflite_bytes(g.finish([y]))
        assert codes(content) == [("FULLY_CONNECTED", 4)] and runtime(content) == "1.14.0"
