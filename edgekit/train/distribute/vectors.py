"""Gradients and states as one vector, which is what travels between replicas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.train.backend import array_module
from edgekit.train.tensor import Tensor

__all__ = ["packed_gradients", "packed_states", "unpacked_gradients", "unpacked_states"]


def _array(value: Any) -> Any:
    return value.data if isinstance(value, Tensor) else value


def packed_gradients(grads: Sequence[Any], variables: Sequence[Any], share: float | None) -> Any:
    """One vector of all gradients times `share`, and behind them a 1 for each that is there.

    Its length follows from the variables alone, so that the vectors of all replicas fit together
    even where one of them has no gradient for a variable.
    """
    module = array_module(variables[0].data)
    dtype = np.result_type(np.float32, *(v.dtype for v in variables))
    count = len(variables)
    vector = module.empty(sum(v.size for v in variables) + count, dtype)
    start = 0
    for g, v in zip(grads, variables, strict=True):
        part = vector[start : start + v.size]
        part[...] = 0 if g is None else _array(g).reshape(-1)
        start += v.size
    if share is not None:
        vector *= dtype.type(share)
    present = np.array([g is not None for g in grads], dtype)
    vector[start:] = present if module is np else module.asarray(present)
    return vector


def unpacked_gradients(vector: Any, grads: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
    """The gradients in a vector of `packed_gradients`; None where no replica has one."""
    found: list[Any] = []
    count = len(variables)
    missing = any(g is None for g in grads)
    # asking the vector waits for a GPU: only where a gradient is missing here
    present = [True] * count if not missing else [float(n) > 0 for n in vector[-count:]]
    start = 0
    for v, there in zip(variables, present, strict=True):
        part = vector[start : start + v.size].reshape(v.shape)
        found.append(part if there else None)
        start += v.size
    return found


def packed_states(states: Sequence[Any], before: Sequence[Any], share: float) -> Any:
    """How far the variables `states` have moved from the arrays `before`, times `share`.

    One vector: of float64 on the host, of float32 on a GPU, where the variables are.
    """
    module = array_module(states[0].data)
    dtype = np.float64 if module is np else np.float32
    vector = module.empty(sum(v.size for v in states), dtype)
    start = 0
    for v, old in zip(states, before, strict=True):
        part = vector[start : start + v.size]
        part[...] = v.data.reshape(-1)
        part -= old.reshape(-1)
        start += v.size
    vector *= dtype(share)
    return vector


def unpacked_states(vector: Any, states: Sequence[Any], before: Sequence[Any]) -> None:
    """Set the variables to `before`, moved by what `vector` says."""
    start = 0
    for v, old in zip(states, before, strict=True):
        v.data[...] = old + vector[start : start + v.size].reshape(v.shape)
        start += v.size
