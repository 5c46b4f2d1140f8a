"""Dense: one matrix product over the last dimension, whatever the rank."""

from __future__ import annotations

from ..step import Step
from . import kernel
from .accumulator import Accumulator, centered_weight, multiply

__all__: list[str] = []


@kernel("Dense", "float32", "int8", "uint8", "int16")
def dense(step: Step) -> None:
    accumulator = Accumulator(step, centered_weight(step).T)
    x = accumulator.exact_input()
    features, channels = accumulator.matrix.shape
    sums = accumulator.sums((x.size // features, channels), step.output())
    multiply(step, x.reshape(-1, features), accumulator.matrix, sums)
    accumulator.finish(sums, step.output())
    accumulator.finish_all()
