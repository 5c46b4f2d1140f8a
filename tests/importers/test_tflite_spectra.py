"""Transforms of Fourier as TensorFlow writes them, run by LiteRT and here, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.export.edge import edge_bytes
from edgekit.export.tflite import tflite_bytes
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from tests import litert
from tests.material import ROOT
from tests.tflite_operator import Given, constant, file_of, random_array

FOLDER = ROOT / "tests" / "golden" / "spectra"
COMPLEX = Given("s", (2, 5), "complex64")


@pytest.mark.parametrize("runtime", litert.RUNTIMES.values())
@pytest.mark.parametrize("name", ["mel", "parts", "planes"])
def test_spectra_are_litert_in_every_format(name: str, runtime: str) -> None:
    """Both transform in float64; what is rounded behind that may differ by a step of float32."""
    content = (FOLDER / f"{name}.tflite").read_bytes()
    graph = load_tflite(content)
    written = tflite_bytes(graph)
    (x,) = (graph.value(name) for name in graph.inputs)
    arrays = {x.name: random_array(1, [d or 1 for d in x.shape], "float32")}
    for file in (content, written):
        wanted = litert.run(file, arrays, runtime)
        for source in (content, edge_bytes(graph), written):
            found = Interpreter(source).run(arrays)
            assert list(found) == list(graph.outputs)
            for one, other in zip(found.values(), wanted.values(), strict=True):
                assert one.shape == other.shape
                np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-6)


def test_frames_are_counted_from_the_shape_that_is_asked_for() -> None:
    content = (FOLDER / "mel.tflite").read_bytes()
    x = random_array(2, (3, 720), "float32")
    loaded = litert.interpreter(content)
    ours = Interpreter(model_content=content)
    results = []
    for interpreter in (loaded, ours):
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], x.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        results.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    assert results[0].shape == results[1].shape == (3, 42, 8)
    np.testing.assert_allclose(results[1], results[0], rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (
            file_of("RFFT2D", [Given("x", (2, 8)), constant("n", np.int32([2, 8]))], [COMPLEX]),
            UnsupportedOperator,
            "tensor 's' is complex64; a model takes and gives real numbers",
        ),
        (
            file_of("MUL", [COMPLEX, Given("x", (2, 5))], [Given("y", (2, 5))]),
            UnsupportedOperator,
            "MUL 'y' computes with complex64",
        ),
        (
            file_of("RFFT2D", [Given("x", (2, 8)), constant("n", np.int32([2, 8]))], [Given("y")]),
            ModelFormatError,
            "real numbers, expected complex ones",
        ),
        (
            file_of("COMPLEX_ABS", [Given("x", (2, 8))], [Given("y", (2, 8))]),
            ModelFormatError,
            "real numbers, expected complex ones",
        ),
    ],
    ids=["output", "product", "real", "real numbers"],
)
def test_what_is_refused(content: bytes, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        load_tflite(content)
