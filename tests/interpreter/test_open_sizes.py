"""Files that leave sizes of their inputs open, as models of sound do: a script chooses them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekit.errors import ModelFormatError, ShapeError
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from tests import litert
from tests.tflite_operator import Given, constant, file_of, random_array

WEIGHT = random_array(0, (3, 1, 16, 1), "float32")


def windows() -> bytes:
    """16 numbers at a time; the file's own single number is too few for one window."""
    bias = constant("b", np.float32([1, 2, 3]))
    return file_of(
        "CONV_2D",
        [Given("x", (1, 1, 1, 1), signature=(-1, 1, -1, 1)), constant("w", WEIGHT), bias],
        [Given("y", (1, 1, 1, 3))],
        ("Conv2DOptions", {"stride_h": 1, "stride_w": 4, "padding": 1}),
        2,
    )


def details(interpreter: Any) -> list[tuple[str, list[int], list[int]]]:
    return [
        (d["name"], d["shape"].tolist(), d["shape_signature"].tolist())
        for d in (*interpreter.get_input_details(), *interpreter.get_output_details())
    ]


def test_sizes_are_chosen_before_the_model_runs() -> None:
    """Sums of 16 products, added in another order."""
    x = random_array(1, (2, 1, 40, 1), "float32")
    theirs, ours = litert.interpreter(windows()), Interpreter(model_content=windows())
    assert details(ours) == details(theirs)
    results = []
    for interpreter in (theirs, ours):
        with pytest.raises((RuntimeError, ShapeError)):
            interpreter.allocate_tensors()
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], x.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        results.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    assert results[0].shape == results[1].shape == (2, 1, 7, 3)
    np.testing.assert_allclose(results[1], results[0], rtol=1e-5, atol=1e-5)


def test_what_waits_says_for_what(tmp_path: Path) -> None:
    advice = r"leaves sizes of its inputs open, choose them: 'x' \[-1, 1, -1, 1\].*16 does not fit"
    interpreter = Interpreter(model_content=windows())
    for use in (interpreter.allocate_tensors, interpreter.invoke, interpreter.run):
        with pytest.raises(ShapeError, match=f"(?s){advice}"):
            use()
    interpreter.resize_tensor_input(0, (1, 1, 9, 1))
    with pytest.raises(ShapeError, match=r"(?s)\(1, 1, 9, 1\).*does not fit"):
        interpreter.allocate_tensors()
    with pytest.raises(ModelFormatError, match=f"(?s){advice}"):
        load_tflite(windows())
    assert load_tflite(windows(), shapes={"x": (1, 1, 16, 1)}).value("y").shape == (1, 1, 1, 3)
