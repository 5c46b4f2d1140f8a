"""Gather and GatherNd: rows by their numbers. Indices that the model computes are checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from edgekit.errors import InputError, ModelFormatError

from ..step import Array, Step
from . import kernel
from .reshape import EVERY, dense_input

__all__ = ["check_places"]


@kernel("Gather", *EVERY)
def gather(step: Step) -> None:
    """`y[b, p, i, q] = x[b, p, indices[b, i], q]` for batches b and the dimensions p before axis.

    All of b and p is one long list of rows q, and each index becomes the number of a row in it.
    """
    x, shape = step.input(0), step.input(1).shape
    axis, batch = step.attrs["axis"] % x.ndim, step.attrs["batch_dims"]
    batch = batch + len(shape) if batch < 0 else batch
    rows = x.shape[axis]
    samples, outer = math.prod(x.shape[:batch]), math.prod(x.shape[batch:axis])
    first = np.arange(samples * outer, dtype=np.intp).reshape(samples, outer, 1) * rows

    def places(indices: Array) -> Array:
        check_places(step, indices.reshape(-1, 1), [rows])
        lines: Array = first + indices.reshape(samples, 1, -1)
        return lines.reshape(-1)

    _take(step, places, samples * outer * rows)


@kernel("GatherNd", *EVERY)
def gather_nd(step: Step) -> None:
    """Each row of the indices is a place along the first dimensions of x."""
    sizes = step.input(0).shape[: step.input(1).shape[-1]]
    reach = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]

    def places(indices: Array) -> Array:
        rows = indices.reshape(-1, len(sizes))
        check_places(step, rows, sizes)
        lines: Array = rows.astype(np.intp) @ np.array(reach, np.intp)
        return lines

    _take(step, places, math.prod(sizes))


def check_places(step: Step, rows: Array, sizes: Sequence[int]) -> None:
    outside = (rows < 0) | (rows >= np.array(sizes, rows.dtype))
    if outside.any():
        worst = rows[outside.any(axis=1)][0].tolist()
        error = ModelFormatError if step.is_constant(1) else InputError
        raise error(f"layer {step.name!r}: index {worst} is not within {list(sizes)}")


def _take(step: Step, places: Callable[[Array], Array], count: int) -> None:
    """Of the input as `count` rows those that `places` finds, into the output."""
    x, y, indices = dense_input(step), step.output(), step.input(1)
    lines = x.reshape(count, -1)
    target = y if y.flags.c_contiguous else step.scratch(y.shape, y.dtype)
    result = target.reshape(-1, lines.shape[1])
    if step.is_constant(1):  # "clip" spares numpy a copy; all places are within the rows
        step.call(lines.take, places(indices), 0, result, "clip")
    else:
        step.call(lambda: lines.take(places(indices), 0, result, "clip"))
    if target is not y:
        step.call(np.copyto, y, target)
