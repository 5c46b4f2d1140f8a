"""Calls that scale int64 arrays in place: the two roundings of `ir.fixed_point`, nothing allocated.

A kernel with many small sums, such as a recurrent layer, spends its time on calls, not on numbers.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..step import Call
from .ufuncs import clip

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["halving", "operand", "rescaling", "saturation"]

Integers = np.ndarray[Any, np.dtype[np.int64]]

BITS, HALF, SIGN = (np.array(number, np.int64) for number in (31, 2**30, 63))
SMALL = 2**12
"""Operands of arrays up to this size are as large as these: broadcasting takes longer."""


def rescaling(numbers: Integers, multiplier: ArrayLike, shift: ArrayLike) -> list[Call]:
    """`fixed_point.scale` of `numbers`: times multiplier * 2^(shift - 31), rounded twice.

    multiplier, shift: one number, or one for each column.
    """
    factor, moves = operand(multiplier, numbers), operand(shift, numbers)
    left = np.asarray(np.maximum(moves, 0))
    calls: list[Call] = []
    if left.any():
        calls.append(partial(np.left_shift, numbers, left, numbers))
    calls.append(partial(np.multiply, numbers, factor, numbers))
    calls.append(partial(np.add, numbers, HALF, numbers))
    calls.append(partial(np.right_shift, numbers, BITS, numbers))
    return calls + halving(numbers, np.asarray(np.maximum(-moves, 0)))


def halving(numbers: Integers, bits: ArrayLike) -> list[Call]:
    """`numbers / 2^bits`, rounded half away from zero."""
    moves = operand(bits, numbers)
    if not moves.any():
        return []
    half = np.asarray((np.int64(1) << moves) >> 1)
    sign = np.empty_like(numbers)
    calls: list[Call] = [partial(np.right_shift, numbers, SIGN, sign)]  # -1 below zero
    if not moves.all():
        calls.append(partial(np.multiply, sign, (moves > 0).astype(np.int64), sign))
    calls.append(partial(np.add, numbers, sign, numbers))
    calls.append(partial(np.add, numbers, half, numbers))
    calls.append(partial(np.right_shift, numbers, moves, numbers))
    return calls


def operand(number: ArrayLike, numbers: Integers) -> Integers:
    """One number as an array without dimensions; one for each column as large as `numbers`."""
    array: Integers = np.asarray(number, np.int64)
    if array.ndim and numbers.size <= SMALL:
        return np.ascontiguousarray(np.broadcast_to(array, numbers.shape))
    return array


def saturation(numbers: NDArray[Any], bounds: tuple[int, int]) -> Call:
    low, high = (np.array(bound, numbers.dtype) for bound in bounds)
    return partial(clip, numbers, low, high, numbers)
