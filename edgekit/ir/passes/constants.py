"""What can be known before the model runs, and what changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.frozen import replace

from ..dead import drop_dead_nodes
from ..graph import DTYPES, Array, Graph, Node
from ..ops import attributes

__all__ = ["drop_identities", "fold_constants"]

ENDS = {"Maximum": -np.inf, "Minimum": np.inf}
"""Limits that cut nothing off."""

Evaluate = Callable[[Sequence[Array], dict[str, Any]], Array]


def _pad(arrays: Sequence[Array], attrs: dict[str, Any]) -> Array:
    pairs = np.reshape(attrs["pads"], (-1, 2))
    return np.pad(arrays[0], pairs, constant_values=attrs["value"])


def _slice(arrays: Sequence[Array], attrs: dict[str, Any]) -> Array:
    steps = attrs["steps"] or (1,) * arrays[0].ndim
    window = []
    for start, size, step in zip(attrs["starts"], attrs["sizes"], steps, strict=True):
        end = start + size * step
        window.append(slice(start, None if size == -1 or end < 0 else end, step))
    return arrays[0][tuple(window)]


def _floor_div(arrays: Sequence[Array], attrs: dict[str, Any]) -> Array:
    x, y = arrays
    return np.floor(x / y) if x.dtype.kind == "f" else np.floor_divide(x, y)


def _gather(arrays: Sequence[Array], attrs: dict[str, Any]) -> Array:
    x, indices = arrays
    batch, axis = attrs["batch_dims"], attrs["axis"] % x.ndim
    batch = batch + indices.ndim if batch < 0 else batch
    if batch:
        rest = {"batch_dims": batch - 1, "axis": axis - 1}
        return np.stack([_gather(pair, rest) for pair in zip(x, indices, strict=True)])
    outside = indices[(indices < 0) | (indices >= x.shape[axis])]
    if outside.size:
        raise ShapeError(f"index {outside[0]} is not within {x.shape[axis]}")
    return x.take(indices, axis)


def _mirror_pad(arrays: Sequence[Array], attrs: dict[str, Any]) -> Array:
    pairs = np.reshape(attrs["pads"], (-1, 2))
    return np.pad(arrays[0], pairs, mode=attrs["mode"])


def _cast(arrays: Sequence[Array], attrs: dict[str, Any]) -> Array:
    from ..casting import cast  # few graphs cast constants

    return cast(arrays[0], attrs["dtype"])


def _reduced(function: np.ufunc) -> Evaluate:
    return lambda x, a: np.asarray(function.reduce(x[0], a["axes"], keepdims=a["keepdims"]))


EVALUATE: dict[str, Evaluate] = {
    "Add": lambda x, a: x[0] + x[1],
    "Sub": lambda x, a: x[0] - x[1],
    "Mul": lambda x, a: x[0] * x[1],
    "Div": lambda x, a: x[0] / x[1],
    "FloorDiv": _floor_div,
    "FloorMod": lambda x, a: np.remainder(x[0], x[1]),
    "Maximum": lambda x, a: np.maximum(x[0], x[1]),
    "Minimum": lambda x, a: np.minimum(x[0], x[1]),
    "Concat": lambda x, a: np.concatenate(list(x), axis=a["axis"]),
    "Reshape": lambda x, a: x[0].reshape(a["shape"]),
    "Transpose": lambda x, a: x[0].transpose(a["perm"]),
    "Pad": _pad,
    "MirrorPad": _mirror_pad,
    "Gather": _gather,
    "Slice": _slice,
    "Cast": _cast,
    "Neg": lambda x, a: -x[0],
    "Equal": lambda x, a: x[0] == x[1],
    "NotEqual": lambda x, a: x[0] != x[1],
    "Less": lambda x, a: x[0] < x[1],
    "LessEqual": lambda x, a: x[0] <= x[1],
    "Greater": lambda x, a: x[0] > x[1],
    "GreaterEqual": lambda x, a: x[0] >= x[1],
    "LogicalAnd": lambda x, a: x[0] & x[1],
    "LogicalOr": lambda x, a: x[0] | x[1],
    "LogicalNot": lambda x, a: ~x[0],
    "BitwiseXor": lambda x, a: np.bitwise_xor(x[0], x[1]),
    "Select": lambda x, a: np.where(x[2], x[0], x[1]),
    "Sum": _reduced(np.add),
    "ReduceProd": _reduced(np.multiply),
    "ReduceMax": _reduced(np.maximum),
    "ReduceMin": _reduced(np.minimum),
    "ReduceAny": _reduced(np.logical_or),
    "ReduceAll": _reduced(np.logical_and),
}
"""Operators worth knowing at conversion; any other keeps its node and is computed at run time."""


AT_CONVERSION: dict[str, Evaluate] = {
    **EVALUATE,
    # the first step of a recurrent layer, which starts from zeros
    "Dense": lambda x, a: x[0] @ x[1].T + (x[2] if len(x) > 2 else np.float32(0)),
}
"""The same where the time it takes is nobody's concern."""


def fold_constants(graph: Graph) -> Graph:
    """A float node that reads constants alone  ->  the constant that it computes."""
    kept: list[Node] = []
    values = dict(graph.values)
    for node in graph.nodes:
        inputs = [values[i] for i in node.inputs if i is not None]
        attrs = attributes(node)
        foldable = (
            node.op in AT_CONVERSION
            and all(v.is_constant and v.dtype == "float32" for v in inputs)
            and attrs.get("activation", "none") == "none"
        )
        if not foldable:
            kept.append(node)
            continue
        data = AT_CONVERSION[node.op]([v.array() for v in inputs], attrs)
        name = node.outputs[0]
        dtype = DTYPES[values[name].dtype]
        values[name] = replace(values[name], data=np.asarray(data, dtype, order="C"))
    return replace(graph, nodes=tuple(kept), values=values)


def drop_identities(graph: Graph) -> Graph:
    """Remove nodes that change nothing, and the first of two reshapes in a row.

    1. Reshape, Transpose, Pad, Slice whose output is its input, Maximum and Minimum that cut
       nothing off  ->  readers read the input.
    2. Reshape of a Reshape  ->  the second alone.
    A node whose output is an output of the graph stays: its name is the caller's.
    """
    source: dict[str, str] = {}
    reshaped: dict[str, str] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        inputs = tuple(source.get(i, i) if i is not None else None for i in node.inputs)
        if node.op == "Reshape":
            origin = reshaped.get(str(inputs[0]), str(inputs[0]))
            reshaped[node.outputs[0]] = origin
            inputs = (origin,)
        moved = replace(node, inputs=inputs)
        if _is_identity(graph, moved) and node.outputs[0] not in graph.exits:
            source[node.outputs[0]] = str(inputs[0])
        else:
            kept.append(moved)
    return drop_dead_nodes(graph.with_nodes(kept))


def _is_identity(graph: Graph, node: Node) -> bool:
    attrs = attributes(node)
    if node.op == "Transpose":
        return list(attrs["perm"]) == sorted(attrs["perm"])
    if node.op in ENDS:
        limit = graph.value(str(node.inputs[1])).data
        if limit is None or not (limit == ENDS[node.op]).all():
            return False
    elif node.op not in ("Reshape", "Pad", "Slice"):
        return False
    return graph.value(str(node.inputs[0])).shape == graph.value(node.outputs[0]).shape
