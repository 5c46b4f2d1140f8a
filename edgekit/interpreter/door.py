"""What passes between a caller's arrays and the arena; `inputs.py` looks at them before."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.ir import Graph, Value, attributes
from edgekit.ir.graph import DTYPES
from edgekit.ir.quant import LIMITS

from .step import UNQUANTIZED, UNSCALED
from .zeros import Zero

__all__ = ["keeps_samples_apart", "loader", "reader"]

Array = np.ndarray[Any, np.dtype[Any]]


def keeps_samples_apart(graph: Graph) -> bool:
    """Whether a batch may be run in parts: no node mixes samples, all outputs have the batch."""
    if graph.subgraphs:  # their conditions look at all samples at once
        return False
    for node in graph.nodes:
        first = node.inputs[0]
        rank = len(graph.value(first).shape) if first is not None else 0
        attrs = attributes(node)
        axes = (*attrs.get("axes", ()), *((attrs["axis"],) if "axis" in attrs else ()))
        if rank and any(axis % rank == 0 for axis in axes):
            return False
    ends = (*graph.inputs, *graph.outputs)
    return all(graph.value(name).shape[:1] == (None,) for name in ends)


def loader(value: Value, u: Array, zero: Zero) -> Callable[[Array], None]:
    """A function that writes an input into its place in the arena, for use at every inference.

    zero: what stands for the real 0 there. It raises InputError for NaN.
    """
    if value.dtype in UNSCALED:
        return lambda array: np.copyto(u, array)
    if value.quant is None:
        return lambda array: _load_floats(value, array, u)
    dtype, shift = DTYPES[value.dtype], value.quant.zero_point[0] - zero
    taken = np.array(shift, np.float32)

    def load(array: Array) -> None:
        if array.dtype == dtype:
            np.copyto(u, array)
            if shift:
                np.subtract(u, taken, u)
        else:
            _quantize(value, array, u, zero)

    return load


def _load_floats(value: Value, array: Array, u: Array) -> None:
    """Numbers too large for float32 become infinite."""
    np.copyto(u, array)  # "same_kind": float64 too
    # A sum of squares is NaN only if one of the numbers is.
    flat = array.reshape(-1) if array.dtype == np.float32 else u.reshape(-1)
    total = np.dot(flat, flat)
    if total != total:  # NaN alone differs from itself; asking numpy takes longer
        count = int(np.isnan(u).sum())
        raise InputError(f"input {value.name!r}: {count} of {u.size} numbers are NaN")


def _quantize(value: Value, array: Array, u: Array, zero: Zero) -> None:
    assert value.quant is not None
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large saturates
        _load_floats(value, array, u)
        low, high = (limit - value.quant.zero_point[0] for limit in LIMITS[value.dtype])
        np.multiply(u, np.float32(1.0) / np.float32(value.quant.scale[0]), u)
        np.rint(u, u)
        np.clip(u, np.float32(low), np.float32(high), u)
        if zero:
            np.add(u, np.float32(zero), u)


def reader(value: Value, u: Array, zero: Zero = 0) -> Callable[[], Array]:
    """A function that gives a copy of an activation in its public dtype.

    zero: what stands for the real 0 in it, or one number for each channel.
    """
    if isinstance(zero, np.ndarray):
        return lambda: u - zero
    if value.quant is None or value.dtype in UNQUANTIZED:
        return partial(u.astype, DTYPES[value.dtype])
    dtype = DTYPES[value.dtype]
    shift, shifted = np.array(value.quant.zero_point[0] - zero, np.float32), np.empty_like(u)

    def read() -> Array:
        np.add(u, shift, shifted)
        return shifted.astype(dtype)

    return read
