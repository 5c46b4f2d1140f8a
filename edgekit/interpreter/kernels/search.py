"""Searches and sums along one axis: ArgMax, ArgMin, TopK, CumSum, OneHot.

Of equal numbers the first is found. Quantized values keep their scale.
"""

from __future__ import annotations

import numpy as np

from edgekit.ir.graph import DTYPES

from ..step import Step
from . import Kernel, kernel

__all__: list[str] = []

NUMBERS = tuple(dtype for dtype in DTYPES if dtype != "bool")


def position_of(name: str) -> Kernel:
    """A kernel of `argmax` or `argmin`."""

    def run(step: Step) -> None:
        x, y, axis = step.input(0), step.output(), step.attrs["axis"]
        step.call(lambda: np.copyto(y, getattr(x, name)(axis), "unsafe"))

    return run


kernel("ArgMax", *DTYPES)(position_of("argmax"))
kernel("ArgMin", *DTYPES)(position_of("argmin"))


@kernel("TopK", *NUMBERS)
def top_k(step: Step) -> None:
    """The k largest of each row, from the largest on, and where they stand.

    A stable sort of the reversed row, read backwards: the largest come first, and of equal ones
    the first.
    """
    x, values, indices = step.input(0), step.output(), step.output(1)
    last, k = x.shape[-1] - 1, step.attrs["k"]

    def run() -> None:
        order = np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1][..., :k]
        places = last - order
        np.copyto(values, np.take_along_axis(x, places, -1))
        np.copyto(indices, places, "unsafe")

    step.call(run)


@kernel("CumSum", "float32", "int32", "int64")
def cumulative_sum(step: Step) -> None:
    """Each element and all before it; `exclusive` leaves the element out, `reverse` starts last."""
    x, y = (np.moveaxis(a, step.attrs["axis"], 0) for a in (step.input(0), step.output()))
    if step.attrs["reverse"]:
        x, y = x[::-1], y[::-1]
    accumulate = np.add.accumulate
    if not step.attrs["exclusive"]:
        step.call(accumulate, x, 0, None, y)
        return
    step.call(y[:1].fill, 0)
    if len(x) > 1:
        step.call(accumulate, x[:-1], 0, None, y[1:])


@kernel("OneHot", *DTYPES)
def one_hot(step: Step) -> None:
    """x where the index says, y elsewhere; an index outside says nowhere."""
    x, y, indices, out = step.input(0), step.input(1), step.input(2), step.output()
    depth = step.attrs["depth"]
    rows = np.moveaxis(out, step.attrs["axis"], -1)
    if not indices.ndim:  # numpy looks for places in one dimension or more
        indices, rows = indices[None], rows[None]

    def run() -> None:
        np.copyto(out, y)
        inside = (indices >= 0) & (indices < depth)
        rows[(*np.nonzero(inside), indices[inside])] = x

    step.call(run)
