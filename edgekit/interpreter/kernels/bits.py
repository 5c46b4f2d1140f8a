"""Bitcast and BitwiseXor, which look at the bits of numbers."""

from __future__ import annotations

import numpy as np

from ..step import Step
from . import kernel
from .reshape import dense_input

__all__: list[str] = []


@kernel("Bitcast", "float32", "int32", "int64")
def bitcast(step: Step) -> None:
    x, y = dense_input(step), step.output()
    same = x.reshape(-1).view(y.dtype).reshape(y.shape)
    step.call(np.copyto, y, same)


@kernel("BitwiseXor", "int32", "int64")
def bitwise_xor(step: Step) -> None:
    step.call(np.bitwise_xor, step.input(0), step.input(1), step.output())
