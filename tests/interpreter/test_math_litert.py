"""Functions, comparisons, reductions and searches in integers against LiteRT's two runtimes.

Operators of one input on every stored integer, operators of two on every pair, at random scales;
reductions over axes of random data. All bits are equal but where a test says why not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, Metadata, Node, QuantParams, Value, per_tensor
from edgekit.ir.graph import ARITHMETICS
from edgekit.ir.ops import spec
from edgekit.ir.quant import LIMITS
from edgekit.ir.tables import table_for
from tests import litert

Arrays = Mapping[str, NDArray[Any]]
arithmetics = pytest.mark.parametrize("arithmetic", ARITHMETICS)


def every(dtype: str) -> NDArray[Any]:
    return np.arange(LIMITS[dtype][0], LIMITS[dtype][1] + 1).astype(dtype)[None]


def pairs(dtype: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Every integer with every other."""
    first, second = np.meshgrid(every(dtype), every(dtype), indexing="ij")
    return first.reshape(1, -1), second.reshape(1, -1)


def random_quant(rng: np.random.Generator, dtype: str, widest: float = 0.1) -> QuantParams:
    if dtype == "int16":
        return per_tensor(np.float32(rng.uniform(0.0002, 0.002)))
    offset = 128 if dtype == "uint8" else 0
    return per_tensor(np.float32(rng.uniform(0.004, widest)), int(rng.integers(-70, 70)) + offset)


def one_node(
    op: str,
    inputs: Arrays,
    quants: Mapping[str, QuantParams | None],
    quant: QuantParams | None,
    arithmetic: str,
    **attrs: Any,
) -> Graph:
    builder = GraphBuilder(op)
    names = [builder.input(n, x.shape, x.dtype.name, quants.get(n)) for n, x in inputs.items()]
    first = builder.values[names[0]]
    tables = []
    if spec(op).table_kind(first.dtype):
        node = Node(op, tuple(names), ("y",), attrs, "layer")
        output = Value("y", first.shape, first.dtype, None, quant)
        tables = [builder.constant(table_for(node, first, output, arithmetic), "table")]
    outputs = (
        builder.add_all(op, *names, *tables, name="layer", quants=None, **attrs)
        if (quant is None)
        else (builder.add(op, *names, *tables, name="layer", quant=quant, **attrs),)
    )
    return builder.finish(outputs, Metadata(arithmetic=arithmetic))


def differing(graph: Graph, inputs: Arrays) -> tuple[NDArray[np.bool_], Arrays, Arrays]:
    """Where the first outputs differ, our outputs and LiteRT's."""
    found = Interpreter(graph).run(inputs)
    wanted = litert.run(tflite_bytes(graph), inputs, litert.RUNTIMES[graph.metadata.arithmetic])
    for name in graph.outputs:
        assert found[name].dtype == wanted[name].dtype
    first = graph.outputs[0]
    return found[first] != wanted[first], found, wanted


def assert_equals_litert(graph: Graph, inputs: Arrays) -> None:
    _, found, wanted = differing(graph, inputs)
    for name in graph.outputs:
        np.testing.assert_array_equal(found[name], wanted[name], err_msg=str(graph))


@arithmetics
@pytest.mark.parametrize("op", ["Exp", "Log", "Sqrt", "Rsqrt", "Abs", "Neg"])
def test_every_input_of_a_function(op: str, arithmetic: str) -> None:
    """LiteRT refuses roots of negative numbers: these get none."""
    rng = np.random.default_rng(len(op))
    for number in range(25):
        x, y = random_quant(rng, "int8"), random_quant(rng, "int8")
        y = x if number % 5 == 0 else y
        q = every("int8")
        if op in ("Sqrt", "Rsqrt"):
            q = np.maximum(q, np.int8(x.zero_point[0]))
        assert_equals_litert(one_node(op, {"x": q}, {"x": x}, y, arithmetic), {"x": q})


@arithmetics
@pytest.mark.parametrize("op", ["Abs", "Neg"])
def test_functions_of_int16(op: str, arithmetic: str) -> None:
    rng = np.random.default_rng(3)
    q = every("int16")
    for _ in range(5):
        x, y = random_quant(rng, "int16"), random_quant(rng, "int16")
        assert_equals_litert(one_node(op, {"x": q}, {"x": x}, y, arithmetic), {"x": q})


