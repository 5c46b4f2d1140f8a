"""Weights that a file packs: four bits, half precision, sparse, far behind; LiteRT unpacks too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.schema import tflite_layout as tflite
from edgekit.schema.encoder import encode
from tests import litert
from tests.importers.test_tflite_refusals import code, tensor
from tests.tflite_models import LiteRT

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
