"""Whole matrices of derivatives, one row of a tape's gradient after another."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module
from edgekit.train.tensor import Tensor, wrap

__all__ = ["batch_jacobian", "jacobian"]


def jacobian(tape: Any, target: Tensor, sources: Any) -> Any:
    """d target / d source, of shape (*target.shape, *source.shape), in the structure of `sources`.

    The tape must be persistent: it is read once for every element of the target.
    """
    _require_tensor(target)
    rows = []
    for index in np.ndindex(*target.shape):
        seed = array_module(target.data).zeros_like(target.data)
        seed[index] = 1
        rows.append(tape.gradient(target, sources, seed, unconnected_gradients="zero"))
    return _stacked(rows, sources, tuple(target.shape))


def batch_jacobian(tape: Any, target: Tensor, source: Tensor) -> Tensor:
    """As `jacobian`, but sample by sample: (batch, *target.shape[1:], *source.shape[1:]).

    Each sample of the target is taken to depend on its own sample of the source alone.
    """
    _require_tensor(target)
    if not target.shape or not source.shape or target.shape[0] != source.shape[0]:
        raise ShapeError(
            "batch_jacobian: target and source must have the same number of samples. Received: "
            f"shapes {tuple(target.shape)} and {tuple(source.shape)}"
        )
    rows = []
    for index in np.ndindex(*target.shape[1:]):
        seed = array_module(target.data).zeros_like(target.data)
        seed[(slice(None), *index)] = 1
        rows.append(tape.gradient(target, source, seed, unconnected_gradients="zero").data)
    module = array_module(target.data)
    shape = (source.shape[0], *target.shape[1:], *source.shape[1:])
    if not rows:
        return wrap(module.zeros(shape, target.dtype))
    return wrap(module.stack(rows, axis=1).reshape(shape))


def _stacked(rows: list[Any], sources: Any, shape: tuple[int, ...]) -> Any:
    position = iter(range(len(rows[0]) if isinstance(rows[0], list | tuple) else 1))
    if isinstance(sources, Tensor):
        return _joined([row.data for row in rows], shape)
    if isinstance(sources, dict):
        return {key: _stacked([row[key] for row in rows], sources[key], shape) for key in sources}
    return [_stacked([row[i] for row in rows], sources[i], shape) for i in position]


def _joined(rows: list[Any], shape: tuple[int, ...]) -> Tensor:
    return wrap(array_module(rows[0]).stack(rows).reshape(*shape, *rows[0].shape))


def _require_tensor(target: Any) -> None:
    if not isinstance(target, Tensor):
        raise InputError(f"a jacobian is that of one tensor, not of {type(target).__name__}")
