"""Inputs that must be known while a TFLite file is read, and are not what they must be."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from tests.tflite_operator import Given, constant, file_of

X, Y = Given("x", (2, 4)), Given("y", (2, 4))
TWO = np.array([1, 1], np.int32)


def ones(count: int) -> Given:
    return constant("shape", np.ones(count, np.int32))


NOT_ONE = {
    "SPLIT": file_of("SPLIT", [constant("axis", TWO), X], [Y]),
    "SPLIT_V": file_of("SPLIT_V", [X, constant("sizes", TWO), constant("axis", TWO)], [Y]),
    "EXPAND_DIMS": file_of("EXPAND_DIMS", [X, constant("axis", TWO)], [Y]),
    "TOPK_V2": file_of("TOPK_V2", [X, constant("k", TWO)], [Y, Given("i", (2, 4), "int32")]),
}


@pytest.mark.parametrize("code", NOT_ONE)
def test_one_number_is_one_number(code: str) -> None:
    with pytest.raises(UnsupportedOperator, match=f"{code} 'y': input . must be one number, recei"):
        load_tflite(NOT_ONE[code])


def test_one_number_fills_a_shape() -> None:
    data = file_of("FILL", [ones(2), constant("value", np.ones(2, np.float32))], [Y])
    with pytest.raises(ModelFormatError, match=r"one number fills a shape, received \[2\]"):
        load_tflite(data)


def test_no_shape_has_more_dimensions_than_a_tensor_can_have() -> None:
    data = file_of("FILL", [ones(40), constant("value", np.float32(1))], [Y])
    with pytest.raises(ModelFormatError, match="there is no shape"):
        load_tflite(data)
    folded = file_of("RESHAPE", [constant("data", np.ones(1, np.float32)), ones(40)], [Y])
    with pytest.raises(ModelFormatError, match="cannot take the shape"):
        load_tflite(folded)


@pytest.mark.parametrize("code", ["UNIDIRECTIONAL_SEQUENCE_LSTM", "SVDF", "READ_VARIABLE", "SHAPE"])
def test_operators_without_outputs_are_refused(code: str) -> None:
    with pytest.raises((ModelFormatError, UnsupportedOperator)):
        load_tflite(file_of(code, [X, *[None] * 19], []))


def test_integers_with_a_scale_that_means_nothing_stay_integers() -> None:
    """Some writers give scales to int32 operands; the arithmetic of integers has none."""
    x, y = Given("x", (2,), "int32"), Given("y", (2,), "int32")
    exponents = constant("e", np.array([2, 3], np.int32), ([0.5], [0], 0))
    graph = load_tflite(file_of("POW", [x, exponents], [y]))
    assert Interpreter(graph).run(np.array([3, 2], np.int32))["y"].tolist() == [9, 8]
