"""NON_MAX_SUPPRESSION in both versions, against LiteRT."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.export.tflite import tflite_bytes
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from tests import litert
from tests.importers.test_tflite_rearranged import refused
from tests.tflite_operator import Array, Given, constant, file_of, run_both


def suppressing(
    count: int, most: Any, overlap: Any, least: Any, sigma: Any = None, **more: Any
) -> bytes:
    """Version 5 if there is a sigma."""
    size = max(1, most) if isinstance(most, int) else 1
    given = [Given("boxes", (count, 4)), more.get("scores", Given("scores", (count,)))]
    given.append(constant("most", np.array(most, np.int32)))
    numbers = {"overlap": overlap, "least": least} | ({} if sigma is None else {"sigma": sigma})
    given += [constant(name, np.array(n, np.float32)) for name, n in numbers.items()]
    outputs = [Given("places", (size,), "int32"), Given("values", (size,)), Given("n", (), "int32")]
    if sigma is None:
        del outputs[1]
    version = 4 if sigma is None else 5
    options = (f"NonMaxSuppressionV{version}Options", {})
    return file_of(f"NON_MAX_SUPPRESSION_V{version}", given, outputs, options)


def some_boxes(seed: int, count: int, steps: int = 0) -> dict[str, Array]:
    """steps: how many different scores there are; 0 for any. Corners in any order."""
    rng = np.random.default_rng(seed)
    corners, sizes = rng.uniform(0, 1, (count, 2)), rng.uniform(0.1, 0.7, (count, 2))
    boxes = np.concatenate([corners, corners + sizes], 1).astype(np.float32)
    boxes[::3] = boxes[::3][:, [2, 3, 0, 1]]
    scores = rng.uniform(0, 1, count)
    scores = np.floor(scores * steps) / steps if steps else scores
    return {"boxes": boxes, "scores": scores.astype(np.float32)}


def assert_same_boxes(
    content: bytes, arrays: dict[str, Array], arithmetic: str = "float32"
) -> None:
    """The same places; scores that fade within a few roundings, for exp differs in its last bit."""
    found, wanted = run_both(content, arrays, arithmetic)
    for name, array in wanted.items():
        if name == "values":
            np.testing.assert_allclose(found[name], array, rtol=1e-6)
        else:
            np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
@pytest.mark.parametrize("sigma", [None, 0.0, 0.3, 2.0])
@pytest.mark.parametrize("overlap", [0.0, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("least", [-math.inf, 0.0, 0.4])
def test_boxes_and_scores(
    least: float, overlap: float, sigma: float | None, arithmetic: str
) -> None:
    for seed, (count, most) in enumerate([(1, 3), (12, 5), (60, 100), (200, 25)]):
        content = suppressing(count, most, overlap, least, sigma)
        assert_same_boxes(content, some_boxes(seed, count), arithmetic)


@pytest.mark.parametrize("sigma", [None, 0.5])
@pytest.mark.parametrize("steps", [1, 3, 10])
@pytest.mark.parametrize("count", [2, 3, 4, 5, 16, 33, 100])
def test_equal_scores_have_the_order_of_the_heap(
    count: int, steps: int, sigma: float | None
) -> None:
    content = suppressing(count, 50, 0.4, -1.0, sigma)
    for seed in range(5):
        assert_same_boxes(content, some_boxes(seed, count, steps))


def test_boxes_without_an_area() -> None:
    """They overlap with nothing, not even with themselves."""
    arrays = some_boxes(0, 9)
    arrays["boxes"][4] = arrays["boxes"][7] = 0.25
    for sigma in (None, 0.0, 0.7):
        assert_same_boxes(suppressing(9, 6, 0.5, 0.0, sigma), arrays)
    zeros = {"boxes": np.zeros((9, 4), np.float32), "scores": np.zeros(9, np.float32)}
    assert_same_boxes(suppressing(9, 6, 0.5, -1.0), zeros)
    assert_same_boxes(suppressing(9, 6, 0.5, 0.0), zeros)


def test_export() -> None:
    content, arrays = suppressing(40, 9, 0.4, -math.inf, 0.5), some_boxes(3, 40)
    again = tflite_bytes(load_tflite(content))
    assert_same_boxes(again, arrays)
    assert str(load_tflite(again)) == str(load_tflite(content))
    version4 = load_tflite(suppressing(40, 9, 0.4, 0.1))
    found = Interpreter(load_tflite(tflite_bytes(version4))).run(arrays)
    assert list(found) == ["places", "n"]
    wanted = Interpreter(version4).run(arrays)
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name])


def test_what_is_no_suppression() -> None:
    refused(suppressing(5, 0, 0.5, 0.0), UnsupportedOperator, "at most 0 boxes")
    refused(suppressing(5, -3, 0.5, 0.0), UnsupportedOperator, "at most -3 boxes")
    refused(suppressing(5, 2**31 - 1, 0.5, 0.0), ModelFormatError, "'most': expected 1 to")
    refused(suppressing(5, 3, 1.5, 0.0), ModelFormatError, "'most_overlap': expected 0 to 1")
    refused(suppressing(5, 3, -0.5, 0.0), ModelFormatError, "'most_overlap': expected 0 to 1")
    refused(suppressing(5, 3, math.nan, 0.0), UnsupportedOperator, "must be a number")
    refused(suppressing(5, 3, [0.5, 0.5], 0.0), UnsupportedOperator, "must be a number")
    refused(suppressing(5, 3, 0.5, 0.0, -1.0), ModelFormatError, "'sigma'")
    refused(suppressing(5, [3, 4], 0.5, 0.0), UnsupportedOperator, "must be one number")
    scores = Given("scores", (4,))
    refused(suppressing(5, 3, 0.5, 0.0, scores=scores), ModelFormatError, "expected boxes")
    refused(suppressing(2**17 + 1, 3, 0.5, 0.0), ModelFormatError, "the most are 131072")
    given = [Given("boxes", (5, 4)), Given("scores", (5,)), Given("most", (), "int32")]
    given += [constant(n, np.float32(0.5)) for n in ("overlap", "least")]
    outputs = [Given("places", (1,), "int32"), Given("n", (), "int32")]
    content = file_of("NON_MAX_SUPPRESSION_V4", given, outputs)
    refused(content, UnsupportedOperator, "'most', depends on what the model is given")
