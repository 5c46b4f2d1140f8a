"""Elementwise functions give the dtype that cupy gives, which has fewer loops than numpy."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

from edgekit.train import backend
from tests.train import device
from tests.train.device.loops import FILE, chosen, text_of_cupy

bfloat16 = np.dtype(pytest.importorskip("ml_dtypes").bfloat16)


def test_the_file_holds_the_loops_of_cupy():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where it finds no CUDA
        pytest.importorskip("cupy", exc_type=ImportError)
    assert FILE.read_text(encoding="utf-8") == text_of_cupy()


@pytest.mark.parametrize(
    ("name", "inputs", "expected"),
    [
        ("multiply", (np.zeros(2, np.float32), 2.0), "f"),
        ("multiply", (np.zeros(2, np.int32), 2.0), "d"),
        ("multiply", (np.zeros(2, bfloat16), True), "E"),
        ("multiply", (np.zeros(2, bfloat16), 2), "E"),
        ("multiply", (np.zeros(2, bfloat16), 2.0), "f"),  # as numpy has it
        ("mul", (np.zeros(2, bfloat16), np.zeros(2, np.float16)), "f"),
        ("where", (np.zeros(2, bool), np.zeros(2, bfloat16), bfloat16.type(1)), "f"),
        ("where", (np.zeros(2, bool), 0.0, np.inf), "d"),
        ("gt", (np.zeros(2, bfloat16), 1), "?"),
    ],
)
def test_the_loop_that_is_taken(name, inputs, expected):
    assert chosen(name, inputs).outputs == expected


def test_inputs_that_no_loop_takes_are_refused():
    with pytest.raises(TypeError, match="Wrong type"):
        chosen("bitwise_and", (np.zeros(2, np.float32), 1))


@pytest.mark.parametrize("other", ["array", "scalar"])
def test_a_choice_between_numbers_of_bfloat16_is_of_bfloat16(gpu, other):
    host = np.arange(4).astype(bfloat16)
    x, condition = device.on_device(host), device.on_device(host > 1)
    found = backend.where(condition, x, x + x if other == "array" else bfloat16.type(7))
    assert found.dtype == bfloat16
    expected = [0, 2, 2, 3] if other == "array" else [7, 7, 2, 3]
    assert device.peek(found).astype(np.float32).tolist() == expected


def test_numbers_of_bfloat16_are_added_by_their_places(gpu):
    x = device.on_device(np.ones((4, 3)).astype(bfloat16))
    rows, columns = (device.on_device(np.array(n)) for n in ([1, 1, 3], [0, 0, 2]))
    backend.scatter_add(x, (rows, columns), device.on_device(np.array([1, 2, 4]).astype(bfloat16)))
    expected = np.ones((4, 3))
    expected[1, 0], expected[3, 2] = 4, 5
    assert device.peek(x).astype(np.float64).tolist() == expected.tolist()
    if not device.HARDWARE:
        with pytest.raises(TypeError, match="only supports"):
            sys.modules["cupy"].add.at(x, rows, x[:3])
