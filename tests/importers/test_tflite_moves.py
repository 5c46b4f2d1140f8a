"""Operators that move elements, in every dtype and form in which files have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import EdgekitError, InputError, ModelFormatError
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from tests import litert
from tests.tflite_operator import Given, assert_equal, constant, file_of, random_array

EVERY = ("float32", "int8", "uint8", "int16", "int32", "int64", "bool")
SHAPE = (2, 4, 6, 3)
INTS = np.int32


def like(name: str, shape: tuple[int, ...], dtype: str) -> Given:
    quant = {"int8": (0.1, 3, 0), "uint8": (0.1, 120, 0), "int16": (0.1, 0, 0)}.get(dtype)
    return Given(name, shape, dtype, None, quant)


def numbers(name: str, *values: Any) -> Given:
    return constant(name, np.array(values, INTS))


PADS = np.array([[0, 0], [1, 2], [0, 1], [2, 0]], INTS)
MOVES: dict[
    str, tuple[str, list[Given], tuple[int, ...], tuple[str, dict[str, Any]] | None, int]
] = {
    "transpose": ("TRANSPOSE", [numbers("perm", 0, 3, 1, 2)], (2, 3, 4, 6), None, 1),
    "reshape": ("RESHAPE", [numbers("shape", 4, -1)], (4, 36), None, 1),
    "pad": ("PAD", [constant("pads", PADS)], (2, 7, 7, 5), None, 1),
    "slice": (
        "SLICE",
        [numbers("a", 0, 1, 2, 0), numbers("b", 2, 2, -1, 1)],
        (2, 2, 4, 1),
        None,
        1,
    ),
    "tile": ("TILE", [numbers("n", 1, 2, 1, 3)], (2, 8, 6, 9), None, 1),
    "gather": ("GATHER", [numbers("i", 3, 0, 3)], (2, 3, 6, 3), ("GatherOptions", {"axis": 1}), 2),
    "gather_nd": (
        "GATHER_ND",
        [constant("i", np.array([[1, 2], [0, 0]], INTS))],
        (2, 6, 3),
        None,
        1,
    ),
    "to_depth": (
        "SPACE_TO_DEPTH",
        [],
        (2, 2, 3, 12),
        ("SpaceToDepthOptions", {"block_size": 2}),
        1,
    ),
    "mirror": (
        "MIRROR_PAD",
        [constant("pads", PADS)],
        (2, 7, 7, 5),
        ("MirrorPadOptions", {"mode": 0}),
        1,
    ),
    "to_batch": (
        "SPACE_TO_BATCH_ND",
        [numbers("block", 2, 3), constant("pads", np.array([[1, 1], [0, 0]], INTS))],
        (12, 3, 2, 3),
        None,
        1,
    ),
    "broadcast": ("BROADCAST_TO", [numbers("shape", 3, 2, 4, 6, 3)], (3, 2, 4, 6, 3), None, 3),
}


@pytest.mark.parametrize("dtype", EVERY)
@pytest.mark.parametrize("name", MOVES)
def test_every_dtype_moves(name: str, dtype: str) -> None:
    """Where LiteRT does not take a dtype, the elements must be those that float32 has."""
    code, more, shape, options, version = MOVES[name]
    content = file_of(
        code, [like("x", SHAPE, dtype), *more], [like("y", shape, dtype)], options, version
    )
    arrays = {"x": random_array(0, SHAPE, dtype)}
    try:
        assert_equal(content, arrays)
    except (RuntimeError, ValueError):
        (found,) = Interpreter(load_tflite(content)).run(arrays).values()
        order = np.arange(np.prod(SHAPE)).astype(np.float32).reshape(SHAPE)
        real = file_of(
            code,
            [like("x", SHAPE, "float32"), *more],
            [like("y", shape, "float32")],
            options,
            version,
        )
        places = litert.run(real, {"x": order + 1})["y"].astype(int)
        zero = {"int8": 3, "uint8": 120}.get(dtype, 0)
        padded = np.concatenate([np.array([zero], dtype), arrays["x"].reshape(-1)])
        np.testing.assert_array_equal(found, padded[places])


def test_padv2_adds_the_lowest_number() -> None:
    lowest = constant("fill", np.finfo(np.float32).min)
    x, y = like("x", SHAPE, "float32"), like("y", (2, 7, 7, 5), "float32")
    content = file_of("PADV2", [x, constant("pads", PADS), lowest], [y])
    assert_equal(content, {"x": random_array(0, SHAPE, "float32")})


@pytest.mark.parametrize("dtype", EVERY)
def test_padv2_adds_a_stored_number(dtype: str) -> None:
    x, y = like("x", SHAPE, dtype), like("y", (2, 7, 7, 5), dtype)
    data = random_array(5, (1,), dtype)
    fill = constant("fill", data // 2**40 if dtype == "int64" else data, x.quant)
    content = file_of("PADV2", [x, constant("pads", PADS), fill], [y])
    arrays = {"x": random_array(0, SHAPE, dtype)}
    try:
        litert.run(content, arrays)
    except (RuntimeError, ValueError):
        pytest.skip("LiteRT has no PADV2 in this dtype")
    assert_equal(content, arrays)


@pytest.mark.parametrize("dtype", EVERY)
@pytest.mark.parametrize("axis", [0, 2, -1])
def test_pack_and_unpack(axis: int, dtype: str) -> None:
    parts = [like(f"x{i}", (2, 3, 4), dtype) for i in range(3)]
    shape = [2, 3, 4]
    shape.insert(axis % 4, 3)
    packed = like("y", tuple(shape), dtype)
    content = file_of("PACK", parts, [packed], ("PackOptions", {"axis": axis, "values_count": 3}))
    arrays = {part.name: random_array(i, (2, 3, 4), dtype) for i, part in enumerate(parts)}
    if dtype != "bool":  # LiteRT stacks none
        assert_equal(content, arrays)
    if dtype == "int64":  # and takes none of these apart
        return
    outs = [like(f"y{i}", (2, 3, 4), dtype) for i in range(3)]
    options = ("UnpackOptions", {"axis": axis, "num": 3})
    x = like("x", tuple(shape), dtype)
    assert_equal(file_of("UNPACK", [x], outs, options), {"x": random_array(9, shape, dtype)})


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int16", "int32"])
def test_split(dtype: str) -> None:
    x = like("x", (2, 6, 4), dtype)
    arrays = {"x": random_array(0, (2, 6, 4), dtype)}
    halves = [like(f"y{i}", (2, 3, 4), dtype) for i in range(2)]
    axis = numbers("axis", 1)
    assert_equal(file_of("SPLIT", [axis, x], halves, ("SplitOptions", {"num_splits": 2})), arrays)
    parts = [like(f"y{i}", (2, n, 4), dtype) for i, n in enumerate((1, 3, 2))]
    line = [x, numbers("sizes", 1, -1, 2), axis]
    assert_equal(file_of("SPLIT_V", line, parts, ("SplitVOptions", {"num_splits": 3})), arrays)


@pytest.mark.parametrize("kind", ["int32", "int64"])
def test_indices_that_are_computed(kind: str) -> None:
    x, y = like("x", (3, 5, 2), "float32"), like("y", (3, 2, 2), "float32")
    options = ("GatherOptions", {"axis": 1, "batch_dims": 1})
    content = file_of("GATHER", [x, Given("i", (3, 2), kind)], [y], options, 5)
    arrays = {"x": random_array(0, (3, 5, 2), "float32")}
    assert_equal(content, {**arrays, "i": np.array([[0, 4], [1, 1], [3, 2]], kind)})
    with pytest.raises(InputError, match=r"index \[5\] is not within \[5\]"):
        Interpreter(load_tflite(content)).run({**arrays, "i": np.array([[0, 5]] * 3, kind)})
    content = file_of("GATHER_ND", [x, Given("i", (4, 2), kind)], [like("y", (4, 2), "float32")])
    assert_equal(content, {**arrays, "i": np.array([[0, 4], [2, 1], [1, 1], [0, 0]], kind)})
    with pytest.raises(InputError, match=r"index \[-1, 0\] is not within \[3, 5\]"):
        Interpreter(load_tflite(content)).run({**arrays, "i": np.array([[-1, 0]] * 4, kind)})


def test_embedding_lookup() -> None:
    ids, table = Given("ids", (4,), "int32"), constant("t", random_array(0, (7, 3), "float32"))
    content = file_of("EMBEDDING_LOOKUP", [ids, table], [Given("y", (4, 3))])
    assert_equal(content, {"ids": np.array([6, 0, 3, 3], np.int32)})


@pytest.mark.parametrize("name", ["SHAPE", "RANK", "ZEROS_LIKE"])
def test_what_a_shape_tells_is_known(name: str) -> None:
    shape: tuple[int, ...] = {"SHAPE": (3,), "RANK": (), "ZEROS_LIKE": (2, 3, 4)}[name]
    dtype = "float32" if name == "ZEROS_LIKE" else "int32"
    options = ("ShapeOptions", {"out_type": 2}) if name == "SHAPE" else None
    content = file_of(name, [Given("x", (2, 3, 4))], [Given("y", shape, dtype)], options)
    assert not load_tflite(content).nodes
    assert_equal(content, {"x": random_array(0, (2, 3, 4), "float32")})


@pytest.mark.parametrize(
    ("first", "limit", "step"), [(0, 7, 2), (5, -4, -3), (3, 3, 1), (0.5, 2.0, 0.3)]
)
def test_range(first: float, limit: float, step: float) -> None:
    dtype = np.float32 if isinstance(first, float) else np.int32
    line = [constant(n, dtype(v)) for n, v in (("a", first), ("b", limit), ("c", step))]
    content = file_of("RANGE", line, [Given("y", (1,), np.dtype(dtype).name)])
    wanted = np.arange(first, limit, step)
    if wanted.size:
        wanted = litert.run(content, {})["y"]
    else:
        with pytest.raises(EdgekitError):
            load_tflite(content)
        return
    (found,) = load_tflite(content).constants()
    np.testing.assert_array_equal(found.array(), wanted)


def test_a_range_is_of_three_numbers() -> None:
    line = [numbers("first", 0, 1), numbers("limit", 9), numbers("step", 2)]
    with pytest.raises(ModelFormatError, match="a range is of three numbers"):
        load_tflite(file_of("RANGE", line, [Given("y", (1,), "int32")]))


def test_fill() -> None:
    value = Given("v", ())
    content = file_of("FILL", [numbers("shape", 2, 3), value], [Given("y", (2, 3))])
    (found,) = Interpreter(load_tflite(content)).run({"v": np.float32(2.5)}).values()
    np.testing.assert_array_equal(found, np.full((2, 3), np.float32(2.5)))
    known = [numbers("shape", 2, 3), constant("v", np.int32(7))]
    graph = load_tflite(file_of("FILL", known, [Given("y", (2, 3), "int32")]))
    np.testing.assert_array_equal(graph.value(graph.outputs[0]).array(), np.full((2, 3), 7))
