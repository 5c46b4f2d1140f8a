"""Small models of one or two operators with shapes, dtypes and attributes that nobody chose."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from edgekit.errors import EdgekitError
from edgekit.ir import Graph, GraphBuilder, Metadata, Node, QuantParams, Value
from edgekit.ir.ops import OpSpec, attributes, infer_shapes, spec
from edgekit.ir.quant import LIMITS, per_channel, per_tensor
from edgekit.ir.tables import table_for
from edgekit.ir.validate import COMPANIONS
from tests.cases import CASES, Case
from tests.cases.graphs import input_shapes, is_constant

__all__ = ["random_model"]

Dims = tuple[int | None, ...]
INTEGERS = (-2, -1, 0, 1, 2, 3, 4, 7)


def random_model(random: Random) -> Graph | None:
    """A valid graph made from a case by changes, or None where they did not fit each other."""
    builder = GraphBuilder("random")
    arithmetic = random.choice(("float32", "fixedpoint"))
    try:
        name = _operator(builder, random, None, arithmetic)
        if random.random() < 0.3:
            name = _operator(builder, random, name, arithmetic)
        return builder.finish([name], Metadata(arithmetic=arithmetic))
    except EdgekitError:
        return None


def _operator(builder: GraphBuilder, random: Random, first: str | None, arithmetic: str) -> str:
    """Add a node, its first input given or new; the name of one of its outputs."""
    case = random.choice([case for case in CASES if not spec(case.op).subgraphs])
    operator = spec(case.op)
    dtype = random.choice(operator.dtypes) if first is None else builder.values[first].dtype
    is_open = random.random() < 0.6
    names: list[str | None] = []
    for position, (role, shape) in enumerate(input_shapes(case).items()):
        if position == 0 and first is not None:
            names.append(first)
            continue
        wanted = _dtypes(operator, role, dtype)
        dims = _shape(shape, random)
        constant = is_constant(case, role) or random.random() < 0.15
        if not constant and is_open and dims:
            dims = (None, *dims[1:])
        names.append(_input(builder, role, dims, random.choice(wanted), constant, random))
    attrs = {key: _attribute(value, random) for key, value in case.attrs.items()}
    quant = _quant("y", (), _output_dtype(operator, dtype, attrs), random)
    _add_table(builder, operator, case, names, attrs, quant, arithmetic)
    node_name = f"layer{len(builder.nodes)}"
    count = _outputs(builder, operator, names, attrs)
    results = builder.add_all(case.op, *names, name=node_name, quants=[quant] * count, **attrs)
    return random.choice(results)


def _dtypes(operator: OpSpec, role: str, dtype: str) -> tuple[str, ...]:
    given = operator.input_dtypes.get(role.rstrip("0123456789"))
    return given or COMPANIONS.get(role, {}).get(dtype, (dtype,))


def _shape(shape: tuple[int, ...], random: Random) -> Dims:
    """The case's shape, or one near it."""
    dims = list(shape)
    if random.random() < 0.25 and dims:
        change = random.randrange(4)
        if change == 0:
            dims[random.randrange(len(dims))] = random.choice((1, 2, 3, 5))
        elif change == 1:
            del dims[random.randrange(len(dims))]
        elif change == 2:
            dims.insert(random.randrange(len(dims) + 1), random.choice((1, 2)))
        else:
            dims = []
    return tuple(dims)


def _input(
    builder: GraphBuilder, role: str, dims: Dims, dtype: str, constant: bool, random: Random
) -> str:
    shape = tuple(d or 1 for d in dims)
    quant = _quant(role, shape, dtype, random)
    if not constant:
        return builder.input(f"{role}{len(builder.values)}", dims, dtype, quant)
    low, high = LIMITS.get(dtype, (-100, 100)) if quant is not None else (-3, 9)
    numbers = np.random.default_rng(random.getrandbits(32)).integers(low, high + 1, shape)
    return builder.constant(numbers.astype(dtype), role, quant)


def _quant(role: str, shape: tuple[int, ...], dtype: str, random: Random) -> QuantParams | None:
    if dtype not in ("int8", "uint8", "int16") and not (role == "bias" and dtype != "float32"):
        return None
    scale = random.choice((0.01, 0.05, 0.5, 1e-6, 100.0))
    if role == "weight" and shape and random.random() < 0.5:
        axis = random.choice((0, len(shape) - 1))
        return per_channel(np.full(shape[axis], scale, np.float32), axis)
    symmetric = role in ("weight", "bias") and dtype != "uint8"
    zero = 0 if symmetric or dtype == "int16" else random.randint(*LIMITS[dtype])
    return per_tensor(np.float32(scale), zero)


def _attribute(value: Any, random: Random) -> Any:
    """The case's attribute, or one near it."""
    if random.random() > 0.25:
        return value
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return random.choice((*INTEGERS, value + 1))
    if isinstance(value, float):
        return random.choice((0.0, 1.0, -1.0, 0.5, 1e30, value))
    if isinstance(value, tuple) and value and isinstance(value[0], int):
        numbers = list(value)
        numbers[random.randrange(len(numbers))] = random.choice(INTEGERS)
        return random.choice((tuple(numbers), tuple(numbers), value[::-1], value[1:]))
    return value


def _output_dtype(operator: OpSpec, dtype: str, attrs: dict[str, Any]) -> str:
    rule = operator.output_dtypes[0]
    if rule.startswith("attr:"):
        return str(attrs.get(rule.removeprefix("attr:"), "int8"))
    return dtype if rule == "same" else rule


def _add_table(
    builder: GraphBuilder,
    operator: OpSpec,
    case: Case,
    names: list[str | None],
    attrs: dict[str, Any],
    quant: QuantParams | None,
    arithmetic: str,
) -> None:
    """The lookup table of a node that needs one."""
    x = builder.values[str(names[0])]
    if operator.table_kind(x.dtype) is None:
        return
    quant = operator.fixed_quant(x.dtype) or quant
    node = Node(case.op, tuple(names), ("y",), attrs, "layer")
    output = Value("y", x.shape, x.dtype, None, quant)
    with np.errstate(all="ignore"):
        names.append(builder.constant(table_for(node, x, output, arithmetic), "table"))


def _outputs(
    builder: GraphBuilder, operator: OpSpec, names: list[str | None], attrs: dict[str, Any]
) -> int:
    values = [None if name is None else builder.values[name] for name in names]
    whole = attributes(Node(operator.name, tuple(names), (), attrs, ""))
    try:
        return len(infer_shapes(operator, values, whole))
    except (EdgekitError, ArithmeticError, IndexError, TypeError, ValueError):
        return 1  # `add_all` says what is wrong with them
