"""Functions, comparisons, reductions and searches in forms that our own exporter does not write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.schema.tflite_layout import TensorType
from tests import litert
from tests.tflite_operator import Given, assert_equal, constant, file_of, random_array


def cast_file(source: str, target: str) -> bytes:
    types = {
        "in_data_type": TensorType.by_name()[source.upper()],
        "out_data_type": TensorType.by_name()[target.upper()],
    }
    inputs, outputs = [Given("x", (1, 5), source)], [Given("y", (1, 5), target)]
    return file_of("CAST", inputs, outputs, ("CastOptions", types))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
def test_images_without_a_scale_become_real_numbers(dtype: str) -> None:
    limits = np.iinfo(dtype)
    x = np.array([[limits.min, 0, 1, 99, limits.max]], dtype)
    assert_equal(cast_file(dtype, "float32"), {"x": x})
    numbers = np.array([[-1e9, -1.7, 0.5, 99.9, 3e9]], np.float32)
    assert_equal(cast_file("float32", dtype), {"x": numbers})


@pytest.mark.parametrize("condition", [(3,), (3, 2)])
def test_an_old_select_takes_rows(condition: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    inputs = [Given("c", condition, "bool"), Given("x", (3, 2)), Given("y", (3, 2))]
    content = file_of("SELECT", inputs, [Given("z", (3, 2))], ("SelectOptions", {}))
    numbers = {name: rng.normal(size=(3, 2)).astype(np.float32) for name in "xy"}
    assert_equal(content, {"c": rng.integers(0, 2, condition).astype(bool), **numbers})


def one_hot(axis: int, shape: tuple[int, ...], indices: Any) -> bytes:
    inputs = [
        Given("x", np.shape(indices), "int32"),
        constant("depth", np.int32(4)),
        constant("on", np.float32(2.5)),
        constant("off", np.float32(-1)),
    ]
    return file_of("ONE_HOT", inputs, [Given("y", shape)], ("OneHotOptions", {"axis": axis}))


@pytest.mark.parametrize(("axis", "shape"), [(-1, (2, 3, 4)), (0, (4, 2, 3)), (1, (2, 4, 3))])
def test_indices_outside_are_nowhere(axis: int, shape: tuple[int, ...]) -> None:
    indices = np.array([[0, 3, -1], [4, 2, 1]], np.int32)
    assert_equal(one_hot(axis, shape, indices), {"x": indices})


@pytest.mark.parametrize(
    "axes", [np.int32(1), np.array([1], np.int32), np.array([-2, 1], np.int32)]
)
def test_axes_are_a_number_or_a_list(axes: Any) -> None:
    inputs = [Given("x", (2, 3, 4)), constant("axes", axes)]
    content = file_of("REDUCE_MAX", inputs, [Given("y", (2, 4))], ("ReducerOptions", {}))
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    assert_equal(content, {"x": x})


def test_axes_that_the_model_computes_are_refused() -> None:
    inputs = [Given("x", (2, 3)), Given("axes", (1,), "int32")]
    content = file_of("SUM", inputs, [Given("y", (2,))], ("ReducerOptions", {}))
    with pytest.raises(UnsupportedOperator, match="'axes'.* must be a constant"):
        load_tflite(content)


def test_short_positions_are_refused() -> None:
    inputs = [Given("x", (2, 3)), constant("k", np.int32(2))]
    outputs = [Given("values", (2, 2)), Given("places", (2, 2), "int16")]
    content = file_of("TOPK_V2", inputs, outputs, ("TopKV2Options", {}))
    with pytest.raises(UnsupportedOperator, match="int16"):
        load_tflite(content)


def test_integers_have_no_negative_powers() -> None:
    inputs = [Given("x", (2,), "int32"), Given("y", (2,), "int32")]
    content = file_of("POW", inputs, [Given("z", (2,), "int32")], ("PowOptions", {}))
    bases = np.array([3, -2], np.int32)
    assert_equal(content, {"x": bases, "y": np.array([4, 3], np.int32)})
    with pytest.raises(InputError, match="negative power"):
        Interpreter(content).run(bases, np.array([1, -1], np.int32))


@pytest.mark.parametrize("fused", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("code", ["ADD", "SUB", "MUL", "DIV"])
def test_integers_with_a_fused_activation(code: str, dtype: str, fused: int) -> None:
    if (code, dtype) == ("DIV", "int64"):
        pytest.skip("not in LiteRT")
    options = (f"{code.title()}Options", {"fused_activation_function": fused})
    inputs = [Given("x", (4, 30), dtype), Given("y", (4, 30), dtype)]
    content = file_of(code, inputs, [Given("z", (4, 30), dtype)], options)
    rng = np.random.default_rng(fused)
    top = 9 if dtype == "int32" else 2**40
    x, y = (rng.integers(-top, top, (4, 30), dtype) for _ in range(2))
    for arithmetic in ("float32", "fixedpoint"):
        assert_equal(content, {"x": x, "y": np.where(y == 0, 1, y)}, arithmetic)


@pytest.mark.parametrize("code", ["LOG_SOFTMAX", "L2_NORMALIZATION", "SOFTMAX"])
def test_a_row_of_all_samples_stays_whole(code: str) -> None:
    """A large batch runs in parts, but not where its one dimension is what is looked at."""
    tables = {"L2_NORMALIZATION": "L2NormOptions", "SOFTMAX": "SoftmaxOptions"}
    options = (tables[code], {"beta": 1.0} if code == "SOFTMAX" else {}) if code in tables else None
    content = file_of(code, [Given("x", (70,))], [Given("y", (70,))], options)
    x = random_array(0, (70,), "float32")
    (found,) = Interpreter(load_tflite(content, shapes={"x": (None,)})).run(x).values()
    np.testing.assert_allclose(found, litert.run(content, {"x": x})["y"], rtol=1e-5)


def test_axes_named_twice_count_once() -> None:
    """In what the model computes, and in what is known when the file is read."""
    numbers = np.arange(12, dtype=np.int32).reshape(3, 4)
    axes = constant("axes", np.array([1, -1, 1], np.int32))
    target, options = [Given("y", (3,), "int32")], ("ReducerOptions", {})
    assert_equal(
        file_of("SUM", [Given("x", (3, 4), "int32"), axes], target, options), {"x": numbers}
    )
    graph = load_tflite(file_of("SUM", [constant("x", numbers), axes], target, options))
    assert graph.value(graph.outputs[0]).array().tolist() == [6, 22, 38]


def test_what_is_known_is_computed_when_the_file_is_read() -> None:
    """A reduction of constants leaves no node; the constant has the dtype that it should."""
    numbers = constant("x", np.array([[3, 4, 5]], np.int32))
    for code, options, wanted in (
        ("REDUCE_PROD", "ReducerOptions", 60),
        ("SUM", "ReducerOptions", 12),
    ):
        inputs = [numbers, constant("axes", np.array([0, 1], np.int32))]
        content = file_of(code, inputs, [Given("y", (), "int32")], (options, {}))
        graph = load_tflite(content)
        assert not graph.nodes and graph.value(graph.outputs[0]).array() == wanted
    content = file_of(
        "LESS",
        [numbers, constant("y", np.array([4], np.int32))],
        [Given("z", (1, 3), "bool")],
        ("LessOptions", {}),
    )
    graph = load_tflite(content)
    assert graph.value(graph.outputs[0]).array().tolist() == [[True, False, False]]
