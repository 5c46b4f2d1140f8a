"""Operators that are read as several of the graph's, against LiteRT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from edgekit.errors import EdgekitError, InputError, ModelFormatError, UnsupportedOperator
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from tests import litert
from tests.tflite_models import assert_same
from tests.tflite_operator import (
    Array,
    Given,
    assert_equal,
    constant,
    file_of,
    random_array,
    run_both,
)

NO_BOOL = ("float32", "int8", "uint8", "int16", "int32", "int64")
"""bool ends the process of LiteRT, which has no kernel for it."""
ARITHMETICS = ("float32", "fixedpoint")
INTS = np.int32


def like(name: str, shape: Sequence[int], dtype: str) -> Given:
    quant = {"int8": (0.1, 3, 0), "uint8": (0.1, 120, 0), "int16": (0.1, 0, 0)}.get(dtype)
    return Given(name, shape, dtype, None, quant)


def numbers(name: str, *values: Any) -> Given:
    return constant(name, np.array(values, INTS))


def equal_in_both(content: bytes, arrays: Mapping[str, Array]) -> None:
    """The same bits in both arithmetics; of LiteRT's reference runtime if it has the operator."""
    assert_equal(content, arrays)
    try:
        litert.run(content, arrays, "reference")
    except ValueError as error:
        assert "Didn't find op" in str(error)
        return
    assert_equal(content, arrays, "fixedpoint")


def refused(content: bytes, error: type[EdgekitError], match: str) -> None:
    with pytest.raises(error, match=match):
        Interpreter(load_tflite(content))


def close(content: bytes, arrays: Mapping[str, Array], arithmetic: str) -> None:
    found, wanted = run_both_read(content, arrays, arithmetic)
    for name, array in wanted.items():
        assert_same(found[name], array)


def run_both_read(
    content: bytes, arrays: Mapping[str, Array], arithmetic: str
) -> tuple[dict[str, Array], dict[str, Array]]:
    """As `run_both`, but the arithmetic is known when the file is read."""
    _, wanted = run_both(content, arrays, arithmetic)
    graph = load_tflite(content, arithmetic=arithmetic)
    return Interpreter(graph).run(dict(arrays)), wanted


# -- REVERSE_SEQUENCE


REVERSED = ("float32", "uint8", "int16", "int32", "int64")  # LiteRT turns no int8 and no bool


def reversing(
    dtype: str, axis: int, batch: int, lengths: Given, shape: Sequence[int] = (3, 4, 5, 2)
) -> bytes:
    options = ("ReverseSequenceOptions", {"seq_dim": axis, "batch_dim": batch})
    x, y = like("x", shape, dtype), like("y", shape, dtype)
    return file_of("REVERSE_SEQUENCE", [x, lengths], [y], options)


@pytest.mark.parametrize("kind", ["int32", "int64"])
@pytest.mark.parametrize("dtype", REVERSED)
@pytest.mark.parametrize(("axis", "batch"), [(1, 0), (0, 1), (3, 1), (2, 0), (1, 3)])
def test_sequences_are_reversed(axis: int, batch: int, dtype: str, kind: str) -> None:
    shape = (3, 4, 5, 2)
    rng = np.random.default_rng(axis)
    lengths = rng.integers(0, shape[axis], shape[batch], endpoint=True).astype(kind)
    arrays = {"x": random_array(0, shape, dtype)}
    equal_in_both(reversing(dtype, axis, batch, constant("n", lengths)), arrays)
    given = Given("n", (shape[batch],), kind)
    equal_in_both(reversing(dtype, axis, batch, given), {**arrays, "n": lengths})


def test_lengths_outside_are_refused() -> None:
    x, many = random_array(0, (3, 4, 5, 2), "float32"), np.array([1, 9, 2], INTS)
    loaded = Interpreter(load_tflite(reversing("float32", 1, 0, Given("n", (3,), "int32"))))
    with pytest.raises(InputError, match="not within"):
        loaded.run({"x": x, "n": many})
    turned = loaded.run({"x": x, "n": np.array([-4, 0, 1], INTS)})["y"]
    np.testing.assert_array_equal(turned, x)
    refused(reversing("float32", 1, 0, constant("n", many)), ModelFormatError, "not within")
    refused(reversing("float32", 1, 1, numbers("n", 1, 1, 1)), ModelFormatError, "one length")
    refused(reversing("float32", 1, 0, numbers("n", 1, 1)), ModelFormatError, "one length")
    refused(reversing("float32", 7, 0, numbers("n", 1, 1, 1)), ModelFormatError, "axis")


