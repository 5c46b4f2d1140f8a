"""Rows of a table by their numbers, and the gradient of the table.

The gradient of row n sums what came back for n in the order of the batch, so it is the same in
every run. For that each row of the table looks through all numbers of the batch: rows times
numbers comparisons, a thousand of them by a block at a time. Tables of 10^5 rows and batches of
10^5 numbers take some milliseconds; beyond MOST_COMPARISONS cupy adds by atomics, in any order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.backend import scatter_add
from edgekit.train.ops import gather, shape

from .fixed import held
from .kernel import STORAGE, Kernel, contiguous, empty, kernel, type_name
from .rules import on_gpu

__all__ = ["kernels", "row_numbers", "summed_rows"]

_SOURCE = "gather.cu"
# dtype of numbers -> the type of C++ that holds them; others are made int32 or int64
_NUMBERS = {"int32": "int", "int64": "int64"}
MOST_COMPARISONS = 1 << 35
_WARPS, _COLUMNS_OF_A_WARP = 8, 128  # of a block; in sources/gather.cu
_THREADS = 32 * _WARPS


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    return [
        kernel(_SOURCE, f"{name}<{t}, {numbers}>")
        for name in ("gathered_rows", "summed_rows")
        for t in STORAGE.values()
        for numbers in _NUMBERS.values()
    ]


def row_numbers(numbers: Any) -> tuple[Any, str]:
    """Numbers of rows as kernels take them, and the type of C++ that holds them."""
    if numbers.dtype.name not in _NUMBERS:
        numbers = numbers.astype(np.int64 if numbers.dtype.itemsize > 2 else np.int32)
    return contiguous(numbers), _NUMBERS[numbers.dtype.name]


def summed_rows(rows: Any, numbers: Any, count: int) -> Any:
    """(count, width) where row n is the sum of those `rows` (k, width) whose number is n.

    Numbers that no row has are left out.
    """
    rows = contiguous(rows)
    held, integers = row_numbers(numbers)
    width = rows.shape[1]
    if count * held.size > MOST_COMPARISONS:
        import cupy

        total = cupy.zeros((count, width), rows.dtype)
        scatter_add(total, held, rows)
        return total
    total = empty((count, width), rows.dtype)
    if total.size:
        run = kernel(_SOURCE, f"summed_rows<{type_name(rows.dtype)}, {integers}>")
        run(
            (-(-count // _WARPS), -(-width // _COLUMNS_OF_A_WARP)), _THREADS, rows, held, total,
            np.int64(count), np.int32(width), np.int64(held.size),
        )  # fmt: skip
    return total


def _takes(table: Any, numbers: Any) -> bool:
    return table.ndim == 2 and numbers.dtype.kind in "iu"


@on_gpu(gather.embed, when=_takes)
def _embed(table: Any, numbers: Any) -> Any:
    table = contiguous(table)
    held, integers = row_numbers(numbers)
    y = empty((*numbers.shape, table.shape[1]), table.dtype)
    run = kernel(_SOURCE, f"gathered_rows<{type_name(table.dtype)}, {integers}>")
    run.over(y.size, table, held, y, np.int64(len(table)), np.int32(table.shape[1]))
    return y


@_embed.vjp
def _(g: Any, y: Any, table: Any, numbers: Any) -> Any:
    width = table.shape[1]
    return summed_rows(g.reshape(-1, width), numbers.reshape(-1), len(table)), None


# -- elements by arrays of numbers ----------------------------------------------------------------


def _on_device(part: Any) -> tuple[Any, ...]:
    """A part of an index with its arrays on the device, and masks of the host as numbers."""
    if not isinstance(part, np.ndarray | list):
        return (part,)
    host = np.asarray(part)
    host = host if host.size else host.astype(np.intp)
    return tuple(held(one) for one in (host.nonzero() if host.dtype == bool else (host,)))


def _parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _has_arrays(x: Any, *, index: Any) -> bool:
    return any(isinstance(part, list) or hasattr(part, "dtype") for part in _parts(index))


@on_gpu(shape.getitem, when=_has_arrays)
def _getitem(x: Any, *, index: Any) -> Any:
    return x[tuple(one for part in _parts(index) for one in _on_device(part))]


@_getitem.vjp
def _(g: Any, y: Any, x: Any, *, index: Any) -> tuple[Any]:
    """Rows by numbers are summed in order; with several arrays the order of sums is not fixed."""
    parts = tuple(one for part in _parts(index) for one in _on_device(part))
    if len(parts) == 1 and parts[0].dtype.kind in "iu" and x.ndim:
        numbers = parts[0].reshape(-1) % len(x)  # those below 0 count from the end
        rows = g.reshape(numbers.size, x.size // max(1, len(x)))
        return (summed_rows(rows, numbers, len(x)).reshape(x.shape),)
    import cupy

    gx = cupy.zeros_like(x)
    scatter_add(gx, parts, g)
    return (gx,)
