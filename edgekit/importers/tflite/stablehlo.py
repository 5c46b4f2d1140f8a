"""Reading operators of StableHLO: what TFLite has no name for, or a converter left as it was.

A composite is an operator that a runtime may know as a whole. It brings a subgraph that computes
the same, as LiteRT does where it knows nothing better: that is read in its place.
"""

from __future__ import annotations

from edgekit.errors import EdgekitError, ModelFormatError, ShapeError, UnsupportedOperator

from .control import check_callers, subgraph_of
from .file import Operator
from .moves import spread
from .reader import Reader, Rule
from .tensors import graph_dtype, real_number

__all__ = ["READERS"]

NODE_BYTES = 2**12
"""What each operator of a composite counts, for a small file can name one very many times."""

NUMBERS = {
    "STABLEHLO_ADD": "Add",
    "STABLEHLO_MULTIPLY": "Mul",
    "STABLEHLO_MAXIMUM": "Maximum",
    "STABLEHLO_MINIMUM": "Minimum",
}
TRUTHS = {
    "STABLEHLO_ADD": "LogicalOr",
    "STABLEHLO_MULTIPLY": "LogicalAnd",
    "STABLEHLO_MAXIMUM": "LogicalOr",
    "STABLEHLO_MINIMUM": "LogicalAnd",
    "STABLEHLO_AND": "LogicalAnd",
}
WHOLE = ("float32", "int32", "int64")
STORED = ("int8", "uint8", "int16")
"""Integers that stand for real numbers in the graph, and for themselves in StableHLO: only the
larger or smaller of two is the same in both."""


def composite(op: Operator, reader: Reader) -> None:
    """The operators of its subgraph, one by one, between values of the graph itself."""
    options = op.options("StableHLOCompositeOptions")
    index, name = options["decomposition_subgraph_index"], options["name"]
    subgraph = subgraph_of(op, reader, index, "builtin_options_2")
    check_callers(reader, index)
    if (len(subgraph.inputs), len(subgraph.outputs)) != (len(op.inputs), len(op.outputs)):
        raise ModelFormatError(
            f"{name!r} takes {len(subgraph.inputs)} inputs and gives {len(subgraph.outputs)}, "
            f"not {len(op.inputs)} and {len(op.outputs)}"
        )
    reader.spend(NODE_BYTES * (1 + len(subgraph.operators)) + 64 * len(subgraph.tensors))
    inner = Reader(subgraph, reader.builder, reader.arithmetic, reader.subgraphs, caller=reader)
    names = [reader.names[index] for index in op.outputs]
    inner.join(reader, dict(zip(subgraph.outputs, names, strict=True)))
    for place, tensor in enumerate(subgraph.inputs):
        value = reader.value(op, place)
        if graph_dtype(subgraph.tensors[tensor]) != value.dtype:
            raise ModelFormatError(f"{name!r} is given {value}")
        inner.bind_tensor(tensor, value.name)
    from . import read_operators  # which knows all rules, and so this module

    try:
        read_operators(inner)
        results = [inner.name_of(tensor) for tensor in subgraph.outputs]
    except EdgekitError as error:
        raise type(error)(f"in {name!r}: {error}") from error
    for position, result in enumerate(results):
        dtype = reader.builder.values[result].dtype
        if dtype != reader.output_tensor(op, position).dtype:
            raise ModelFormatError(f"{name!r} gives {dtype}")
        quant = reader.output_quant(op, position)
        reader.bind(op, reader.rescaled(op, result, quant), position)


def binary(op: Operator, reader: Reader) -> None:
    """Of two equal shapes, element by element."""
    x, y = reader.value(op, 0), reader.value(op, 1)
    if (x.shape, x.dtype) != (y.shape, y.dtype):
        raise ShapeError(f"both inputs must be alike, received {x} and {y}")
    order = op.code in ("STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM")
    if x.dtype == "bool":
        kind = TRUTHS[op.code]
    elif op.code in NUMBERS and (x.dtype in WHOLE or (x.dtype in STORED and order)):
        kind = NUMBERS[op.code]
    else:
        raise UnsupportedOperator(
            f"it computes with the integers of {x.dtype} themselves, which stand for real numbers "
            "here; let the converter write TFLite's own operator"
        )
    reader.emit(op, kind, x.name, y.name)


def pad(op: Operator, reader: Reader) -> None:
    """Elements before, after and between; where fewer than none are wanted some are cut off."""
    options, x, fill = (
        op.options("StablehloPadOptions"),
        reader.value(op, 0),
        reader.constant(op, 1),
    )
    names = ("edge_padding_low", "edge_padding_high", "interior_padding")
    low, high, between = (tuple(options[name].tolist()) for name in names)
    rank = len(x.shape)
    if not len(low) == len(high) == len(between) == rank or min(between, default=0) < 0:
        raise ShapeError(f"{list(x.shape)} cannot be padded by {low}, {high} and {between}")
    if fill.size != 1 or None in x.shape:
        raise UnsupportedOperator("one value pads an array of known shape")
    value = real_number(fill, x.quant)
    wide, shape = spread(op, reader, x, tuple(n + 1 for n in between), value)
    known = [int(d or 0) for d in shape]
    starts = tuple(max(0, -n) for n in low)
    sizes = tuple(d + min(0, a) + min(0, b) for d, a, b in zip(known, low, high, strict=True))
    if min(sizes, default=1) < 1:
        raise UnsupportedOperator(f"nothing of {list(x.shape)} is left")
    part = reader.add(op, "Slice", wide, quant=x.quant, starts=starts, sizes=sizes)
    pads = tuple(max(0, n) for pair in zip(low, high, strict=True) for n in pair)
    reader.emit(op, "Pad", part, pads=pads, value=value)


READERS: dict[str, Rule] = {
    "STABLEHLO_COMPOSITE": composite,
    "STABLEHLO_PAD": pad,
    "STABLEHLO_AND": binary,
    **dict.fromkeys(NUMBERS, binary),
}