# -- MATRIX_DIAG and MATRIX_SET_DIAG


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("dtype", NO_BOOL)
@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 1, 5)])
def test_diagonals_of_zeros(shape: tuple[int, ...], dtype: str, arithmetic: str) -> None:
    x, y = like("x", shape, dtype), like("y", (*shape, shape[-1]), dtype)
    content = file_of("MATRIX_DIAG", [x], [y], ("MatrixDiagOptions", {}))
    assert_equal(content, {"x": random_array(0, shape, dtype)}, arithmetic)


@pytest.mark.parametrize("dtype", NO_BOOL)
@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 5), (2, 2, 5, 3), (1, 1), (4, 1)])
def test_other_diagonals(shape: tuple[int, ...], dtype: str) -> None:
    rows = (*shape[:-2], min(shape[-2:]))
    x, d, y = like("x", shape, dtype), like("d", rows, dtype), like("y", shape, dtype)
    content = file_of("MATRIX_SET_DIAG", [x, d], [y], ("MatrixSetDiagOptions", {}))
    arrays = {"x": random_array(0, shape, dtype), "d": random_array(1, rows, dtype)}
    equal_in_both(content, arrays)


def test_what_is_no_diagonal_is_refused() -> None:
    x, y = Given("x", (2, 3, 5)), Given("y", (2, 3, 5))
    for shape in ((2, 4), (3,), (2, 3, 1), ()):
        content = file_of("MATRIX_SET_DIAG", [x, Given("d", shape)], [y])
        refused(content, ModelFormatError, "no diagonals")
    refused(file_of("MATRIX_DIAG", [Given("x")], [y]), ModelFormatError, "known length")
    scaled = [Given("x", (3, 3), "int8", None, (s, 0, 0)) for s in (0.1, 0.2)]
    scaled[1] = Given("d", (3,), "int8", None, (0.2, 0, 0))
    content = file_of("MATRIX_SET_DIAG", scaled, [Given("y", (3, 3), "int8", None, (0.1, 0, 0))])
    refused(content, UnsupportedOperator, "must be one")


# -- DILATE


def dilating(shape: Sequence[int], steps: Sequence[int], dtype: str, fill: Any) -> bytes:
    x = like("x", shape, dtype)
    wide = [(d - 1) * step + 1 for d, step in zip(shape, steps, strict=True)]
    value = Given("fill", (), dtype, np.array(fill, dtype), x.quant)
    given = [x, constant("steps", np.array(steps, INTS)), value]
    return file_of("DILATE", given, [like("y", wide, dtype)], ("DilateOptions", {}))


@pytest.mark.parametrize("dtype", NO_BOOL)
@pytest.mark.parametrize(
    ("shape", "steps"), [((2, 4, 5), (2, 1, 3)), ((5,), (4,)), ((1, 3, 4, 2), (3, 2, 1, 2))]
)
@pytest.mark.parametrize("fill", [0, 5])
def test_dilations(shape: tuple[int, ...], steps: tuple[int, ...], dtype: str, fill: int) -> None:
    equal_in_both(dilating(shape, steps, dtype, fill), {"x": random_array(0, shape, dtype)})


def test_dilations_that_are_none() -> None:
    refused(dilating((2, 3), (0, 1), "float32", 0), ModelFormatError, "cannot be dilated")
    refused(dilating((2, 3), (-1, 1), "float32", 0), ModelFormatError, "cannot be dilated")
    steps = numbers("steps", 2**30, 2**30)
    content = file_of(
        "DILATE", [Given("x", (2, 3)), steps, constant("fill", np.float32(0))], [Given("y", (2, 3))]
    )
    refused(content, ModelFormatError, "'pads': expected 0 to 65536")


# -- BUCKETIZE and RIGHT_SHIFT


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64"])
def test_buckets(dtype: str) -> None:
    limits = np.array([-0.5, 0.0, 0.0, 1.0, 2**30], np.float32)
    x = np.array([[-9, -0.5, 0], [1, 5, 2**30], [-1, 2, 0.25]], np.float32).astype(dtype)
    content = file_of(
        "BUCKETIZE",
        [Given("x", x.shape, dtype)],
        [Given("y", x.shape, "int32")],
        ("BucketizeOptions", {"boundaries": limits}),
    )
    equal_in_both(content, {"x": x})
    if dtype == "float32":
        equal_in_both(content, {"x": np.array([[np.inf, -np.inf, -0.0]] * 3, np.float32)})


