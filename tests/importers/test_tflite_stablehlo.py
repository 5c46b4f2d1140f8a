"""Operators of StableHLO, against LiteRT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from edgekit.errors import EdgekitError, ModelFormatError, UnsupportedOperator
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.schema import tflite_layout as tflite
from edgekit.schema.encoder import encode
from edgekit.schema.flexbuffer import flexbuffer_map
from tests import litert
from tests.importers.test_tflite_rearranged import equal_in_both, like, refused
from tests.tflite_models import assert_same
from tests.tflite_operator import Given, file_of, random_array

Table = dict[str, Any]
CODES = ("STABLEHLO_COMPOSITE", "ADD", "TANH", "MUL", "RESHAPE", "LSH_PROJECTION")
COMPOSITE, ADD, TANH, MUL, RESHAPE, UNKNOWN = range(len(CODES))


def tensor(name: str, shape: Sequence[int] = (2, 3), **more: Any) -> Table:
    return {"name": name, "shape": list(shape), **more}


def node(code: int, inputs: Sequence[int], outputs: Sequence[int], **options: Any) -> Table:
    given = {"builtin_options_2": ("StableHLOCompositeOptions", options)} if options else {}
    return {"opcode_index": code, "inputs": [*inputs], "outputs": [*outputs], **given}


def called(index: int, name: str = "odml.gate") -> Table:
    attributes = np.frombuffer(flexbuffer_map({"seed": 1}), np.uint8)
    return {
        "name": name,
        "decomposition_subgraph_index": index,
        "composite_attributes": attributes,
    }


def graph(
    tensors: Sequence[Table], inputs: Sequence[int], outputs: Sequence[int], *operators: Table
) -> Table:
    return {
        "tensors": [*tensors],
        "inputs": [*inputs],
        "outputs": [*outputs],
        "operators": [*operators],
    }


def model(*subgraphs: Table) -> bytes:
    numbered = tflite.BuiltinOperator.by_name()
    codes = [
        {"builtin_code": numbered[c], "deprecated_builtin_code": min(127, numbered[c])}
        for c in CODES
    ]
    data = np.frombuffer(np.float32([0.5, -1.0, 2.0]).tobytes(), np.uint8)
    return encode(
        tflite.SCHEMA,
        {
            "version": 3,
            "operator_codes": codes,
            "subgraphs": [*subgraphs],
            "buffers": [{}, {"data": data}],
        },
    )


GATE = graph(
    [tensor("x"), tensor("w", [3], buffer=1), tensor("scaled"), tensor("y"), tensor("z")],
    *([0], [4, 2]),
    *(node(MUL, [0, 1], [2]), node(TANH, [2], [3]), node(ADD, [3, 0], [4])),
)


def test_a_composite_is_what_its_subgraph_computes() -> None:
    """Twice in a row, with names inside that are names outside too."""
    main = graph(
        [tensor("x"), tensor("y"), tensor("scaled"), tensor("z"), tensor("w")],
        *([0], [3, 4, 2]),
        *(node(COMPOSITE, [0], [1, 2], **called(1)), node(COMPOSITE, [1], [3, 4], **called(1))),
    )
    content, x = model(main, GATE), random_array(0, (2, 3), "float32")
    wanted = litert.run(content, {"x": x}, "reference")
    loaded = load_tflite(content)
    assert [n.op for n in loaded.nodes] == ["Mul", "Tanh", "Add"] * 2
    assert list(loaded.outputs) == ["z", "w", "scaled"]
    found = Interpreter(loaded).run({"x": x})
    for name, array in wanted.items():
        assert_same(found[name], array)


def test_composites_within_composites() -> None:
    outer = graph(
        [tensor("a"), tensor("b"), tensor("c")], [0], [1], node(COMPOSITE, [0], [1, 2], **called(1))
    )
    main = graph(
        [tensor("x"), tensor("y")], [0], [1], node(COMPOSITE, [0], [1], **called(2, "outer"))
    )
    content, x = model(main, GATE, outer), random_array(0, (2, 3), "float32")
    found = Interpreter(content).run({"x": x})["y"]
    assert_same(found, litert.run(content, {"x": x}, "reference")["y"])


def test_composites_that_do_nothing() -> None:
    """What goes in comes out, and once more."""
    main = graph(
        [tensor("x"), tensor("y"), tensor("z")],
        [0],
        [1, 2],
        node(COMPOSITE, [0], [1, 2], **called(1)),
    )
    content = model(main, graph([tensor("a")], [0], [0, 0]))
    x = random_array(0, (2, 3), "float32")
    for array in Interpreter(content).run(x).values():
        np.testing.assert_array_equal(array, x)


def composed(*subgraphs: Table, index: int = 1, outputs: Sequence[int] = (1,)) -> bytes:
    tensors = [tensor("x"), tensor("y"), tensor("z"), tensor("i", type=tflite.TensorType.INT32)]
    return model(
        graph(tensors, [0], outputs, node(COMPOSITE, [0], outputs, **called(index))), *subgraphs
    )


def test_composites_that_are_refused() -> None:
    same = [tensor("a"), tensor("b")]
    bad: list[tuple[bytes, type[EdgekitError], str]] = [
        (composed(GATE, index=7), ModelFormatError, "subgraph 7 of 2"),
        (composed(GATE, index=-1), ModelFormatError, "subgraph -1 of 2"),
        (composed(GATE, index=0), ModelFormatError, "subgraph 0 of 2"),
        (composed(GATE), ModelFormatError, "takes 1 inputs and gives 2, not 1 and 1"),
        (composed(GATE, outputs=(1, 1)), ModelFormatError, "written twice"),
        (composed(GATE, outputs=(1, 0)), ModelFormatError, "written twice"),
        (composed(graph(same, [0], [1])), ModelFormatError, "before it is computed"),
        (
            composed(graph(same, [0], [1], node(UNKNOWN, [0], [1]))),
            UnsupportedOperator,
            r"in 'odml.gate'.*\n.*LSH_PROJECTION",
        ),
        (
            composed(graph(same, [0], [1], node(COMPOSITE, [0], [1], **called(1)))),
            ModelFormatError,
            "subgraph 1 calls itself",
        ),
        (
            composed(graph(same, [0], [1], node(ADD, [0, 0], [1])), outputs=(3,)),
            ModelFormatError,
            "gives float32",
        ),
    ]
    for content, error, sentence in bad:
        refused(content, error, sentence)


def test_composites_cannot_multiply_without_end() -> None:
    """Each of many calls the next many times: 20 subgraphs would be 10^20 nodes."""
    levels = []
    for level in range(2, 7):
        tensors = [tensor("x"), *(tensor(f"y{i}") for i in range(10))]
        calls = [node(COMPOSITE, [i], [i + 1], **called(level)) for i in range(10)]
        levels.append(graph(tensors, [0], [10], *calls))
    content = composed(*levels, graph([tensor("a"), tensor("b")], [0], [1], node(TANH, [0], [1])))
    refused(content, UnsupportedOperator, "would have to be computed")


# -- Operators of two inputs, and padding


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64", "bool", "int8", "uint8", "int16"])
@pytest.mark.parametrize("name", ["ADD", "MULTIPLY", "MAXIMUM", "MINIMUM", "AND"])
def test_of_two(name: str, dtype: str) -> None:
    shape = (3, 40)
    content = file_of(
        f"STABLEHLO_{name}", [like(n, shape, dtype) for n in "xz"], [like("y", shape, dtype)]
    )
    arrays = {n: random_array(i, shape, dtype) for i, n in enumerate("xz")}
    known = dtype in ("float32", "int32", "int64") and name != "AND"
    if dtype == "bool" or known or name in ("MAXIMUM", "MINIMUM"):
        equal_in_both(content, arrays)
    else:
        refused(content, UnsupportedOperator, "TFLite's own operator")


def test_two_shapes_are_alike() -> None:
    content = file_of("STABLEHLO_ADD", [Given("x", (2, 3)), Given("z", (3,))], [Given("y", (2, 3))])
    refused(content, ModelFormatError, "both inputs must be alike")


def padding(
    low: Sequence[int], high: Sequence[int], between: Sequence[int], dtype: str, fill: int = 1
) -> bytes:
    options = {"edge_padding_low": low, "edge_padding_high": high, "interior_padding": between}
    arrays = {name: np.array(numbers_, np.int64) for name, numbers_ in options.items()}
    x = like("x", (3, 4), dtype)
    value = Given("fill", (), dtype, np.array(fill, dtype), x.quant)
    lines = zip((3, 4), low, high, between, strict=False)
    shape = [min(99, max(1, d + (d - 1) * n + a + b)) for d, a, b, n in lines]
    return file_of(
        "STABLEHLO_PAD", [x, value], [like("y", shape, dtype)], ("StablehloPadOptions", arrays)
    )


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int16", "int32", "int64", "bool"])
@pytest.mark.parametrize(
    ("low", "high", "between"),
    [
        ((1, 2), (0, 3), (0, 0)),
        ((0, 0), (1, 0), (2, 1)),
        ((-1, 2), (1, -2), (1, 0)),
        ((0, -3), (-1, 0), (0, 2)),
    ],
)
def test_paddings(low: Any, high: Any, between: Any, dtype: str) -> None:
    equal_in_both(padding(low, high, between, dtype), {"x": random_array(0, (3, 4), dtype)})


def test_paddings_that_are_none() -> None:
    refused(padding((0,), (0, 0), (0, 0), "float32"), ModelFormatError, "cannot be padded")
    refused(padding((0, 0), (0, 0), (-1, 0), "float32"), ModelFormatError, "cannot be padded")
    refused(padding((-9, 0), (0, 0), (0, 0), "float32"), UnsupportedOperator, "nothing of")
    refused(padding((0, 0), (0, 2**40), (0, 0), "float32"), ModelFormatError, "pads")


# -- Rows by their numbers


PLACES: list[tuple[Any, tuple[int, ...]]] = [
    ([[1], [4], [1]], (5, 3)),
    ([[1], [9], [-3]], (5, 3)),
    ([[0, 1], [2, 2], [0, 1], [3, 0]], (3, 4, 2)),
    ([[[1], [0]], [[2], [7]]], (4,)),
]
ALL = ("float32", "int8", "int32", "int64", "bool")


def gathering(places: Any, shape: tuple[int, ...], dtype: str, **changed: Any) -> bytes:
    array = np.array(places, np.int32)
    rows, depth = array.ndim - 1, array.shape[-1]
    options = {
        "offset_dims": np.arange(rows, rows + len(shape) - depth),
        "collapsed_slice_dims": np.arange(depth),
        "start_index_map": np.arange(depth),
        "index_vector_dim": rows,
        "slice_sizes": np.array([1] * depth + list(shape[depth:])),
        **changed,
    }
    given = [like("x", shape, dtype), Given("i", array.shape, "int32")]
    y = like("y", (*array.shape[:-1], *shape[depth:]), dtype)
    return file_of("STABLEHLO_GATHER", given, [y], ("StablehloGatherOptions", options))


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize(("places", "shape"), PLACES)
def test_rows_that_are_taken(places: Any, shape: tuple[int, ...], dtype: str) -> None:
    content = gathering(places, shape, dtype)
    equal_in_both(content, {"x": random_array(0, shape, dtype), "i": np.array(places, np.int32)})


def scattering(
    places: Any, shape: tuple[int, ...], dtype: str, joined: str | None, **changed: Any
) -> bytes:
    array, kinds = np.array(places, np.int32), tflite.TensorType.by_name()
    rows, depth = array.ndim - 1, array.shape[-1]
    options = {
        "update_window_dims": np.arange(rows, rows + len(shape) - depth),
        "inserted_window_dims": np.arange(depth),
        "scatter_dims_to_operand_dims": np.arange(depth),
        "index_vector_dim": rows,
        "update_computation_subgraph_index": 1,
        **changed,
    }
    kind = kinds[dtype.upper()]
    updates = (*array.shape[:-1], *shape[depth:])
    tensors = [tensor(n, s, type=kind) for n, s in (("x", shape), ("u", updates), ("y", shape))]
    tensors.append(tensor("i", array.shape, type=kinds["INT32"]))
    main = graph(tensors, [0, 3, 1], [2], node(0, [0, 3, 1], [2]))
    main["operators"][0]["builtin_options_2"] = ("StablehloScatterOptions", options)
    numbers = [tensor(name, (), type=kind) for name in "abc"]
    inner = graph(numbers, [0, 1], [2 if joined else 1])
    inner["operators"] = [node(1, [0, 1], [2])] if joined else []
    codes = [tflite.BuiltinOperator.by_name()[c] for c in ("STABLEHLO_SCATTER", joined or "TANH")]
    numbered = [{"builtin_code": c, "deprecated_builtin_code": min(127, c)} for c in codes]
    parts = {"operator_codes": numbered, "subgraphs": [main, inner], "buffers": [{}]}
    return encode(tflite.SCHEMA, {"version": 3, **parts})


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("joined", [None, "ADD", "MULTIPLY", "MAXIMUM", "MINIMUM"])
@pytest.mark.parametrize(("places", "shape"), PLACES)
def test_rows_that_are_put(
    places: Any, shape: tuple[int, ...], joined: str | None, dtype: str
) -> None:
    """Sums of several in another order."""
    content = scattering(places, shape, dtype, joined and f"STABLEHLO_{joined}")
    array = np.array(places, np.int32)
    updates = (*array.shape[:-1], *shape[array.shape[-1] :])
    arrays = {"x": random_array(0, shape, dtype), "u": random_array(1, updates, dtype), "i": array}
    assert_same(Interpreter(content).run(arrays)["y"], litert.run(content, arrays)["y"], 1e-6)


def test_places_that_are_not_known() -> None:
    place, shape = [[1], [4], [1]], (5, 3)
    for name, numbers in {
        "offset_dims": [0],
        "start_index_map": [1],
        "slice_sizes": [1, 2],
    }.items():
        content = gathering(place, shape, "float32", **{name: np.array(numbers)})
        refused(content, UnsupportedOperator, f"{name} .* is not known.*GATHER_ND")
    refused(gathering(place, shape, "float32", index_vector_dim=0), UnsupportedOperator, "known")
    refused(gathering([[]], shape, "float32"), ModelFormatError, "empty")
    refused(gathering([[1, 2, 3]], shape, "float32"), ModelFormatError, "no places in")
    content = scattering(place, shape, "float32", "STABLEHLO_POWER")
    refused(content, UnsupportedOperator, "joined by .'STABLEHLO_POWER'")
    for index in (0, 2, -1):
        content = scattering(place, shape, "float32", None, update_computation_subgraph_index=index)
        refused(content, ModelFormatError, f"subgraph {index} of 2")