@arithmetics
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize(
    "op", ["Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"]
)
def test_every_pair_of_a_comparison(op: str, dtype: str, arithmetic: str) -> None:
    """Also at scales so small that neighbours count as equal."""
    rng = np.random.default_rng(len(op))
    first, second = pairs(dtype)
    inputs = {"x": first, "y": second}
    for number in range(4):
        widest = (0.1, 0.99, 0.005, 0.1)[number]
        quants = {name: random_quant(rng, dtype, widest) for name in inputs}
        if number == 3:
            quants["y"] = quants["x"]
        assert_equals_litert(one_node(op, inputs, quants, None, arithmetic), inputs)


@arithmetics
def test_every_pair_of_a_squared_difference(arithmetic: str) -> None:
    rng = np.random.default_rng(0)
    first, second = pairs("int8")
    inputs = {"x": first, "y": second}
    for number in range(8):
        quants = {name: random_quant(rng, "int8") for name in inputs}
        y = random_quant(rng, "int8", 0.1 if number % 2 else 1.0)
        graph = one_node("SquaredDifference", inputs, quants, y, arithmetic)
        assert_equals_litert(graph, inputs)


@arithmetics
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_every_pair_of_prelu(dtype: str, arithmetic: str) -> None:
    rng = np.random.default_rng(1)
    first, second = pairs(dtype)
    inputs = {"x": first, "alpha": second}
    for _ in range(8):
        quants = {name: random_quant(rng, dtype) for name in inputs}
        graph = one_node("Prelu", inputs, quants, random_quant(rng, dtype), arithmetic)
        assert_equals_litert(graph, inputs)


def some_quotient(rng: np.random.Generator, dtype: str, number: int) -> Mapping[str, QuantParams]:
    """Scales of x, y and their quotient; every other time such that halves of a step are met."""
    quants = {name: random_quant(rng, dtype) for name in ("x", "y", "quotient")}
    if number % 2:
        ratio = np.float32(2.0 ** int(rng.integers(-2, 2)))
        quants["y"] = per_tensor(quants["x"].scales[0] * ratio, quants["y"].zero_point[0])
        quants["quotient"] = per_tensor(
            np.float32(rng.choice([0.05, 0.1, 0.2, 0.4])), quants["quotient"].zero_point[0]
        )
    return quants


@arithmetics
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_every_pair_of_a_quotient(dtype: str, arithmetic: str) -> None:
    """But where LiteRT shifts 32-bit numbers by 32 and more: quotients far below one step.

    Of 0, whose shift is the largest, its processors agree that a step is added: so do we.
    """
    rng = np.random.default_rng(2)
    first, second = pairs(dtype)
    for number in range(16):
        quants = some_quotient(rng, dtype, number)
        y = quants["quotient"]
        zero = quants["y"].zero_point[0]
        inputs = {"x": first, "y": np.where(second == zero, zero + 1, second).astype(dtype)}
        graph = one_node("Div", inputs, quants, y, arithmetic)
        differs, found, _ = differing(graph, inputs)
        numerator = _real(inputs["x"], quants["x"])
        quotient = numerator / _real(inputs["y"], quants["y"])
        assert not (differs & ((numerator == 0) | (np.abs(quotient) > 0.51 * y.scale[0]))).any()
        assert (found["layer"][differs] == y.zero_point[0]).all()


def _real(q: NDArray[Any], quant: QuantParams) -> NDArray[np.float64]:
    return (q.astype(np.float64) - quant.zero_point[0]) * quant.scale[0]


@arithmetics
@pytest.mark.parametrize("op", ["FloorDiv", "FloorMod"])
def test_every_pair_of_stored_integers(op: str, arithmetic: str) -> None:
    """But for -128 / -1, where LiteRT goes through float."""
    first, second = pairs("int8")
    inputs = {"x": first, "y": np.where(second == 0, 1, second).astype(np.int8)}
    rng = np.random.default_rng(2)
    quants = {name: random_quant(rng, "int8") for name in inputs}
    assert_equals_litert(
        one_node(op, inputs, quants, random_quant(rng, "int8"), arithmetic), inputs
    )


@arithmetics
@pytest.mark.parametrize("op", ["LogSoftmax", "L2Normalize"])
def test_rows(op: str, arithmetic: str) -> None:
    rng = np.random.default_rng(3)
    for number in range(40):
        depth = int(rng.choice([1, 2, 3, 10, 37, 300]))
        x = random_quant(rng, "int8", (0.05, 0.3)[number % 2])
        spread = float(rng.choice([1, 10, 60, 300]))
        q = np.clip(rng.normal(x.zero_point[0], spread, (16, depth)), -128, 127).astype(np.int8)
        q[0] = x.zero_point[0]
        y = spec(op).fixed_quant("int8")
        assert_equals_litert(one_node(op, {"x": q}, {"x": x}, y, arithmetic), {"x": q})