def test_boundaries_rise() -> None:
    for limits in ([], [1.0, 0.0], [0.0, np.nan]):
        options = ("BucketizeOptions", {"boundaries": np.array(limits, np.float32)})
        content = file_of("BUCKETIZE", [Given("x", (2,))], [Given("y", (2,), "int32")], options)
        refused(content, ModelFormatError, "do not rise")
    refused(
        file_of(
            "BUCKETIZE",
            [Given("x", (2,), "bool")],
            [Given("y", (2,), "int32")],
            ("BucketizeOptions", {"boundaries": np.zeros(1, np.float32)}),
        ),
        UnsupportedOperator,
        "float32, int32",
    )


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32"])
def test_shifts(dtype: str) -> None:
    x, width = random_array(0, (40, 9), dtype), np.iinfo(dtype).bits
    x[0], x[1] = np.iinfo(dtype).min, np.iinfo(dtype).max
    shifts = np.array([0, 1, 2, width - 2, width - 1, width, width + 1, 100, 3]).astype(dtype)
    y = like("y", x.shape, dtype)
    for name, given in (
        ("known", constant("s", np.broadcast_to(shifts, x.shape))),
        ("given", like("s", x.shape, dtype)),
    ):
        if name == "known":
            given = Given("s", x.shape, dtype, given.data, y.quant)
        content = file_of(
            "RIGHT_SHIFT", [like("x", x.shape, dtype), given], [y], ("RightShiftOptions", {})
        )
        arrays = (
            {"x": x}
            if name == "known"
            else {"x": x, "s": np.array(np.broadcast_to(shifts, x.shape))}
        )
        equal_in_both(content, arrays)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32"])
def test_shifts_to_the_left(dtype: str) -> None:
    width = np.iinfo(dtype).bits
    shifts = np.broadcast_to(np.arange(width), (5, width)).astype(dtype)
    given = [like("x", shifts.shape, dtype), like("s", shifts.shape, dtype)]
    options = ("StablehloShiftLeftOptions", {})
    content = file_of("STABLEHLO_SHIFT_LEFT", given, [like("y", shifts.shape, dtype)], options)
    equal_in_both(content, {"x": random_array(0, shifts.shape, dtype), "s": shifts})
    given[1] = like("s", (width,), dtype)
    content = file_of("STABLEHLO_SHIFT_LEFT", given, [like("y", shifts.shape, dtype)], options)
    refused(content, UnsupportedOperator, "are shifted, received")


# -- ADD_N, BROADCAST_ARGS, FAKE_QUANT


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("count", [2, 3, 7])
def test_sums_of_many(count: int, dtype: str) -> None:
    given = [Given(f"x{i}", (3, 5), dtype) for i in range(count)]
    content = file_of("ADD_N", given, [Given("y", (3, 5), dtype)], ("AddNOptions", {}))
    equal_in_both(content, {g.name: random_array(i, (3, 5), dtype) for i, g in enumerate(given)})


def test_sums_of_different_shapes_are_refused() -> None:
    content = file_of("ADD_N", [Given("a", (3, 5)), Given("b", (5,))], [Given("y", (3, 5))])
    refused(content, ModelFormatError, "like the first")


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_shapes_that_are_broadcast(dtype: str) -> None:
    for a, b in (([3, 1, 2], [4, 2]), ([1], [7, 1, 5]), ([], [2, 3]), ([6], [6])):
        given = [constant(n, np.array(s, dtype)) for n, s in (("a", a), ("b", b)) if s]
        wanted = np.broadcast_shapes(tuple(a), tuple(b))
        if len(given) == 2:
            shape = Given("s", (len(wanted),), dtype)
            graph = load_tflite(file_of("BROADCAST_ARGS", given, [shape]))
            np.testing.assert_array_equal(graph.value(graph.outputs[0]).array(), wanted)
            equal_in_both(file_of("BROADCAST_ARGS", given, [shape]), {})
    content = file_of(
        "BROADCAST_ARGS", [numbers("a", 2, 3), numbers("b", 4)], [Given("s", (2,), "int32")]
    )
    refused(content, ModelFormatError, "do not fit")
    content = file_of(
        "BROADCAST_ARGS", [numbers("a", 2), Given("b", (1,), "int32")], [Given("s", (1,), "int32")]
    )
    refused(content, UnsupportedOperator, "must be a constant")


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("bits", [2, 4, 8, 16])
@pytest.mark.parametrize(
    ("low", "high"), [(-1.0, 1.0), (0.0, 6.0), (-0.3, 5.9), (-7.0, -1.0), (2, 3)]
)
def test_rounding_that_training_leaves(low: float, high: float, bits: int, arithmetic: str) -> None:
    options = {"min": low, "max": high, "num_bits": bits}
    content = file_of(
        "FAKE_QUANT", [Given("x", (5, 200))], [Given("y", (5, 200))], ("FakeQuantOptions", options)
    )
    close(content, {"x": 3 * random_array(0, (5, 200), "float32")}, arithmetic)


