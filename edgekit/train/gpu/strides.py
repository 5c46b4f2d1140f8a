"""Matrices of any strides, and batches of them, as kernels of products take them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Operand", "Operands", "aligned"]


def aligned(x: Any, *multiples: int, bytes_: int = 16) -> bool:
    """Whether vectors of 16 bytes fit: `x` begins at one, and so many elements are whole ones."""
    vector = bytes_ // x.dtype.itemsize
    return x.data.ptr % bytes_ == 0 and all(n % vector == 0 for n in multiples)


class Operand(NamedTuple):
    """A matrix, or a batch of them, as the kernels take it. Strides count elements."""

    data: Any
    along: bool  # elements of one row of `a`, or column of `b`, are neighbours
    stride: int  # of the other index
    batch: tuple[int, int]  # strides of the outer and the inner batches
    aligned: bool


class Operands(NamedTuple):
    """Both matrices, and how often they are multiplied: outer times inner batches."""

    a: Operand
    b: Operand
    rows: int
    columns: int
    depth: int
    batches: int
    inner: int

    @classmethod
    def of(cls, a: Any, b: Any, shape: tuple[int, ...]) -> Operands:
        """What multiplies `a` and `b` into `shape`; few of all strides ask for a copy."""
        import cupy

        rows, columns, depth = a.shape[-2], b.shape[-1], a.shape[-1]
        if b.ndim == 2 and a.ndim > 2 and a.flags.c_contiguous:
            a = a.reshape(-1, depth)  # one matrix of all rows
            shape, rows = (a.shape[0], columns), a.shape[0]
        a, b = (x if _fits(x) else cupy.ascontiguousarray(x) for x in (a, b))
        a, b = (cupy.broadcast_to(x, (*shape[:-2], *x.shape[-2:])) for x in (a, b))
        sizes, steps = _merged(shape[:-2], _strides(a)[:-2], _strides(b)[:-2])
        if len(sizes) > 2:
            a, b = cupy.ascontiguousarray(a), cupy.ascontiguousarray(b)
            sizes, steps = _merged(shape[:-2], _strides(a)[:-2], _strides(b)[:-2])
        inner = sizes[-1] if len(sizes) > 1 else 1
        batches = int(np.prod(sizes, dtype=np.int64))
        first = operand(a, steps[0], (-2, -1))
        second = operand(b, steps[1], (-1, -2))
        return cls(first, second, rows, columns, depth, batches, inner)


def _strides(x: Any) -> tuple[int, ...]:
    return tuple(s // x.dtype.itemsize for s in x.strides)


def _fits(x: Any) -> bool:
    """Whether one axis of the matrices has neighbours and no stride goes backwards."""
    strides = _strides(x)
    one = any(strides[i] == 1 or x.shape[i] == 1 for i in (-1, -2))
    return one and min(strides) >= 0


def _merged(
    shape: tuple[int, ...], *strides: tuple[int, ...]
) -> tuple[list[int], list[tuple[int, int]]]:
    """The axes of batches joined where all operands step evenly: sizes, and (outer, inner) strides
    for each operand.
    """
    sizes: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for i, size in enumerate(shape):
        if size == 1:
            continue
        now = [s[i] for s in strides]
        if sizes and all(step[-1] == n * size for step, n in zip(steps, now, strict=True)):
            sizes[-1] *= size
            for step, n in zip(steps, now, strict=True):
                step[-1] = n
            continue
        sizes.append(size)
        for step, n in zip(steps, now, strict=True):
            step.append(n)
    if not sizes:
        return sizes, [(0, 0)] * len(steps)
    return sizes, [(step[0], step[-1] if len(sizes) > 1 else 0) for step in steps]


def operand(x: Any, batch: tuple[int, int], axes: tuple[int, int]) -> Operand:
    """`axes`: that of rows of `a` or columns of `b`, and that of the depth."""
    outer, depth = axes
    strides = _strides(x)
    along = strides[depth] == 1 or x.shape[depth] == 1
    whole = x.shape[depth] if along else x.shape[outer]
    stride = strides[outer] if along else strides[depth]
    if not along and strides[outer] != 1:  # one column: any stride is as good
        along, stride, whole = False, strides[depth], 1
    even = aligned(x, whole, stride, *batch)
    start = x if x.flags.c_contiguous else x[(slice(0, 1),) * x.ndim]  # kernels take an address
    return Operand(start, along, stride, batch, even)
