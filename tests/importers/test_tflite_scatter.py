"""Rows that go where indices say, and sums of segments, against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError, ModelFormatError, UnsupportedOperator
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from tests.importers.test_tflite_rearranged import equal_in_both, like, refused
from tests.tflite_operator import Given, constant, file_of, random_array

SEGMENTS = {"SUM": "Sum", "PROD": "Prod", "MAX": "Max", "MIN": "Min"}
PLACES: list[tuple[Any, tuple[int, ...]]] = [
    ([[1], [3], [1]], (5, 2)),
    ([[0, 1], [2, 0], [0, 1], [2, 1]], (3, 2)),
    ([[[1], [0]], [[2], [1]]], (4, 3, 2)),
    ([[2], [0]], (4,)),
]


def scattering(places: Any, shape: tuple[int, ...], dtype: str, kind: str, *, known: bool) -> bytes:
    array = np.array(places, kind)
    rows = (*array.shape[:-1], *shape[array.shape[-1] :])
    indices = constant("i", array) if known else Given("i", array.shape, kind)
    given = [indices, like("u", rows, dtype), constant("shape", np.array(shape, kind))]
    return file_of("SCATTER_ND", given, [like("y", shape, dtype)], ("ScatterNdOptions", {}))


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int32", "int64", "bool"])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("places", "shape"), PLACES)
def test_rows_are_added(places: Any, shape: tuple[int, ...], known: bool, dtype: str) -> None:
    array = np.array(places, np.int32)
    rows = (*array.shape[:-1], *shape[array.shape[-1] :])
    arrays = {"u": random_array(0, rows, dtype)}
    content = scattering(places, shape, dtype, "int32", known=known)
    equal_in_both(content, arrays if known else {**arrays, "i": array})


def test_places_outside() -> None:
    for wrong in (5, -1, 2**31 - 1):
        places, rows = np.array([[1], [wrong], [0]], np.int32), np.zeros((3, 2), np.float32)
        known = scattering(places, (5, 2), "float32", "int32", known=True)
        refused(known, ModelFormatError, f"index \\[{wrong}\\] is not within \\[5\\]")
        given = scattering(places, (5, 2), "float32", "int32", known=False)
        with pytest.raises(InputError, match=f"index \\[{wrong}\\] is not within"):
            Interpreter(given).run({"u": rows, "i": places})


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((5, 3), "does not fill"),
        ((0, 2), "there is no shape"),
        ((-5, 2), "there is no shape"),
        ((), "there is no shape"),
        ((2**30, 2), "elements"),
        ((2,) * 40, "does not fill"),
    ],
)
def test_shapes_that_are_none(shape: tuple[int, ...], sentence: str) -> None:
    indices, rows = constant("i", np.array([[1], [0]], np.int32)), Given("u", (2, 2))
    given = [indices, rows, constant("shape", np.array(shape, np.int32))]
    if not shape:
        given[2] = Given("shape", (0,), "int32", np.zeros(0, np.int32))
    refused(file_of("SCATTER_ND", given, [Given("y", (5, 2))]), ModelFormatError, sentence)


@pytest.mark.parametrize("kind", ["int32", "int64"])
@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int32", "int64"])
@pytest.mark.parametrize(
    ("places", "shape"),
    [
        ([3, 1], (5,)),
        ([[3, 1], [0, 0], [3, 1]], (4, 2)),
        ([[1], [2]], (3,)),
        ([[0, 1, 2]], (2, 2, 3)),
    ],
)
def test_sparse_to_dense(places: Any, shape: tuple[int, ...], dtype: str, kind: str) -> None:
    """What comes last stays; LiteRT takes places as constants alone, and so do we shapes."""
    array = np.array(places, kind)
    fill = Given("fill", (), dtype, np.array(7, dtype), like("", (), dtype).quant)
    values = like("v", array.shape[:1], dtype)
    given = [constant("i", array), constant("shape", np.array(shape, kind)), values, fill]
    options = ("SparseToDenseOptions", {"validate_indices": False})
    content = file_of("SPARSE_TO_DENSE", given, [like("y", shape, dtype)], options, 3)
    equal_in_both(content, {"v": random_array(0, values.shape, dtype)})


def test_one_number_for_all_places() -> None:
    given = [
        constant("i", np.array([[3, 1], [0, 0]], np.int32)),
        constant("shape", np.array([4, 2], np.int32)),
        constant("v", np.float32(2.5)),
        constant("fill", np.float32(-1)),
    ]
    content = file_of("SPARSE_TO_DENSE", given, [Given("y", (4, 2))])
    equal_in_both(content, {})
    given[0] = constant("i", np.array([[3, 2], [0, 0]], np.int32))
    refused(file_of("SPARSE_TO_DENSE", given, [Given("y", (4, 2))]), ModelFormatError, "not within")
    given[2] = Given("v", (3,))
    refused(file_of("SPARSE_TO_DENSE", given, [Given("y", (4, 2))]), ModelFormatError, "go to")
    given[3] = constant("fill", np.int32(-1))
    content = file_of("SPARSE_TO_DENSE", given, [Given("y", (4, 2))])
    refused(content, UnsupportedOperator, "one float32 stands elsewhere")


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("numbers", [[0, 0, 1, 2], [0, 1, 2, 3], [0, 0, 0, 0], [0, 1, 1, 1]])
def test_sums_of_segments(numbers: list[int], dtype: str) -> None:
    segments, y = (
        constant("s", np.array(numbers, np.int32)),
        Given("y", (numbers[-1] + 1, 3), dtype),
    )
    content = file_of("SEGMENT_SUM", [Given("x", (4, 3), dtype), segments], [y])
    equal_in_both(content, {"x": random_array(0, (4, 3), dtype)})


@pytest.mark.parametrize("numbers", [[1, 1, 2, 2], [0, 1, 0, 0], [0, 2, 2, 3], [-1, 0, 1, 2]])
def test_segments_rise(numbers: list[int]) -> None:
    segments = constant("s", np.array(numbers, np.int32))
    content = file_of("SEGMENT_SUM", [Given("x", (4, 3)), segments], [Given("y", (4, 3))])
    refused(content, ModelFormatError, "rise one by one")


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("name", SEGMENTS)
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "numbers", [[0, 3, 1, 3], [0, 3, -1, -7], [[4, 4], [2, 0], [4, -1], [1, 1]]]
)
def test_unsorted_segments(numbers: Any, known: bool, name: str, dtype: str) -> None:
    array = np.array(numbers, np.int32)
    shape = (*array.shape, 2)
    segments = constant("s", array) if known else Given("s", array.shape, "int32")
    given = [Given("x", shape, dtype), segments, constant("n", np.int32(5))]
    options = (f"UnsortedSegment{SEGMENTS[name]}Options", {})
    content = file_of(f"UNSORTED_SEGMENT_{name}", given, [Given("y", (5, 2), dtype)], options)
    arrays = {"x": random_array(0, shape, dtype)}
    equal_in_both(content, arrays if known else {**arrays, "s": array})


def test_segments_that_are_none() -> None:
    x, y = Given("x", (4, 2)), Given("y", (5, 2))

    def content(numbers: Any, count: int) -> bytes:
        given = [x, constant("s", np.array(numbers, np.int32)), constant("n", np.int32(count))]
        return file_of("UNSORTED_SEGMENT_MAX", given, [y])

    refused(content([0, 1, 2, 5], 5), ModelFormatError, "index")
    refused(content([0, 1, 2], 5), ModelFormatError, "has no 5 segments")
    refused(content([0, 1, 2, 0], 0), ModelFormatError, "has no 0 segments")
    refused(content([0, 1, 2, 0], -4), ModelFormatError, "has no -4 segments")
    refused(content([0, 1, 2, 0], 2**31 - 1), ModelFormatError, "elements")
    given = [x, Given("s", (4,), "int32")]
    refused(file_of("SEGMENT_SUM", given, [y]), UnsupportedOperator, "must be a constant")
    computed = file_of(
        "UNSORTED_SEGMENT_SUM", [*given, constant("n", np.int32(3))], [Given("y", (3, 2))]
    )
    with pytest.raises(InputError, match="index"):
        Interpreter(load_tflite(computed)).run(
            {"x": np.zeros((4, 2), np.float32), "s": np.array([0, 1, 9, 0], np.int32)}
        )