def test_ranges_without_steps_are_refused() -> None:
    for low, high, bits in (
        (0, 0, 8),
        (1, -1, 8),
        (np.nan, 1, 8),
        (0, np.inf, 8),
        (0, 1, 1),
        (0, 1, 40),
        (-3e38, 3e38, 8),
    ):
        options = ("FakeQuantOptions", {"min": low, "max": high, "num_bits": bits})
        content = file_of("FAKE_QUANT", [Given("x", (5,))], [Given("y", (5,))], options)
        refused(content, ModelFormatError, "no steps")


# -- LOCAL_RESPONSE_NORMALIZATION


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("radius", [0, 1, 2, 5, 100])
@pytest.mark.parametrize(
    ("alpha", "bias", "beta"), [(1e-4, 1.0, 0.75), (0.7, 2.0, 0.5), (1.0, 0.1, 1.0)]
)
def test_local_response(
    radius: int, alpha: float, bias: float, beta: float, arithmetic: str
) -> None:
    options = {"radius": radius, "alpha": alpha, "bias": bias, "beta": beta}
    x, y = Given("x", (2, 3, 4, 11)), Given("y", (2, 3, 4, 11))
    content = file_of(
        "LOCAL_RESPONSE_NORMALIZATION", [x], [y], ("LocalResponseNormalizationOptions", options)
    )
    close(content, {"x": random_array(0, (2, 3, 4, 11), "float32")}, arithmetic)


def test_local_response_that_is_none() -> None:
    for options in ({"radius": -1}, {"radius": 2, "alpha": np.nan}, {"radius": 1, "beta": np.inf}):
        x, y = Given("x", (2, 3, 4, 5)), Given("y", (2, 3, 4, 5))
        content = file_of(
            "LOCAL_RESPONSE_NORMALIZATION", [x], [y], ("LocalResponseNormalizationOptions", options)
        )
        refused(content, ModelFormatError, "normalize nothing")
    content = file_of("LOCAL_RESPONSE_NORMALIZATION", [Given("x", (2, 3))], [Given("y", (2, 3))])
    refused(content, ModelFormatError, "maps are needed")


# -- CONV_3D_TRANSPOSE


def transposed(shape: Sequence[int], size: Sequence[int], **options: Any) -> bytes:
    """Two channels in, four out."""
    x, weight = (1, 3, 4, 5, 2), random_array(7, (*size, 4, 2), "float32")
    given = [numbers("shape", *shape), constant("w", weight), Given("x", x)]
    given.append(constant("b", random_array(8, (4,), "float32")))
    options = {"stride_d": 1, "stride_h": 1, "stride_w": 1, **options}
    return file_of("CONV_3D_TRANSPOSE", given, [Given("y", shape)], ("Conv3DOptions", options))


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("size", [(2, 3, 2), (1, 1, 1), (4, 3, 5)])
@pytest.mark.parametrize("strides", [(1, 1, 1), (2, 2, 2), (1, 3, 2)])
@pytest.mark.parametrize("padding", [0, 1])
def test_transposed_volumes(padding: int, strides: Any, size: Any, arithmetic: str) -> None:
    lines = zip((3, 4, 5), strides, size, strict=True)
    if padding:
        volume = [(d - 1) * step + n for d, step, n in lines]
    else:
        volume = [d * step for d, step, _ in lines]
    names = dict(zip(("stride_d", "stride_h", "stride_w"), strides, strict=True))
    content = transposed((1, *volume, 4), size, padding=padding, **names)
    close(content, {"x": random_array(0, (1, 3, 4, 5, 2), "float32")}, arithmetic)


