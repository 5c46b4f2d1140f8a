"""Resizing, transposed and solid convolutions and matrix products, read and run as LiteRT does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.interpreter.kernels import transposed as kernel_module
from edgekit.ir.graph import ARITHMETICS
from tests.tflite_operator import (
    Given,
    assert_equal,
    constant,
    file_of,
    random_array,
    run_both,
)

QUANTS = {"int8": (0.05, 3, 0), "uint8": (0.05, 120, 0), "int16": (0.05, 0, 0)}
GRIDS = [(False, False), (True, False), (False, True)]


def resize(code: str, table: str, shape: Any, size: Any, dtype: str, grid: Any) -> bytes:
    quant = QUANTS.get(dtype)
    options = (table, {"align_corners": grid[0], "half_pixel_centers": grid[1]})
    inputs = [Given("x", shape, dtype, None, quant), constant("size", np.array(size, np.int32))]
    y = Given("y", (shape[0], *size, shape[3]), dtype, None, quant)
    return file_of(code, inputs, [y], options, 3)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int16"])
@pytest.mark.parametrize("code", ["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"])
def test_random_sizes(code: str, dtype: str, arithmetic: str) -> None:
    """Float: LiteRT's two runtimes mix in another order and differ by a few steps themselves."""
    names = {"RESIZE_BILINEAR": "ResizeBilinearOptions"}
    table = names.get(code, "ResizeNearestNeighborOptions")
    rng = np.random.default_rng(0)
    for seed in range(25):
        batch, height, width, channels = (int(n) for n in rng.integers(1, (3, 14, 14, 9)))
        size = tuple(int(n) for n in rng.integers(1, 30, 2))
        for grid in GRIDS:
            shape = (batch, height, width, channels)
            content = resize(code, table, shape, size, dtype, grid)
            arrays = {"x": random_array(seed, shape, dtype)}
            exact = dtype != "float32" or arithmetic == "float32" or code != "RESIZE_BILINEAR"
            if exact:
                assert_equal(content, arrays, arithmetic)
                continue
            found, wanted = run_both(content, arrays, arithmetic)
            np.testing.assert_allclose(found["y"], wanted["y"], rtol=1e-5, atol=2e-5)


def test_large_maps_are_mixed_in_blocks() -> None:
    """Several samples of several blocks, and channels enough for a row to be one block."""
    for shape, size in (((2, 30, 20, 40), (65, 47)), ((1, 3, 90, 200), (9, 200))):
        for dtype in ("float32", "uint8"):
            content = resize(
                "RESIZE_BILINEAR", "ResizeBilinearOptions", shape, size, dtype, (False, True)
            )
            assert_equal(content, {"x": random_array(1, shape, dtype)})