AXES = [((3, 7, 9, 5), (1, 2)), ((3, 7, 9, 5), (1, 3)), ((3, 7, 9, 5), (3,)), ((4, 300), (-1,))]
AXES += [((3, 7, 9, 5), (0, 1, 2, 3)), ((6, 5, 4), (0,)), ((2, 8, 8, 16), (1, 2)), ((5,), (0,))]


@arithmetics
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
@pytest.mark.parametrize("op", ["Sum", "Mean", "ReduceMax", "ReduceMin"])
def test_reductions_over_any_axes(op: str, dtype: str, arithmetic: str) -> None:
    if op == "Sum" and arithmetic == "fixedpoint" and dtype != "uint8":
        pytest.skip(f"LiteRT's reference runtime joins the bits of {dtype} and does not add them")
    rng = np.random.default_rng(len(dtype))
    low, high = LIMITS[dtype]
    for number in range(4):
        for shape, axes in AXES:
            x, y = random_quant(rng, dtype), random_quant(rng, dtype)
            count = int(np.prod([shape[axis] for axis in axes]))
            if op == "Sum":
                y = per_tensor(x.scale[0] * np.sqrt(count), y.zero_point[0])
            if spec(op).tied or number == 3:
                y = x
            q = rng.integers(low, high + 1, shape).astype(dtype)
            keepdims = bool(rng.integers(2))
            graph = one_node(op, {"x": q}, {"x": x}, y, arithmetic, axes=axes, keepdims=keepdims)
            assert_equals_litert(graph, {"x": q})


@arithmetics
@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_products(dtype: str, arithmetic: str) -> None:
    rng = np.random.default_rng(4)
    for _ in range(60):
        shape, axes = [((20, 3), (1,)), ((20, 4), (1,)), ((9, 2, 3), (1, 2)), ((5, 9), (0,))][
            int(rng.integers(4))
        ]
        count = int(np.prod([shape[axis] for axis in axes]))
        x, (low, high) = random_quant(rng, dtype), LIMITS[dtype]
        y = per_tensor((x.scale[0] * high) ** count / high, random_quant(rng, dtype).zero_point[0])
        q = rng.integers(low, high + 1, shape).astype(dtype)
        graph = one_node("ReduceProd", {"x": q}, {"x": x}, y, arithmetic, axes=axes)
        assert_equals_litert(graph, {"x": q})


@arithmetics
@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("count", [1, 7, 100])
def test_products_of_one_or_too_many(count: int, dtype: str, arithmetic: str) -> None:
    """One factor keeps its integers in the default runtime; products beyond 32 bits wrap."""
    rng = np.random.default_rng(count)
    low, high = LIMITS[dtype]
    for _ in range(8):
        x, y = random_quant(rng, dtype), random_quant(rng, dtype)
        q = rng.integers(low, high + 1, (6, count, 3)).astype(dtype)
        graph = one_node("ReduceProd", {"x": q}, {"x": x}, y, arithmetic, axes=(1,))
        assert_equals_litert(graph, {"x": q})


@arithmetics
@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int32", "bool"])
@pytest.mark.parametrize("op", ["ArgMax", "ArgMin"])
def test_the_first_of_equals_is_found(op: str, dtype: str, arithmetic: str) -> None:
    if dtype == "bool" and arithmetic == "fixedpoint":
        pytest.skip("LiteRT's reference runtime searches no truth values")
    rng = np.random.default_rng(5)
    x = random_quant(rng, dtype) if dtype in ("int8", "uint8") else None
    for axis, result in ((0, "int32"), (1, "int64"), (3, "int64")):
        q = rng.integers(0, 4, (3, 5, 6, 7)).astype(dtype)
        graph = one_node(op, {"x": q}, {"x": x}, None, arithmetic, axis=axis, dtype=result)
        assert_equals_litert(graph, {"x": q})


