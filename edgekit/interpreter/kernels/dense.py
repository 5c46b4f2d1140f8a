"""Dense: one matrix product over the last dimension, whatever the rank."""

from __future__ import annotations

import numpy as np

from ..step import Step
from .accumulator import finish, weights_of
from .registry import kernel

__all__: list[str] = []


@kernel("Dense", "float32", "int8")
def dense(step: Step) -> None:
    weights = weights_of(step, step.constant(1).T)
    x = step.input(0)
    if x.dtype != weights.dtype or not x.flags.c_contiguous:
        dense_x = step.scratch(x.shape, weights.dtype)
        step.call(np.copyto, dense_x, x)
        x = dense_x
    features, channels = weights.matrix.shape
    sums = step.scratch((x.size // features, channels), weights.dtype)
    step.call(np.dot, x.reshape(-1, features), weights.matrix, sums)
    finish(step, sums, weights)