def transposed(seed: int, dtype: str, per_channel: bool) -> tuple[bytes, dict[str, Any]]:
    """A random geometry. Kernels are at least as large as strides: below that LiteRT's default
    runtime computes SAME padding by kernels of neither arithmetic."""
    rng = np.random.default_rng(seed)
    batch, height, width, channels, outputs = (int(n) for n in rng.integers(1, (3, 8, 8, 18, 18)))
    strides = [int(n) for n in rng.integers(1, 4, 2)]
    window = [int(rng.integers(step, 6)) for step in strides]
    same, cells = bool(rng.integers(2)), (height, width)
    if same:
        size = [n * step - int(rng.integers(step)) for n, step in zip(cells, strides, strict=True)]
    else:
        lines = zip(cells, strides, window, strict=True)
        size = [(n - 1) * step + reach for n, step, reach in lines]
    shape = (batch, height, width, channels)
    kernel = (outputs, *window, channels)
    quant, bias_quant, weight_quant = None, None, None
    weight: Any = rng.normal(size=kernel).astype(np.float32)
    bias: Any = rng.normal(size=outputs).astype(np.float32)
    if dtype != "float32":
        quant = QUANTS[dtype]
        own = np.float32(rng.uniform(0.002, 0.02, outputs if per_channel else 1))
        zeros = np.full(own.shape, 125 if dtype == "uint8" else 0)
        limits = (0, 256) if dtype == "uint8" else (-127, 128)
        weight = rng.integers(*limits, kernel).astype("uint8" if dtype == "uint8" else "int8")
        bias = rng.integers(-3000, 3000, outputs).astype("int64" if dtype == "int16" else "int32")
        weight_quant = (own, zeros, 0)
        bias_quant = (np.float32(quant[0]) * own, np.zeros(own.shape, int), 0)
    scale = 0.05 * 0.012 * 80 * np.sqrt(channels * np.prod(window))
    scale = scale * 2 if dtype == "int16" else scale
    target = None if quant is None else (np.float32(scale), quant[1], 0)
    inputs = [
        constant("shape", np.array((batch, *size, outputs), np.int32)),
        constant("weight", weight, weight_quant),
        Given("x", shape, dtype, None, quant),
        constant("bias", bias, bias_quant) if rng.integers(3) else None,
    ]
    options = {"padding": int(not same), "stride_h": strides[0], "stride_w": strides[1]}
    y = Given("y", (batch, *size, outputs), dtype, None, target)
    given = inputs if inputs[3] is not None else inputs[:3]
    content = file_of("TRANSPOSE_CONV", given, [y], ("TransposeConvOptions", options), 3)
    return content, {"x": random_array(seed, shape, dtype)}


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize(
    ("dtype", "per_channel"),
    [("float32", False), ("int8", True), ("int8", False), ("uint8", False), ("int16", True)],
)
@pytest.mark.parametrize("by_blocks", [True, False])
def test_transposed_convolutions(
    dtype: str,
    per_channel: bool,
    arithmetic: str,
    by_blocks: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Either way to compute them. Float: sums of up to 450 products in another order."""
    monkeypatch.setattr(kernel_module, "_by_blocks_is_faster", lambda *shapes: by_blocks)
    for seed in range(30):
        content, arrays = transposed(seed, dtype, per_channel)
        if dtype != "float32":
            assert_equal(content, arrays, arithmetic)
            continue
        found, wanted = run_both(content, arrays, arithmetic)
        np.testing.assert_allclose(found["y"], wanted["y"], rtol=1e-5, atol=4e-5)


def test_the_faster_way_depends_on_the_channels() -> None:
    """Few channels: adding up windows would take longer than the products."""
    assert kernel_module._by_blocks_is_faster((8, 3, 3, 16), (2, 2))
    assert not kernel_module._by_blocks_is_faster((64, 5, 5, 128), (2, 2))


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("fused", [0, 1, 3])
def test_solid_convolutions(fused: int, padding: int) -> None:
    """Sums of 36 products."""
    shape, kernel, strides = (2, 5, 6, 7, 3), (2, 3, 2, 3, 4), (1, 2, 3)
    lines = zip(shape[1:4], kernel[:3], strides, strict=True)
    size = [-(-n // s) if padding == 0 else (n - k) // s + 1 for n, k, s in lines]
    names = {f"stride_{axis}": step for axis, step in zip("dhw", strides, strict=True)}
    options = ("Conv3DOptions", {"padding": padding, "fused_activation_function": fused, **names})
    weight, bias = random_array(0, kernel, "float32"), random_array(1, (4,), "float32")
    inputs = [Given("x", shape), constant("weight", weight), constant("bias", bias)]
    content = file_of("CONV_3D", inputs, [Given("y", (2, *size, 4))], options)
    found, wanted = run_both(content, {"x": random_array(2, shape, "float32")})
    np.testing.assert_allclose(found["y"], wanted["y"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("dtype", ["float32", "int8", "int16"])
def test_matrix_products(dtype: str, arithmetic: str) -> None:
    rng = np.random.default_rng(0)
    for seed in range(40):
        outer = tuple(int(n) for n in rng.integers(1, 4, int(rng.integers(3))))
        rows, inner, columns = (int(n) for n in rng.integers(1, (20, 400, 20)))
        adjoint = [bool(n) for n in rng.integers(0, 2, 2)]
        first = (inner, rows) if adjoint[0] else (rows, inner)
        second = (columns, inner) if adjoint[1] else (inner, columns)
        one = rng.integers(3) == 0
        shapes = (*outer, *first), (*(1 if one else n for n in outer), *second)
        quants: list[Any] = [None] * 3
        if dtype == "int8":
            scale = np.float32(0.05 * 0.03 * 80 * np.sqrt(inner))
            quants = [(0.05, 3, 0), (0.03, -7 * (seed % 2), 0), (scale, 11, 0)]
        if dtype == "int16":
            scale = np.float32(0.05 * 0.03 * 20000 * np.sqrt(inner))
            quants = [(0.05, 0, 0), (0.03, 0, 0), (scale, 0, 0)]
        x = Given("x", shapes[0], dtype, None, quants[0])
        y = Given("y", shapes[1], dtype, None, quants[1])
        arrays = {"x": random_array(seed, shapes[0], dtype)}
        other = random_array(seed + 99, shapes[1], dtype)
        if rng.integers(2):
            y = constant("y", other, quants[1])
        else:
            arrays["y"] = other
        target = Given("z", (*outer, rows, columns), dtype, None, quants[2])
        options = ("BatchMatMulOptions", {"adj_x": adjoint[0], "adj_y": adjoint[1]})
        content = file_of("BATCH_MATMUL", [x, y], [target], options, 2)
        found, wanted = run_both(content, arrays, arithmetic)
        if dtype != "float32":
            np.testing.assert_array_equal(found["z"], wanted["z"])
        else:
            np.testing.assert_allclose(found["z"], wanted["z"], rtol=1e-5, atol=5e-5)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("scales", [(0.0362, 0.097, 0.5276), (0.012, 0.0992, 0.1208)])
def test_every_product_of_int8(scales: tuple[float, float, float], arithmetic: str) -> None:
    """At these scales it shows that their product is rounded to float32."""
    first, second, third = ((np.float32(s), z, 0) for s, z in zip(scales, (5, 5, 0), strict=True))
    x, y = Given("x", (256, 1), "int8", None, first), Given("y", (1, 256), "int8", None, second)
    target = Given("z", (256, 256), "int8", None, third)
    content = file_of("BATCH_MATMUL", [x, y], [target], ("BatchMatMulOptions", {}), 4)
    every = np.arange(-128, 128).astype(np.int8)
    assert_equal(content, {"x": every[:, np.newaxis], "y": every[np.newaxis]}, arithmetic)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("adjoint", [(False, False), (True, True), (False, True)])
def test_a_matrix_of_int8_meets_real_numbers(adjoint: tuple[bool, bool], arithmetic: str) -> None:
    """The rows are rounded at run time, as those of a dense layer with int8 weights."""
    for seed, (rows, inner, columns) in enumerate([(5, 20, 7), (31, 2, 40), (1, 60, 3)]):
        shape = (2, inner, rows) if adjoint[0] else (2, rows, inner)
        matrix = random_array(seed, (columns, inner) if adjoint[1] else (inner, columns), "int8")
        y = constant("y", np.maximum(matrix, -127), (0.01, 0, 0))
        options = ("BatchMatMulOptions", {"adj_x": adjoint[0], "adj_y": adjoint[1]})
        target = Given("z", (2, rows, columns))
        content = file_of("BATCH_MATMUL", [Given("x", shape), y], [target], options, 4)
        found, wanted = run_both(content, {"x": random_array(seed, shape, "float32")}, arithmetic)
        np.testing.assert_allclose(found["z"], wanted["z"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
def test_depthwise_convolutions_of_any_multiplier(dtype: str, arithmetic: str) -> None:
    for seed, (channels, multiplier) in enumerate([(1, 8), (3, 5), (4, 3), (2, 16)]):
        kernel, shape = (1, 3, 3, channels * multiplier), (1, 7, 6, channels)
        quant, target, weight_quant = QUANTS.get(dtype), None, None
        weight = random_array(seed, kernel, dtype)
        if quant is not None:
            weight_quant = (0.01, 120 if dtype == "uint8" else 0, 0)
            target = (np.float32(0.1), quant[1], 0)
            weight = np.maximum(weight, -127) if dtype == "int8" else weight
        options = {"padding": 0, "stride_w": 1, "stride_h": 1, "depth_multiplier": multiplier}
        size = (1, 7, 6, channels * multiplier)
        zeros = np.zeros(channels * multiplier, "float32" if quant is None else "int32")
        bias_quant = None if quant is None else (np.float32(0.05) * np.float32(0.01), 0, 0)
        inputs = [
            Given("x", shape, dtype, None, quant),
            constant("weight", weight, weight_quant),
            constant("bias", zeros, bias_quant),
        ]
        y = Given("y", size, dtype, None, target)
        table = ("DepthwiseConv2DOptions", options)
        content = file_of("DEPTHWISE_CONV_2D", inputs, [y], table, 3)
        arrays = {"x": random_array(seed, shape, dtype)}
        if quant is not None:
            assert_equal(content, arrays, arithmetic)
            continue
        found, wanted = run_both(content, arrays, arithmetic)
        np.testing.assert_allclose(found["y"], wanted["y"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("fused", [0, 1, 3])
@pytest.mark.parametrize("code", ["MAX_POOL_2D", "AVERAGE_POOL_2D", "L2_POOL_2D"])
@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
def test_pools_with_activations(dtype: str, code: str, fused: int) -> None:
    """A pool applies its activation to its result; L2 pools are of real numbers."""
    if code == "L2_POOL_2D" and dtype != "float32":
        pytest.skip("LiteRT has no such pool")
    quant, shape = QUANTS.get(dtype), (1, 7, 6, 5)
    options = {"padding": 0, "stride_h": 2, "stride_w": 1, "filter_height": 3, "filter_width": 2}
    options["fused_activation_function"] = fused
    x, y = Given("x", shape, dtype, None, quant), Given("y", (1, 4, 6, 5), dtype, None, quant)
    content = file_of(code, [x], [y], ("Pool2DOptions", options), 2 if quant else 1)
    arrays = {"x": random_array(0, shape, dtype)}
    for arithmetic in ARITHMETICS:
        if code == "L2_POOL_2D" and arithmetic == "fixedpoint":
            continue  # LiteRT's reference runtime has none
        found, wanted = run_both(content, arrays, arithmetic)
        tolerance = 1e-6 if quant is None else 0  # six numbers of magnitude 1
        np.testing.assert_allclose(found["y"], wanted["y"], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("code", ["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"])
def test_a_tall_map_becomes_a_wide_one_in_little_memory(code: str, dtype: str) -> None:
    """The map in between could have a hundred million elements."""
    names = {"RESIZE_BILINEAR": "ResizeBilinearOptions"}
    table = names.get(code, "ResizeNearestNeighborOptions")
    content = resize(code, table, (1, 9000, 2, 1), (2, 12000), dtype, (False, True))
    found, wanted = run_both(content, {"x": random_array(0, (1, 9000, 2, 1), dtype)})
    tolerance = 1e-6 if dtype == "float32" else 0
    np.testing.assert_allclose(found["y"], wanted["y"], rtol=tolerance, atol=tolerance)
    assert Interpreter(load_tflite(content)).make_plan().scratch_bytes < 2**20


def test_large_windows_are_added_up_in_parts() -> None:
    """All windows at once would take 256 MB."""
    weight = random_array(0, (1, 128, 128, 1), "float32")
    shape = constant("shape", np.array((1, 191, 191, 1), np.int32))
    options = ("TransposeConvOptions", {"padding": 1, "stride_h": 1, "stride_w": 1})
    inputs = [shape, constant("weight", weight), Given("x", (1, 64, 64, 1))]
    content = file_of("TRANSPOSE_CONV", inputs, [Given("y", (1, 191, 191, 1))], options)
    assert Interpreter(load_tflite(content)).make_plan().scratch_bytes < 2**24
    arrays = {"x": random_array(1, (1, 64, 64, 1), "float32")}
    found, wanted = run_both(content, arrays, "fixedpoint")  # LiteRT's default takes 20 s
    np.testing.assert_allclose(found["y"], wanted["y"], rtol=1e-5, atol=1e-3)  # 4096 products