@arithmetics
@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int16", "int32", "int64"])
def test_the_largest_in_order(dtype: str, arithmetic: str) -> None:
    rng = np.random.default_rng(6)
    x = random_quant(rng, dtype) if dtype in ("int8", "uint8", "int16") else None
    for depth, k in ((1, 1), (9, 4), (50, 50), (300, 7)):
        q = rng.integers(0, max(2, depth // 2), (3, 2, depth)).astype(dtype)
        graph = one_node("TopK", {"x": q}, {"x": x}, None, arithmetic, k=k)
        assert_equals_litert(graph, {"x": q})


@arithmetics
@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int16", "int32", "int64", "bool"])
def test_selection_broadcasts(dtype: str, arithmetic: str) -> None:
    rng = np.random.default_rng(7)
    quant = random_quant(rng, dtype) if dtype in ("int8", "uint8", "int16") else None
    for shapes in (
        ((2, 3, 4), (2, 3, 4), (2, 3, 4)),
        ((4,), (2, 3, 4), (3, 1)),
        ((1,), (1,), (2, 5)),
    ):
        x, y = (rng.integers(0, 99, shape).astype(dtype) for shape in shapes[:2])
        inputs = {"x": x, "y": y, "condition": rng.integers(0, 2, shapes[2]).astype(bool)}
        quants = {"x": quant, "y": quant}
        graph = one_node("Select", inputs, quants, quant, arithmetic)
        assert_equals_litert(graph, inputs)


INTEGERS: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": lambda x, y: np.trunc(x / y),
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "FloorDiv": lambda x, y: np.floor(x / y),
    "FloorMod": np.remainder,
    "SquaredDifference": lambda x, y: (x - y) ** 2,
}


@arithmetics
@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("op", INTEGERS)
def test_plain_integers(op: str, dtype: str, arithmetic: str) -> None:
    if dtype not in spec(op).dtypes:
        pytest.skip(f"LiteRT has no {op} of {dtype}")
    rng = np.random.default_rng(8)
    x = rng.integers(-40, 41, (6, 30)).astype(dtype)
    y = rng.integers(1, 9, (30,)).astype(dtype) * rng.choice([-1, 1], 30).astype(dtype)
    graph = one_node(op, {"x": x, "y": y}, {}, None, arithmetic)
    found = Interpreter(graph).run({"x": x, "y": y})["layer"]
    np.testing.assert_array_equal(found, INTEGERS[op](x, y).astype(dtype))
    if not (op == "FloorDiv" and dtype == "int64"):  # LiteRT has none
        assert_equals_litert(graph, {"x": x, "y": y})


@arithmetics
def test_sums_along_an_axis(arithmetic: str) -> None:
    rng = np.random.default_rng(9)
    for dtype in ("float32", "int32", "int64"):
        for axis in range(3):
            for exclusive, reverse in ((False, False), (True, False), (False, True), (True, True)):
                x = rng.integers(-9, 9, (3, 4, 5)).astype(dtype)
                graph = one_node(
                    "CumSum", {"x": x}, {}, None, arithmetic,
                    axis=axis, exclusive=exclusive, reverse=reverse,
                )  # fmt: skip
                assert_equals_litert(graph, {"x": x})


@arithmetics
@pytest.mark.parametrize("source", ["float32", "int32", "int64", "bool"])
def test_casts(source: str, arithmetic: str) -> None:
    """Numbers that do not fit, infinities and NaN among them."""
    wide = np.array([0, 1, -1, 127, 300, -300, 70000, 2**31 - 1, -(2**31)], np.int64)
    huge = np.array([2**31, 2**40 + 5, -(2**63), 2**63 - 1], np.int64)
    x = {
        "float32": np.array(
            [0, -0.0, 0.5, -0.9, 2.5, 127.6, -129, 256, 3e9, -3e9, 1e19, 3e38, np.inf, -np.inf],
            np.float32,
        ),
        "int32": wide.astype(np.int32),
        "int64": np.concatenate([wide, huge]),
        "bool": np.array([True, False]),
    }[source][None]
    for target in ("float32", "int32", "int64", "bool"):
        graph = one_node("Cast", {"x": x}, {}, None, arithmetic, dtype=target)
        assert_equals_litert(graph, {"x": x})


def test_a_cast_takes_what_is_not_a_number_for_the_largest() -> None:
    builder = GraphBuilder("Cast")
    root = builder.add("Sqrt", builder.input("x", (1, 2)))
    outputs = [builder.add("Cast", root, dtype=dtype) for dtype in ("int32", "int64", "bool")]
    graph = builder.finish(outputs)
    x = np.array([[-1.0, 4.0]], np.float32)
    assert_equals_litert(graph, {"x": x})
    assert Interpreter(graph).run(x)["cast"].tolist() == [[2**31 - 1, 2]]
