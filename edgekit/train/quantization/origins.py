"""From what a graph holds back to what was recorded: calls, normalizations, axes of weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgekit.ir import Node
from edgekit.train.primitive import Record

from .steps import Key, Norm, canonical

__all__ = ["is_floats", "keys", "norm_of", "origin_of", "scale_axes"]


def keys(records: Sequence[Record]) -> list[Key]:
    counts: dict[tuple[str, str], int] = {}
    found = []
    for record in records:
        scope = record.scope.partition("/")[2]
        name = canonical(record.primitive.name)
        count = counts.get((scope, name), 0)
        counts[scope, name] = count + 1
        found.append((scope, name, count))
    return found


def origin_of(node: Node, traced: Mapping[str, Node]) -> tuple[Node | None, list[Node]]:
    """The traced node that a prepared one stands for, and the normalizations folded into it."""
    norms: list[Node] = []
    origin = traced.get(node.outputs[0])
    while origin is not None and origin.op != node.op:
        if origin.op == "BatchNorm":
            norms.insert(0, origin)
        origin = traced.get(str(origin.inputs[0]))
    return origin, norms


def norm_of(record: Record) -> Norm:
    gamma, beta, mean, variance = record.inputs[1:5]
    return Norm(gamma, beta, mean, variance, float(record.attrs.get("epsilon", 1e-3)))


def scale_axes(
    shape: tuple[int, ...], layout: Callable[[np.ndarray], np.ndarray], axis: int
) -> tuple[int, ...]:
    """The axes of a weight that its layout in the graph makes the axis of its scales."""
    size = int(np.prod(shape))
    laid = layout(np.arange(1, size + 1).reshape(shape))
    channels = np.zeros(size + 1, np.int64)
    along = [1] * laid.ndim
    along[axis] = -1
    channels[laid] = np.broadcast_to(np.arange(laid.shape[axis]).reshape(along), laid.shape)
    channel = channels[1:].reshape(shape)
    return tuple(i for i in range(len(shape)) if np.ptp(channel, axis=i).any())


def is_floats(array: Any) -> bool:
    return np.size(array) > 1 and array.dtype.kind == "f"
