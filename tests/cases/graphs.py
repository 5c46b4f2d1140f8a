"""Graphs of one operator, made from a case: in float32 and in integers, with random constants."""

from __future__ import annotations

import math
import zlib

import numpy as np

from edgekit.ir import Graph, GraphBuilder, Metadata, Node, Value, per_channel, per_tensor
from edgekit.ir.graph import Array
from edgekit.ir.ops import attributes, infer_shapes, spec
from edgekit.ir.quant import LIMITS, QuantParams
from edgekit.ir.validate import output_dtypes

from .case import Case

ROOTS = ("Sqrt", "Rsqrt")  # of what is not negative, in LiteRT
DIVISIONS = ("FloorDiv", "FloorMod")  # of stored integers, in LiteRT not by 0
PARAMETERS = ("weight", "bias", "gamma", "beta", "mean", "variance")


def generator(case: Case, seed: int = 0) -> np.random.Generator:
    """The same numbers for the same case in every process."""
    return np.random.default_rng([zlib.crc32(str(case).encode()), seed])


def input_shapes(case: Case) -> dict[str, tuple[int, ...]]:
    """Shapes by unique input names: "xs" becomes xs0, xs1 ..."""
    if "xs" in case.shapes:
        return {f"xs{i}": shape for i, shape in enumerate(case.shapes["xs"])}
    return case.shapes


def is_constant(case: Case, role: str) -> bool:
    return role in PARAMETERS or role in case.constant


def open_shape(case: Case, shape: tuple[int, ...]) -> tuple[int | None, ...]:
    return shape if case.fixed_batch or not shape else (None, *shape[1:])


def float_graph(case: Case, seed: int = 0) -> Graph:
    """The case in float32; Dequantize and Requantize start from int8."""
    if case.op in ("Dequantize", "Requantize"):
        return int8_graph(case, seed=seed)
    rng, builder = generator(case, seed), GraphBuilder(case.op)
    names = []
    for role, shape in input_shapes(case).items():
        dtype = case.dtypes.get(role, "float32")
        if is_constant(case, role):
            data = random_array(rng, shape, dtype)
            data = np.abs(data) + np.float32(0.1) if role == "variance" else data
            data = np.abs(data) + 1 if dtype.startswith("int") else data  # divisors, exponents
            data = (
                rng.integers(0, case.below, shape) if case.below and role in case.dtypes else data
            )
            names.append(builder.constant(data.astype(dtype), role))
        else:
            names.append(builder.input(role, open_shape(case, shape), dtype))
    quant = per_tensor(0.03, 5) if case.op == "Quantize" else None
    quants = None if quant is None else [quant]
    outputs = builder.add_all(case.op, *names, name="layer", quants=quants, **case.attrs)
    return builder.finish(outputs)


def int8_graph(case: Case, arithmetic: str = "float32", seed: int = 0) -> Graph:
    """The case in int8, see `quantized_graph`; Quantize is at its own fixed scale."""
    if case.op == "Quantize":
        return float_graph(case, seed)
    return quantized_graph(case, "int8", arithmetic, seed)


def quantized_graph(
    case: Case, dtype: str, arithmetic: str = "float32", seed: int = 0, bias: str = ""
) -> Graph:
    """The case in int8, uint8 or int16, with random scales.

    The output is scaled so that most of its range is used. In int16 scales are 256 times finer.
    `bias` is the dtype of biases, by default int32, and int64 in int16.
    """
    rng, builder = generator(case, seed), GraphBuilder(case.op)
    operator, roles = spec(case.op), input_shapes(case)
    shared = _random_quant(rng, dtype) if operator.tied else None
    names: list[str | None] = []
    for role, shape in roles.items():
        if role in PARAMETERS:
            wide = bias or ("int64" if dtype == "int16" else "int32")
            names.append(_parameter(builder, case, role, shape, rng, wide))
            continue
        if role in case.dtypes and is_constant(case, role):
            data = rng.integers(0, case.below, shape).astype(case.dtypes[role])
            names.append(builder.constant(data, role))
            continue
        if role in case.dtypes:
            names.append(builder.input(role, open_shape(case, shape), case.dtypes[role]))
            continue
        if case.op == "Quantize":
            names.append(builder.input(role, open_shape(case, shape)))
            continue
        quant = shared or _random_quant(rng, dtype)
        if case.op in ROOTS:
            quant = per_tensor(quant.scale[0], 0 if dtype == "int16" else LIMITS[dtype][0])
        if is_constant(case, role):
            low, high = LIMITS[dtype]
            data = rng.integers(low, high + 1, size=shape)
            data = np.where(data == 0, 1, data) if case.op in DIVISIONS else data
            data = data.astype(dtype)
            names.append(builder.constant(data, role, quant))
        else:
            names.append(builder.input(role, open_shape(case, shape), dtype, quant))
    attrs = {**case.attrs, "dtype": dtype} if case.op == "Quantize" else case.attrs
    values = [builder.values[name] for name in names if name is not None]
    quant = _output_quant(case, values, rng, dtype)
    if operator.table_kind(dtype):
        from edgekit.ir.tables import table_for

        node = Node(case.op, tuple(names), ("layer",), case.attrs, "layer")
        (shape,) = infer_shapes(operator, values, attributes(node))
        table = table_for(node, values[0], Value("layer", shape, dtype, None, quant), arithmetic)
        names.append(builder.constant(table, "table"))
    quants = None if quant is None else [quant]
    outputs = builder.add_all(case.op, *names, name="layer", quants=quants, **attrs)
    return builder.finish(outputs, Metadata(arithmetic=arithmetic))


