"""ScatterNd: rows to the places that indices name, one after the other: sums of real numbers have
one order. Integers wrap.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..step import Array, Step
from . import kernel
from .gather import check_places
from .reshape import dense_input

__all__: list[str] = []

COMBINED: dict[str, np.ufunc] = {
    "add": np.add,
    "multiply": np.multiply,
    "largest": np.maximum,
    "smallest": np.minimum,
}


@kernel("ScatterNd", "float32", "int32", "int64")
def scatter_nd(step: Step) -> None:
    x, indices, y = dense_input(step), step.input(1), step.output()
    sizes = y.shape[: indices.shape[-1]]
    reach = np.array([math.prod(sizes[i + 1 :]) for i in range(len(sizes))], np.intp)
    function = COMBINED.get(step.attrs["combine"])
    start = _start(step.attrs["combine"], y.dtype, step.attrs["fill"])
    result = y if y.flags.c_contiguous else step.scratch(y.shape, y.dtype)
    target = result.reshape(math.prod(sizes), -1)
    rows = x.reshape(-1, target.shape[1])

    def places() -> Array:
        named = indices.reshape(-1, len(sizes))
        check_places(step, named, sizes)
        found: Array = named.astype(np.intp) @ reach
        return found

    known = places() if step.is_constant(1) else None

    def scatter() -> None:
        where = places() if known is None else known
        target.fill(start)
        if function is None:
            target[where] = rows
        else:
            function.at(target, where, rows)

    step.call(scatter)
    if result is not y:
        step.call(np.copyto, y, result)


def _start(combine: str, dtype: np.dtype[Any], fill: float) -> Any:
    """What stands where no row goes."""
    if combine in ("add", "multiply", "last"):
        return {"add": 0, "multiply": 1, "last": fill}[combine]
    ends = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return ends.min if combine == "largest" else ends.max