def test_volumes_that_are_none() -> None:
    refused(transposed((1, 9, 9, 9), (1, 1, 1)), ModelFormatError, "5 dimensions")
    refused(transposed((1, 3, 4, 0, 4), (1, 1, 1)), ModelFormatError, "5 dimensions")
    refused(transposed((1, 1, 1, 1, 4), (2, 2, 2)), ModelFormatError, "does not become")
    refused(transposed((1, 3, 4, 5, 9), (1, 1, 1)), ModelFormatError, "does not become")
    refused(
        transposed((1, 3, 4, 5, 4), (1, 1, 1), dilation_h_factor=2), UnsupportedOperator, "dilation"
    )


# -- What is known when the file is read: WHERE, UNIQUE, BITWISE_XOR, BITCAST


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int32", "int64", "bool"])
@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 2)])
def test_places_of_what_is_not_zero(shape: tuple[int, ...], dtype: str) -> None:
    data = random_array(0, shape, dtype) * (random_array(1, shape, "bool")).astype(dtype)
    given = Given("x", shape, dtype, data.astype(dtype), like("x", shape, dtype).quant)
    content = file_of(
        "WHERE", [given], [Given("y", (1, len(shape)), "int64")], ("WhereOptions", {})
    )
    equal_in_both(content, {})
    content = file_of("WHERE", [like("x", shape, dtype)], [Given("y", (1, len(shape)), "int64")])
    refused(content, UnsupportedOperator, "shapes are fixed here; build the model with a mask")


@pytest.mark.parametrize("kind", ["int32", "int64"])
@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int16", "int32", "int64"])
def test_each_number_once(dtype: str, kind: str) -> None:
    data, quant = np.array([3, 1, 3, 2, 1, 0, 2, 9]).astype(dtype), like("x", (8,), dtype).quant
    outputs = [like("y", (1,), dtype), Given("i", (8,), kind)]
    options = ("UniqueOptions", {"idx_out_type": {"int32": 2, "int64": 4}[kind]})
    content = file_of("UNIQUE", [Given("x", (8,), dtype, data, quant)], outputs, options)
    equal_in_both(content, {})
    content = file_of("UNIQUE", [like("x", (8,), dtype)], outputs, options)
    refused(content, UnsupportedOperator, "shapes are fixed here")


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32"])
@pytest.mark.parametrize("shapes", [((3, 4), (3, 4)), ((3, 4), (4,)), ((2, 1), (3,))])
def test_exclusive_or(shapes: Any, dtype: str) -> None:
    quant = like("x", (), dtype).quant
    arrays = [random_array(i, shape, dtype) for i, shape in enumerate(shapes)]
    given = [Given(n, a.shape, dtype, a, quant) for n, a in zip("xz", arrays, strict=True)]
    y = like("y", np.broadcast_shapes(*shapes), dtype)
    equal_in_both(file_of("BITWISE_XOR", given, [y], ("BitwiseXorOptions", {})), {})
    given = [like(name, shape, dtype) for name, shape in zip("xz", shapes, strict=True)]
    content = file_of("BITWISE_XOR", given, [y], ("BitwiseXorOptions", {}))
    equal_in_both(content, dict(zip("xz", arrays, strict=True)))


@pytest.mark.parametrize(
    ("dtype", "kind", "shape", "result"),
    [
        ("float32", "int32", (2, 3), (2, 3)),
        ("float32", "int16", (2, 3), (2, 3, 2)),
        ("int16", "float32", (3, 2), (3,)),
        ("uint8", "int8", (2, 3), (2, 3)),
        ("int64", "int32", (2,), (2, 2)),
    ],
)
def test_bytes_taken_for_others(dtype: str, kind: str, shape: Any, result: Any) -> None:
    given = Given("x", shape, dtype, random_array(0, shape, dtype))
    content = file_of("BITCAST", [given], [Given("y", result, kind)])
    equal_in_both(content, {})
    content = file_of("BITCAST", [Given("x", shape, dtype)], [Given("y", result, kind)])
    if {"int16", "int8"} & {dtype, kind}:
        refused(content, UnsupportedOperator, "use a CAST")
    else:
        equal_in_both(content, {"x": given.data})


def test_bytes_that_are_no_numbers() -> None:
    content = file_of("BITCAST", [Given("x", (2, 3), "int32")], [Given("y", (2,), "int64")])
    refused(content, ModelFormatError, "is not made of int64")
    content = file_of("BITCAST", [Given("x", (2, 3), "int32")], [Given("y", (2, 3, 4), "bool")])
    refused(content, UnsupportedOperator, "not taken for bool")
    content = file_of("BITWISE_XOR", [Given("x", (2, 3)), Given("z", (2, 3))], [Given("y", (2, 3))])
    refused(content, UnsupportedOperator, "integers of one kind")
