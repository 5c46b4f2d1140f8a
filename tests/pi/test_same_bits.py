"""Committed models computed on this machine: the same bits as where they were made.

The files come from `make_golden.py`; what they must give was also computed by LiteRT on x86-64.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import ModelFormatError
from edgekit.interpreter import Interpreter, verify
from tests.cases import INT8_CASES
from tests.pi.wide_cases import wide_cases

HERE = Path(__file__).resolve().parent
MODELS = ("digits", "operators_float32", "operators_fixedpoint")


@pytest.mark.parametrize("model", MODELS)
def test_every_activation_is_the_recorded_one(model: str) -> None:
    result = verify(HERE / f"{model}.edge")
    assert result.bit_exact, str(result)


@pytest.mark.parametrize("arithmetic", ["float32", "fixedpoint"])
def test_every_integer_operator_is_among_them(arithmetic: str) -> None:
    graph = Interpreter(HERE / f"operators_{arithmetic}.edge").graph
    wanted = {(case.op, "int8") for case in INT8_CASES} | {(c.op, d) for c, d in wide_cases()}
    found = {(node.op, graph.value(str(node.inputs[0])).dtype) for node in graph.nodes}
    missing = {(op, d) for op, d in wanted - found if op not in ("Quantize", "OneHot")}
    missing |= {(op, "any") for op in {op for op, _ in wanted} - {op for op, _ in found}}
    assert not missing, f"{sorted(missing)} are not in the file; make it anew with make_golden.py"


@pytest.mark.parametrize("batch", [1, 5, 64])
def test_digits_are_what_litert_computes(batch: int) -> None:
    """In batches of several sizes: what shares a batch must not change a bit."""
    with np.load(HERE / "digits_litert.npz") as data:
        x, expected = data["x"], data["y"]
    interpreter = Interpreter(HERE / "digits.edge")
    found = [
        next(iter(interpreter.run(x[start : start + batch]).values()))
        for start in range(0, len(x), batch)
    ]
    assert found[0].dtype == np.int8
    assert np.array_equal(np.concatenate(found), expected)


def test_real_numbers_become_the_same_integers() -> None:
    """Pixels 0..1 go through the interpreter's own quantization of inputs."""
    with np.load(HERE / "digits_litert.npz") as data:
        x, expected = data["x"], data["y"]
    pixels = (x.astype(np.float32) + np.float32(128)) / np.float32(255)
    (found,) = Interpreter(HERE / "digits.edge").run(pixels).values()
    assert np.array_equal(found, expected)


def test_a_damaged_file_is_refused() -> None:
    """One flipped bit in each of many places; every byte of a file is tried elsewhere."""
    whole = (HERE / "digits.edge").read_bytes()
    for place in range(0, len(whole), len(whole) // 40):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        with pytest.raises(ModelFormatError):
            Interpreter(bytes(damaged))
