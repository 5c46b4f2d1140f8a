"""STRIDED_SLICE and its kin, read from files and run as LiteRT runs them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import EdgekitError, UnsupportedOperator
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from tests import litert
from tests.tflite_operator import Given, assert_equal, constant, file_of, random_array

MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def strided_slice(
    shape: tuple[int, ...], begin: Any, end: Any, strides: Any, dtype: str = "float32", **masks: int
) -> bytes:
    numbers = {"begin": begin, "end": end, "strides": strides}
    lines = [constant(name, np.array(line, np.int32)) for name, line in numbers.items()]
    quant = None if dtype == "float32" else (0.1, 0, 0)
    x, y = Given("x", shape, dtype, None, quant), Given("y", (1,), dtype, None, quant)
    return file_of("STRIDED_SLICE", [x, *lines], [y], ("StridedSliceOptions", masks), 2)


def random_slice(seed: int) -> tuple[tuple[int, ...], bytes]:
    """Random ranges and masks; some leave nothing, which both sides must refuse or give."""
    rng = np.random.default_rng(seed)
    rank = int(rng.integers(1, 5))
    shape = tuple(int(n) for n in rng.integers(1, 7, rank))
    given = rank if rng.integers(3) else int(rng.integers(1, rank + 1))
    begin, end = rng.integers(-8, 9, (2, given))
    strides = rng.choice([-3, -2, -1, 1, 1, 1, 2, 3], given)
    masks = {name: int(rng.integers(0, 2**given)) for name in ("begin_mask", "end_mask")}
    kind = int(rng.integers(4))
    if kind == 1:
        shrunk = int(rng.integers(0, 2**given))
        masks["shrink_axis_mask"] = shrunk
        for axis in range(given):
            if shrunk >> axis & 1:
                strides[axis] = 1
                begin[axis] = rng.integers(-shape[axis], shape[axis])
                end[axis] = begin[axis] + 1
                masks = {k: v & ~(1 << axis) if "shrink" not in k else v for k, v in masks.items()}
    if kind == 2 and rank < 4:
        masks["new_axis_mask"] = 1 << int(rng.integers(given))
    if kind == 3:
        masks["ellipsis_mask"] = 1 << int(rng.integers(given))
    return shape, strided_slice(shape, begin, end, strides, **masks)


@pytest.mark.parametrize("block", range(10))
def test_random_slices(block: int) -> None:
    compared = 0
    for seed in range(40 * block, 40 * block + 40):
        shape, content = random_slice(seed)
        arrays = {"x": random_array(seed, shape, "float32")}
        try:
            wanted = litert.run(content, arrays)["y"]
        except (RuntimeError, ValueError):
            wanted = None
        if wanted is None or wanted.size == 0:
            with pytest.raises(EdgekitError):
                load_tflite(content)
            continue
        (found,) = Interpreter(load_tflite(content)).run(arrays).values()
        np.testing.assert_array_equal(found, wanted, err_msg=f"seed {seed}")
        compared += 1
    assert compared >= 10


def test_an_offset_counts_from_the_beginning() -> None:
    """LiteRT 2.3 dies of such files; the schema says what they mean."""
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    content = strided_slice(x.shape, (1, 0, 1), (1, 2, 2), (1, 1, 1), offset=True)
    (found,) = Interpreter(load_tflite(content)).run({"x": x}).values()
    np.testing.assert_array_equal(found, x[1:2, 0:2, 1:3])


def test_one_sample_is_not_the_batch() -> None:
    """A file for one sample that takes the first of the batch takes one of any batch."""
    first = [constant("starts", np.int32([0, 1])), constant("sizes", np.int32([1, 2]))]
    content = file_of(
        "SLICE", [Given("x", (1, 4)), *first], [Given("y", (1, 2))], ("SliceOptions", {})
    )
    sliced = strided_slice((1, 4), (0, 1), (1, 3), (1, 1))
    for each in (content, sliced):
        with pytest.raises(UnsupportedOperator, match="a part of an unknown batch"):
            load_tflite(each, shapes={"x": (None, 4)})
        x = random_array(0, (3, 4), "float32")
        graph = load_tflite(each, shapes={"x": x.shape})
        (found,), (wanted,) = (
            Interpreter(graph).run(x).values(),
            litert.run(each, {"x": x}).values(),
        )
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "bool"])
def test_every_dtype_is_sliced(dtype: str) -> None:
    content = strided_slice((2, 5, 4), (0, 4, 1), (2, 0, 4), (1, -2, 1), dtype)
    assert_equal(content, {"x": random_array(0, (2, 5, 4), dtype)})


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int16", "int32", "int64", "bool"])
@pytest.mark.parametrize("axes", [(0,), (1, 2), (-1,)])
def test_reverse(axes: tuple[int, ...], dtype: str) -> None:
    if dtype == "int8":
        pytest.skip("LiteRT reverses no int8")
    line = constant("axes", np.array(axes, np.int32))
    x, y = Given("x", (2, 3, 4), dtype), Given("y", (2, 3, 4), dtype)
    quant = (0.1, 0, 0) if dtype in ("uint8", "int16") else None
    x, y = Given("x", x.shape, dtype, None, quant), Given("y", y.shape, dtype, None, quant)
    content = file_of("REVERSE_V2", [x, line], [y], ("ReverseV2Options", {}), 2)
    assert_equal(content, {"x": random_array(1, (2, 3, 4), dtype)})
