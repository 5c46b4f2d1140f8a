"""How primitives that move elements are written in the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import UnsupportedOperator

from .calls import Call, rule

__all__ = ["reshaped"]


@rule("reshape", "flatten")
def _reshape(call: Call) -> str:
    return reshaped(call, call.value(0))


def reshaped(call: Call, value: str) -> str:
    """A value in the shape of the call's output, the batch as it is."""
    if not call.shape or call.shape[0] is not None:
        raise UnsupportedOperator(
            f"a reshape to {call.shape} moves elements between samples and cannot be exported"
        )
    return call.add("Reshape", value, shape=(-1, *call.shape[1:]))


@rule("transpose")
def _transpose(call: Call) -> str:
    rank = len(call.shape_of(0))
    axes = call.attrs.get("axes") or tuple(range(rank))[::-1]
    return call.add("Transpose", call.value(0), perm=tuple(int(a) % rank for a in axes))


@rule("pad")
def _pad(call: Call) -> str:
    pads = tuple(int(n) for pair in call.attrs["paddings"] for n in pair)
    return call.add("Pad", call.value(0), pads=pads, value=float(call.attrs.get("value", 0.0)))


@rule("getitem")
def _getitem(call: Call) -> str:
    index = call.attrs["index"]
    given = index if isinstance(index, tuple) else (index,)
    shape = call.shape_of(0)
    parts = _full_index(given, len(shape))
    if any(isinstance(part, np.ndarray) for part in parts):
        return _gathered(call, parts)
    starts, sizes = [], []
    for part, size in zip(parts, shape, strict=True):
        start, length = _extent(part, size)
        starts.append(start)
        sizes.append(length)
    value = call.value(0)
    whole = all(s == 0 and n in (-1, size) for s, n, size in zip(starts, sizes, shape, strict=True))
    if not whole:
        value = call.add("Slice", value, starts=tuple(starts), sizes=tuple(sizes))
    other_rank = any(part is None or isinstance(part, int | np.integer) for part in given)
    return reshaped(call, value) if other_rank else value


def _gathered(call: Call, parts: list[Any]) -> str:
    """Elements along one axis by their numbers, all of the other axes."""
    axes = [axis for axis, part in enumerate(parts) if not _is_whole(part)]
    if len(axes) != 1 or not axes[0] or parts[axes[0]].dtype.kind not in "iu":
        raise UnsupportedOperator(
            "an index of arrays can be exported along one axis, with integers, not along the batch"
        )
    axis = axes[0]
    numbers = parts[axis] % call.shape_of(0)[axis]
    return call.add("Gather", call.value(0), call.integers(numbers), axis=axis)


def _is_whole(part: Any) -> bool:
    return isinstance(part, slice) and part == slice(None)


def _full_index(index: tuple[Any, ...], rank: int) -> list[Any]:
    """One entry for every axis: Ellipsis spelled out, new axes left out."""
    parts = [part for part in index if part is not None]
    used = sum(part is not Ellipsis for part in parts)
    fill = [slice(None)] * (rank - used)
    at = next((i for i, part in enumerate(parts) if part is Ellipsis), None)
    if at is None:
        return parts + fill
    return parts[:at] + fill + parts[at + 1 :]


def _extent(part: Any, size: int | None) -> tuple[int, int]:
    """(start, size) of one axis of an index; -1 stands for the whole batch."""
    if size is None:
        if _is_whole(part):
            return 0, -1
        raise UnsupportedOperator("an index into the batch cannot be exported")
    if isinstance(part, int | np.integer):
        return int(part) % size, 1
    if isinstance(part, slice):
        start, stop, step = part.indices(size)
        if step == 1:
            return start, stop - start
    raise UnsupportedOperator(f"the index {part!r} cannot be exported; only slices of step 1 can")
