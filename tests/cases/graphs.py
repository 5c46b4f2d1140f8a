"""Graphs of one operator, made from a case: in float32 and in int8, with random constants."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from edgekit.ir import Graph, GraphBuilder, Metadata, Node, Value, per_channel, per_tensor
from edgekit.ir.graph import Array
from edgekit.ir.ops import attributes, infer_shapes, spec
from edgekit.ir.quant import QuantParams

from .case import Case

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
    return shape if case.fixed_batch else (None, *shape[1:])


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
    """The case in int8 with random scales, the output scaled so that most of its range is used."""
    if case.op == "Quantize":
        return float_graph(case, seed)
    rng, builder = generator(case, seed), GraphBuilder(case.op)
    operator, roles = spec(case.op), input_shapes(case)
    shared = _random_quant(rng) if operator.tied else None
    names: list[str | None] = []
    for role, shape in roles.items():
        if role in PARAMETERS:
            names.append(_parameter(builder, case, role, shape, rng))
            continue
        if role in case.dtypes and is_constant(case, role):
            data = rng.integers(0, case.below, shape).astype(case.dtypes[role])
            names.append(builder.constant(data, role))
            continue
        if role in case.dtypes:
            names.append(builder.input(role, open_shape(case, shape), case.dtypes[role]))
            continue
        quant = shared or _random_quant(rng)
        if is_constant(case, role):
            data = rng.integers(-128, 128, size=shape).astype(np.int8)
            names.append(builder.constant(data, role, quant))
        else:
            names.append(builder.input(role, open_shape(case, shape), "int8", quant))
    values = [builder.values[name] for name in names if name is not None]
    quant = _output_quant(case, values, rng)
    if operator.table:
        from edgekit.ir.tables import table_for

        node = Node(case.op, tuple(names), ("layer",), case.attrs, "layer")
        (shape,) = infer_shapes(operator, values, attributes(node))
        table = table_for(node, values[0], Value("layer", shape, "int8", None, quant), arithmetic)
        names.append(builder.constant(table, "table"))
    quants = None if quant is None else [quant]
    outputs = builder.add_all(case.op, *names, name="layer", quants=quants, **case.attrs)
    return builder.finish(outputs, Metadata(arithmetic=arithmetic))


def random_inputs(
    graph: Graph, batch: int = 1, seed: int = 0, kind: str = "uniform"
) -> dict[str, Array]:
    """Inputs for a graph: uniform over the dtype, or "low"/"high": all at one end of it."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, Array] = {}
    for name in graph.inputs:
        value = graph.value(name)
        shape = tuple(batch if d is None else d for d in value.shape)
        if value.quant is None:
            arrays[name] = random_array(rng, shape, value.dtype)
            continue
        limits = np.iinfo(value.dtype)
        low, high = {
            "uniform": (limits.min, limits.max),
            "low": (limits.min, limits.min),
            "high": (limits.max, limits.max),
        }[kind]
        arrays[name] = rng.integers(low, high + 1, size=shape).astype(value.dtype)
    return arrays


def random_array(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Normal numbers, masks, or small integers of both signs."""
    if dtype == "float32":
        return rng.normal(size=shape).astype(np.float32)
    if dtype == "bool":
        return rng.integers(0, 2, size=shape).astype(bool)
    return rng.integers(-9, 10, size=shape).astype(dtype)


def _random_quant(rng: np.random.Generator) -> QuantParams:
    return per_tensor(np.float32(rng.uniform(0.01, 0.1)), int(rng.integers(-40, 41)))


def _parameter(
    builder: GraphBuilder, case: Case, role: str, shape: tuple[int, ...], rng: np.random.Generator
) -> str:
    """A weight with its scales, or a bias at the scale of its weight's products."""
    x = builder.values["x"].quant
    assert x is not None
    if role == "weight":
        axis = spec(case.op).weight_axis
        assert axis is not None
        data = rng.integers(-127, 128, size=shape).astype(np.int8)
        scales = rng.uniform(0.002, 0.02, size=shape[axis]).astype(np.float32)
        quant = per_channel(scales, axis) if case.per_channel else per_tensor(scales[0])
        return builder.constant(data, role, quant)
    weight = builder.values["weight"].quant
    assert weight is not None
    scales = np.float32(x.scale[0]) * weight.scales
    data = rng.integers(-3000, 3000, size=shape).astype(np.int32)
    quant = per_channel(scales, 0) if weight.per_channel else per_tensor(scales[0])
    return builder.constant(data, role, quant)


def _output_quant(case: Case, values: list[Value], rng: np.random.Generator) -> Any:
    operator = spec(case.op)
    real = operator.output_dtypes == ("float32",)
    if operator.tied or operator.output_quant is not None or real:
        return operator.output_quant
    quants = [v.quant for v in values if v.quant is not None]
    scale = quants[0].scale[0]
    if case.op == "Requantize":
        offset = 128 if case.attrs.get("dtype") == "uint8" else 0
        same = case.attrs.get("dtype") == "uint8"
        factor = 1.0 if same else rng.uniform(0.7, 1.5)
        zero_point = quants[0].zero_point[0] if same else int(rng.integers(-40, 41))
        return per_tensor(np.float32(scale * factor), zero_point + offset)
    if operator.weight_axis is not None:
        terms = values[1].elements // values[1].shape[operator.weight_axis]  # type: ignore[operator]
        scale = scale * float(np.mean(quants[1].scales)) * 90.0 * np.sqrt(terms)
    elif case.op in ("Add", "Sub"):
        scale = scale + quants[1].scale[0]
    elif case.op == "Mul":
        scale = scale * quants[1].scale[0] * 80.0
    elif case.op == "BatchMatMul":
        terms = values[0].shape[-2 if case.attrs.get("adj_x") else -1]
        scale = scale * quants[1].scale[0] * 80.0 * np.sqrt(terms)  # type: ignore[arg-type]
    elif case.op == "Mean":
        scale = scale * 0.5
    else:
        scale = scale * rng.uniform(0.6, 1.3)
    return per_tensor(np.float32(scale), int(rng.integers(-40, 41)))
