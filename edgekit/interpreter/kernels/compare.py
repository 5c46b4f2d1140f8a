"""Comparisons, logic and selection.

Comparisons of int8 and uint8 follow LiteRT's kernels, in both arithmetics: each input is brought to
steps of 2^-8, c = scale(u * 2^8, s) with two roundings (`ir/fixed_point.py`), and c_1 is compared
with c_2. What is nearer than such a step counts as equal. So do Equal and NotEqual of int16; all
others compare int16, like plain integers, as it is stored.
"""

from __future__ import annotations

import numpy as np

from edgekit.ir import fixed_point
from edgekit.ir.quant import LIMITS

from ..step import Floats, Step
from . import Kernel, kernel

__all__: list[str] = []

COMPARISONS = {
    "Equal": np.equal,
    "NotEqual": np.not_equal,
    "Less": np.less,
    "LessEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterEqual": np.greater_equal,
}
PLAIN = ("float32", "int32", "int64")


def plain(function: np.ufunc) -> Kernel:
    def run(step: Step) -> None:
        step.call(function, step.input(0), step.input(1), step.output())

    return run


def scaled(function: np.ufunc) -> Kernel:
    def run(step: Step) -> None:
        step.call(function, _in_steps(step, 0), _in_steps(step, 1), step.output())

    return run


def as_stored(function: np.ufunc) -> Kernel:
    """The integers themselves, whatever their scales and zero points are."""

    def run(step: Step) -> None:
        x, y = step.input(0), step.input(1)
        first, second = (step.input_quant(i).zero_point[0] for i in (0, 1))
        if first != second:
            moved = step.scratch(y.shape)
            step.call(np.add, y, np.array(second - first, np.float32), moved)
            y = moved
        step.call(function, x, y, step.output())

    return run


for op, function in COMPARISONS.items():
    kernel(op, *PLAIN)(plain(function))
    kernel(op, "int8", "uint8")(scaled(function))
    kernel(op, "int16")((scaled if op in ("Equal", "NotEqual") else as_stored)(function))
for op in ("Equal", "NotEqual"):
    kernel(op, "bool")(plain(COMPARISONS[op]))
kernel("LogicalAnd", "bool")(plain(np.logical_and))
kernel("LogicalOr", "bool")(plain(np.logical_or))


def _in_steps(step: Step, position: int) -> Floats:
    """Add the calls that bring an input to steps of 2^-8; integers far below 2^24 or alike."""
    quant, (low, high) = step.input_quant(position), LIMITS[step.dtype(position)]
    u = np.arange(low, high + 1, dtype=np.int64) - quant.zero_point[0]
    pair = fixed_point.multiplier_and_shift(quant.scale[0])
    table = fixed_point.scale(u << 8, *pair).astype(np.float32)
    x = step.input(position)
    places, indices = step.scratch(x.shape), step.scratch(x.shape, np.intp)
    step.call(np.subtract, x, np.array(u[0], np.float32), places)
    step.call(np.copyto, indices, places, "unsafe")
    step.call(table.take, indices, None, places, "clip")
    return places


@kernel("Select", "float32", "int8", "uint8", "int16", "int32", "int64", "bool")
def select(step: Step) -> None:
    """x where the condition holds, else y."""
    x, y, condition, out = step.input(0), step.input(1), step.input(2), step.output()
    step.call(np.copyto, out, y)
    step.call(lambda: np.copyto(out, x, where=condition))
