"""Weights that a file packs: four bits, half precision, sparse, far behind; LiteRT unpacks too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.export.tflite import tflite_bytes
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.schema import tflite_layout as tflite
from edgekit.schema.encoder import encode
from tests import litert
from tests.importers.test_tflite_refusals import code, tensor
from tests.tflite_models import LiteRT
from tests.tflite_operator import Given, assert_equal, constant, file_of, random_array

Array = NDArray[Any]
Table = dict[str, Any]

CODES, TYPES = tflite.BuiltinOperator, tflite.TensorType


def scales(*numbers: float, zero: int = 0) -> Table:
    return {
        "scale": np.array(numbers, np.float32),
        "zero_point": np.full(len(numbers), zero, np.int64),
    }


def dense(weight: Table, data: Array, *, kind: int = TYPES.FLOAT32, unpack: str = "") -> Table:
    """x[2, in] through one dense layer of `weight`, behind the operator `unpack`, if any."""
    rows, columns = weight["shape"]
    ends = {TYPES.FLOAT32: (None, None), TYPES.INT8: (scales(0.05, zero=3), scales(0.4, zero=-9))}
    x, y = ends[kind]
    tensors = [
        tensor("x", [2, columns], kind, quantization=x),
        {**weight, "name": "weight", "buffer": 1},
        tensor("y", [2, rows], kind, quantization=y),
    ]
    operators = []
    if unpack:
        tensors.append(tensor("unpacked", [rows, columns]))
        operators.append({"opcode_index": 1, "inputs": [1], "outputs": [3]})
    options = ("FullyConnectedOptions", {})
    inputs = [0, 3 if unpack else 1]
    operators.append({"inputs": inputs, "outputs": [2], "builtin_options": options})
    return {
        "version": 3,
        "operator_codes": [
            {**code(CODES.FULLY_CONNECTED), "version": 7},
            code(CODES.by_name()[unpack or "ADD"]),
        ],
        "subgraphs": [{"tensors": tensors, "inputs": [0], "outputs": [2], "operators": operators}],
        "buffers": [{}, {"data": np.ascontiguousarray(data).view(np.uint8).reshape(-1)}],
    }


def run_both(model: Table, x: Array) -> tuple[Array, Array]:
    content = encode(tflite.SCHEMA, model)
    (found,) = Interpreter(content, arithmetic="fixedpoint").run(x).values()
    (wanted,) = LiteRT(content, "reference")([x])
    return found, wanted


def packed(numbers: Array) -> Array:
    """Two numbers of four bits in a byte, the first in its lower half."""
    flat = np.append(numbers.reshape(-1), np.zeros(numbers.size % 2, np.int8)).view(np.uint8)
    return (flat[0::2] & 15) | (flat[1::2] << 4)


@pytest.mark.parametrize("columns", [8, 7])
def test_weights_of_four_bits(columns: int) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.integers(-8, 8, (5, columns)).astype(np.int8)
    numbers[0, :2] = -8, 7
    weight = {"type": TYPES.INT4, "shape": [5, columns], "quantization": scales(0.25)}
    model = dense(weight, packed(numbers), kind=TYPES.INT8)
    x = rng.integers(-128, 128, (2, columns)).astype(np.int8)
    graph = load_tflite(encode(tflite.SCHEMA, model))
    np.testing.assert_array_equal(graph.value("weight").array(), numbers)
    found, wanted = run_both(model, x)
    np.testing.assert_array_equal(found, wanted)


def test_weights_of_half_precision() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(5, 8)).astype(np.float16)
    weight = {"type": TYPES.FLOAT16, "shape": [5, 8]}
    model = dense(weight, numbers, unpack="DEQUANTIZE")
    graph = load_tflite(encode(tflite.SCHEMA, model))
    assert [node.op for node in graph.nodes] == ["Dense"]
    found, wanted = run_both(model, rng.normal(size=(2, 8)).astype(np.float32))
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def sparse_rows(numbers: Array, block: int) -> tuple[Table, Array]:
    """A matrix as compressed rows of blocks [1, block], and the values that are stored."""
    rows, columns = numbers.shape
    blocks = numbers.reshape(rows, columns // block, block)
    there = blocks.any(axis=2)
    segments = np.append(0, np.cumsum(there.sum(axis=1))).astype(np.int32)
    indices = np.concatenate([np.flatnonzero(row) for row in there]).astype(np.int32)
    levels = [
        {"format": tflite.DimensionType.DENSE, "dense_size": rows},
        {
            "format": tflite.DimensionType.SPARSE_CSR,
            "array_segments": ("Int32Vector", {"values": segments}),
            "array_indices": ("Uint8Vector", {"values": indices.astype(np.uint8)}),
        },
    ]
    order, block_map = [0, 1], []
    if block > 1:
        levels.append({"format": tflite.DimensionType.DENSE, "dense_size": block})
        order, block_map = [0, 1, 2], [1]
    table = {"traversal_order": order, "block_map": block_map, "dim_metadata": levels}
    return table, blocks[there]


@pytest.mark.parametrize("block", [1, 4])
def test_sparse_weights(block: int) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(6, 16)).astype(np.float32)
    keep = np.repeat(rng.random((6, 16 // block)) < 0.4, block, axis=1)
    numbers = np.where(keep, numbers, 0).astype(np.float32)
    sparsity, values = sparse_rows(numbers, block)
    weight = {"type": TYPES.FLOAT32, "shape": [6, 16], "sparsity": sparsity}
    model = dense(weight, values, unpack="DENSIFY")
    graph = load_tflite(encode(tflite.SCHEMA, model))
    (constant,) = graph.constants()
    np.testing.assert_array_equal(constant.array(), numbers)
    found, wanted = run_both(model, rng.normal(size=(2, 16)).astype(np.float32))
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    directly = load_tflite(encode(tflite.SCHEMA, dense(weight, values)))
    np.testing.assert_array_equal(directly.value("weight").array(), numbers)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"traversal_order": [1, 0]}, r"\[1, 0\] with blocks \[1\] in 2 dimensions"),
        ({"traversal_order": [0, 0, 2]}, r"traversal_order .*\[0, 0, 2\] with blocks \[1\]"),
        ({"block_map": [5]}, r"with blocks \[5\] in 2 dimensions"),
        ({"dim_metadata": []}, "with blocks"),
    ],
)
def test_broken_trees(change: Table, sentence: str) -> None:
    numbers = np.eye(4, dtype=np.float32)
    sparsity, values = sparse_rows(numbers, 4)
    weight = {"type": TYPES.FLOAT32, "shape": [4, 4], "sparsity": {**sparsity, **change}}
    with pytest.raises(ModelFormatError, match=sentence):
        load_tflite(encode(tflite.SCHEMA, dense(weight, values)))


@pytest.mark.parametrize(
    ("level", "change", "sentence"),
    [
        (0, {"dense_size": 3}, "dense_size .*: 3, expected 4"),
        (1, {"array_segments": None}, "array_segments .*: it is missing"),
        (1, {"array_segments": ("Int32Vector", {"values": [0, 1, 9, 3, 4]})}, "do not divide"),
        (1, {"array_segments": ("Int32Vector", {"values": [0, 2, 1, 3, 4]})}, "do not divide"),
        (1, {"array_indices": ("Int32Vector", {"values": [0, 0, -1, 0]})}, "outside 0..0"),
        (2, {"dense_size": 3}, "blocks of 3 in"),
        (2, {"format": tflite.DimensionType.SPARSE_CSR}, "a block must be dense"),
    ],
)
def test_broken_levels(level: int, change: Table, sentence: str) -> None:
    sparsity, values = sparse_rows(np.eye(4, dtype=np.float32), 4)
    sparsity["dim_metadata"][level].update(change)
    weight = {"type": TYPES.FLOAT32, "shape": [4, 4], "sparsity": sparsity}
    with pytest.raises(ModelFormatError, match=sentence):
        load_tflite(encode(tflite.SCHEMA, dense(weight, values)))


def test_a_small_file_does_not_become_large() -> None:
    sparsity, values = sparse_rows(np.eye(4, dtype=np.float32), 4)
    weight = {"type": TYPES.FLOAT32, "shape": [2**14, 2**14], "sparsity": sparsity}
    with pytest.raises(UnsupportedOperator, match="sparse weights have whole bytes per element"):
        load_tflite(encode(tflite.SCHEMA, dense(weight, values)))


def test_constants_behind_the_flatbuffer() -> None:
    """Files above 2 GB keep them there; buffers say where."""
    litert.schema()
    numbers = np.arange(6, dtype=np.float32).reshape(2, 3)
    model = dense({"type": TYPES.FLOAT32, "shape": [2, 3]}, numbers)
    model["buffers"][1] = {"offset": 2**20, "size": numbers.nbytes}
    start = len(encode(tflite.SCHEMA, model)) + 16
    model["buffers"][1]["offset"] = start
    content = encode(tflite.SCHEMA, model).ljust(start, b"\0") + numbers.tobytes()
    x = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    (found,) = Interpreter(content).run(x).values()
    (wanted,) = LiteRT(content, "reference")([x])
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(found, x @ numbers.T)


QUANTS: dict[str, Any] = {
    "float32": (None,) * 3,
    "int16": ((2e-4, 0, 0), (1e-4, 0, 0), (1e-3, 0, 0)),
}


def dense_of_two(
    dtype: str = "float32",
    zero_point: int = 0,
    bias: Given | None = None,
    activation: int = 0,
    shape: tuple[int, ...] = (4, 16),
) -> bytes:
    int8 = ((0.05, 3, 0), (0.02, zero_point, 0), (0.6, -5, 0))
    x, w, y = QUANTS.get(dtype, int8)
    tensors = [Given("x", shape, dtype, None, x), Given("w", (5, 16), dtype, None, w), bias]
    output = Given("y", (4, 5), dtype, None, y)
    options = ("FullyConnectedOptions", {"fused_activation_function": activation})
    return file_of("FULLY_CONNECTED", tensors, [output], options, 4 if dtype == "int8" else 1)


@pytest.mark.parametrize("arithmetic", litert.RUNTIMES)
@pytest.mark.parametrize(
    ("dtype", "zero_point", "activation"),
    [("int8", 0, 0), ("int8", 7, 0), ("int8", 0, 1), ("int8", 7, 3), ("int16", 0, 0)],
)
def test_computed_weights_have_the_same_bits(
    dtype: str, zero_point: int, activation: int, arithmetic: str
) -> None:
    content = dense_of_two(dtype, zero_point, activation=activation)
    written = tflite_bytes(load_tflite(content, arithmetic=arithmetic))
    for seed in range(60):  # one result in a thousand is close to a half
        arrays = {
            "x": random_array(seed, (4, 16), dtype),
            "w": random_array(seed + 50, (5, 16), dtype),
        }
        assert_equal(content, arrays, arithmetic)
        assert_equal(written, arrays, arithmetic)


@pytest.mark.parametrize("runtime", litert.RUNTIMES.values())
@pytest.mark.parametrize(
    "bias", [None, Given("b", (5,)), constant("b", np.float32([1, 2, 3, 4, 5]))]
)
@pytest.mark.parametrize("activation", [0, 1])
def test_computed_weights_in_float(bias: Given | None, activation: int, runtime: str) -> None:
    """Sums of 16 products, added in another order."""
    content = dense_of_two(bias=bias, activation=activation, shape=(2, 2, 16))
    shapes: dict[str, tuple[int, ...]] = {"x": (2, 2, 16), "w": (5, 16)}
    if bias is not None and bias.data is None:
        shapes["b"] = (5,)
    arrays = {name: random_array(len(name), shape, "float32") for name, shape in shapes.items()}
    (wanted,) = litert.run(content, arrays, runtime).values()
    (found,) = Interpreter(load_tflite(content)).run(arrays).values()
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (dense_of_two("int8", bias=Given("b", (5,), "int32")), "in int8 both must be constants"),
        (dense_of_two("uint8"), "in uint8 it must be a constant"),
        (
            file_of(
                "CONV_2D",
                [Given("x", (1, 4, 4, 2)), Given("w", (3, 2, 2, 2)), None],
                [Given("y", (1, 3, 3, 3))],
                ("Conv2DOptions", {"stride_h": 1, "stride_w": 1, "padding": 1}),
            ),
            "its weight 'w' is computed; it must be a constant",
        ),
    ],
    ids=["bias", "uint8", "convolution"],
)
def test_computed_weights_that_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(UnsupportedOperator, match=message):
        load_tflite(content)


@pytest.mark.parametrize("arithmetic", ["float32", "fixedpoint"])
@pytest.mark.parametrize("bias_type", ["FLOAT32", "INT32", "INT64"])
def test_int16_without_a_bias_rounds_as_the_file_says(bias_type: str, arithmetic: str) -> None:
    """The type of a bias that is not there decides about the way of rounding."""
    rng = np.random.default_rng(3)
    options = {"quantized_bias_type": TYPES.by_name()[bias_type]}
    weight = rng.integers(-127, 128, (25, 30)).astype(np.int8)
    for seed in range(30):
        x = Given("x", (40, 30), "int16", None, (0.0002, 0, 0))
        y = Given("y", (40, 25), "int16", None, (np.float32(rng.uniform(0.0005, 0.003)), 0, 0))
        inputs = [x, constant("weight", weight, (0.01, 0, 0)), None]
        content = file_of("FULLY_CONNECTED", inputs, [y], ("FullyConnectedOptions", options), 14)
        assert_equal(content, {"x": random_array(seed, (40, 30), "int16")}, arithmetic)