def random_inputs(
    graph: Graph, batch: int = 1, seed: int = 0, kind: str = "uniform"
) -> dict[str, Array]:
    """Inputs for a graph: uniform over the dtype, or "low"/"high": all at one end of it."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, Array] = {}
    rooted = {name for node in graph.nodes if node.op in ROOTS for name in node.inputs}
    for name in graph.inputs:
        value = graph.value(name)
        shape = tuple(batch if d is None else d for d in value.shape)
        if value.quant is None:
            arrays[name] = random_array(rng, shape, value.dtype)
            continue
        least, most = LIMITS[value.dtype]
        if name in rooted and value.dtype == "int16":  # whose zero point is 0
            least = 1
        ends = {"uniform": (least, most), "low": (least, least), "high": (most, most)}
        low, high = ends[kind]
        arrays[name] = rng.integers(low, high + 1, size=shape).astype(value.dtype)
    return arrays


def random_array(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Normal numbers, masks, or small integers of both signs."""
    if dtype == "float32":
        return rng.normal(size=shape).astype(np.float32)
    if dtype == "bool":
        return rng.integers(0, 2, size=shape).astype(bool)
    return rng.integers(-9, 10, size=shape).astype(dtype)


def _random_quant(rng: np.random.Generator, dtype: str) -> QuantParams:
    return _quant(float(rng.uniform(0.01, 0.1)), int(rng.integers(-40, 41)), dtype)


def _quant(scale: float, zero_point: int, dtype: str) -> QuantParams:
    """What stands for the same real numbers as this scale and zero point do in int8."""
    if dtype == "int16":
        return per_tensor(np.float32(scale / 256.0))
    return per_tensor(np.float32(scale), zero_point + (128 if dtype == "uint8" else 0))


def _parameter(
    builder: GraphBuilder,
    case: Case,
    role: str,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    bias: str,
) -> str:
    """A weight with its scales, or a bias at the scale of its weight's products."""
    x, dtype = builder.values["x"].quant, builder.values["x"].dtype
    assert x is not None
    if role == "weight":
        axis = spec(case.op).weight_axis
        assert axis is not None
        data = rng.integers(-127, 128, size=shape).astype(np.int8)
        scales = rng.uniform(0.002, 0.02, size=shape[axis]).astype(np.float32)
        if dtype == "uint8":
            quant = per_tensor(scales[0], int(rng.integers(60, 200)))
            return builder.constant((data.astype(np.int16) + 128).astype(np.uint8), role, quant)
        quant = per_channel(scales, axis) if case.per_channel else per_tensor(scales[0])
        return builder.constant(data, role, quant)
    weight = builder.values["weight"].quant
    assert weight is not None
    scales = np.float32(x.scale[0]) * weight.scales
    most = 3000 * 256 if dtype == "int16" else 3000
    data = rng.integers(-most, most, size=shape).astype(bias)
    quant = per_channel(scales, 0) if weight.per_channel else per_tensor(scales[0])
    return builder.constant(data, role, quant)


def _output_quant(
    case: Case, values: list[Value], rng: np.random.Generator, dtype: str
) -> QuantParams | None:
    operator = spec(case.op)
    if case.op == "Quantize":
        return _quant(0.03, 5, dtype)
    (result, *_) = output_dtypes(operator, values, attributes(Node(case.op, (), (), case.attrs)), 1)
    plain = result not in ("int8", "uint8", "int16")
    if operator.tied or operator.output_quant is not None or plain:
        return None if plain else operator.fixed_quant(dtype)
    quants = [v.quant for v in values if v.quant is not None]
    finer = 256.0 if dtype == "int16" else 1.0  # scales count as those of int8 in what follows
    scale = quants[0].scale[0] * finer
    if case.op == "Requantize":
        target = case.attrs.get("dtype", "int8")
        if target == "uint8" and dtype == "int8":
            return per_tensor(scale, quants[0].zero_point[0] + 128)
        factor = rng.uniform(0.7, 1.5)
        return _quant(float(np.float32(scale * factor)), int(rng.integers(-40, 41)), target)
    if operator.weight_axis is not None:
        terms = values[1].elements // values[1].shape[operator.weight_axis]  # type: ignore[operator]
        scale = scale * float(np.mean(quants[1].scales)) * 90.0 * np.sqrt(terms)
    elif case.op in ("Add", "Sub"):
        scale = scale + quants[1].scale[0] * finer
    elif case.op == "Mul":
        scale = scale * quants[1].scale[0] * finer * 80.0
    elif case.op == "BatchMatMul":
        terms = values[0].shape[-2 if case.attrs.get("adj_x") else -1]
        scale = scale * quants[1].scale[0] * finer * 80.0 * np.sqrt(terms)  # type: ignore[arg-type]
    elif case.op == "SquaredDifference":
        scale = max(scale, quants[1].scale[0] * finer) ** 2 * 150.0
    elif case.op == "ReduceProd":
        terms = math.prod(case.shapes["x"][axis] for axis in case.attrs["axes"])
        scale = (scale * 100.0) ** terms / 100.0
    elif case.op == "Sum":
        scale = scale * 5.0
    elif case.op == "Mean":
        scale = scale * 0.5
    else:
        scale = scale * rng.uniform(0.6, 1.3)
    return _quant(float(scale), int(rng.integers(-40, 41)), dtype)
