"""The memory in which activations lie during an inference."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from edgekit.ir import Graph, MemoryPlan
from edgekit.ir.graph import DTYPES
from edgekit.ir.memory import NO_MARGINS, shared_names

from .zeros import Zero

__all__ = ["UNSCALED", "Arena", "Array", "Call", "Floats", "bound", "copied"]

Array = np.ndarray[Any, np.dtype[Any]]
Floats = np.ndarray[Any, np.dtype[np.float32]]
Call = Callable[[], object]

LARGEST_APART = 2**14
"""Elements of one activation with a border that may lie outside the plan's memory."""

LONGEST_RUN = 2**12
"""Bytes of a run that is copied as one element. In longer ones the loop does not count."""

UNSCALED = ("int32", "int64", "bool")
"""Activations that lie in the arena in their own dtype; all others lie there as float32."""


class Arena:
    """The memory of all activations at one batch size, laid out by the plan.

    Small activations within borders that others would overwrite lie apart from the rest: then the
    zeros of their borders last, and no inference has to write them again.
    """

    def __init__(
        self, graph: Graph, plan: MemoryPlan, batch: int, zeros: Mapping[str, Zero] | None = None
    ) -> None:
        self.graph, self.plan, self.batch = graph, plan, batch
        storage = np.zeros(plan.size * batch + 16, np.float32)
        skip = -(storage.ctypes.data // 4) % 16  # begin at a multiple of 64 bytes
        self.memory: Floats = storage[skip : skip + plan.size * batch]
        self._zeros, self._views = zeros or {}, dict[str, Array]()
        self._apart = self._lay_apart(shared_names(plan)) | self._lay_windows()
        self.overwritten = shared_names(plan) - set(self._apart)
        for name in self._zeros:
            np.copyto(self.whole(name), self.zero(name))

    def _lay_apart(self, shared: set[str]) -> dict[str, Floats]:
        """Memory for the activations whose borders are to last.

        Those with one place in the plan and one geometry share it here too: the plan says that
        they never live at the same time, and none writes upon the border.
        """
        places: dict[tuple[object, ...], Floats] = {}
        apart: dict[str, Floats] = {}
        for name in sorted(shared):
            slot, value = self.plan.slots[name], self.graph.value(name)
            if slot.margins == NO_MARGINS or value.dtype in UNSCALED:
                continue
            shape = self._whole_shape(name)
            place = (slot.offset, shape, slot.margins, name if name in self._zeros else "")
            # a border of biases takes longer to write than one of zeros
            biases = isinstance(self._zeros.get(name), np.ndarray)
            most = 2 * LARGEST_APART if biases else LARGEST_APART
            if math.prod(shape) <= most and place not in places:
                storage = np.zeros(math.prod(shape) + 16, np.float32)
                skip = -(storage.ctypes.data // 4) % 16
                places[place] = storage[skip : skip + math.prod(shape)].reshape(shape)
            if place in places:
                apart[name] = places[place]
        return apart

    def _lay_windows(self) -> dict[str, Floats]:
        """Memory for what a streaming model looks back on: see `rings.py`."""
        if not self.graph.states:
            return {}
        from .rings import windows  # most models have no memories

        parts: dict[str, Floats] = {}
        for whole, starts in windows(self.graph, self.plan).items():
            if self.graph.value(whole).dtype in UNSCALED:
                continue
            storage = np.zeros(math.prod(self.shape(whole)), np.float32)
            parts[whole] = storage.reshape(self.shape(whole))
            for name, start in starts.items():
                shape = self.shape(name)
                parts[name] = storage[start : start + math.prod(shape)].reshape(shape)
        return parts

    def zero(self, name: str) -> Zero:
        """The number that stands for the real 0 in an activation, or one for each channel."""
        return self._zeros.get(name, 0)

    def zero_call(self, name: str, part: Array) -> Call:
        """What fills a part of an activation, [..., channels], with the real 0."""
        zero = self.zero(name)
        if not isinstance(zero, np.ndarray):
            return partial(part.fill, zero)
        zeros = np.empty(part.shape, part.dtype)
        zeros[:] = zero
        return copied(part, zeros)

    @property
    def bytes(self) -> int:
        owners = [array.base if array.base is not None else array for array in self._apart.values()]
        distinct = {id(owner): owner.nbytes for owner in owners}
        return self.memory.nbytes + sum(distinct.values())

    def _whole_shape(self, name: str) -> tuple[int, ...]:
        """The shape of an activation with its border."""
        (top, left, bottom, right), shape = self.plan.slots[name].margins, self.shape(name)
        if not (top or left or bottom or right):
            return shape
        return (shape[0], shape[1] + top + bottom, shape[2] + left + right, shape[3])

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a value with the batch filled in."""
        shape = self.graph.values[name].shape
        return (self.batch, *shape[1:]) if shape and shape[0] is None else shape  # type: ignore

    def whole(self, name: str) -> Array:
        """An activation with its border."""
        if name in self._apart:
            return self._apart[name]
        slot, shape = self.plan.slots[name], self._whole_shape(name)
        start, dtype = slot.offset * self.batch, self.graph.value(name).dtype
        if dtype in UNSCALED:
            size = math.prod(shape) * DTYPES[dtype].itemsize
            room = self.memory.view(np.uint8)[4 * start : 4 * start + size]
            return room.view(DTYPES[dtype]).reshape(shape)
        return self.memory[start : start + math.prod(shape)].reshape(shape)

    def view(self, name: str) -> Array:
        """An activation without its border."""
        if name not in self._views:
            whole, margins = self.whole(name), self.plan.slots[name].margins
            if margins != NO_MARGINS:
                top, left, _, _ = margins
                _, height, width, _ = self.shape(name)
                whole = whole[:, top : top + height, left : left + width]
            self._views[name] = whole
        return self._views[name]

    def content(self, name: str) -> Array:
        """An activation, or a constant as an activation in its place would look."""
        value = self.graph.value(name)
        if value.data is None:
            return self.view(name)
        data = value.array()
        if value.dtype in UNSCALED:
            return data
        if value.quant is None:
            return np.asarray(data, np.float32)
        # float64 holds any int32 minus any zero point; int8 results are exact in float32.
        real = data.astype(np.float64) - value.quant.zero_points.astype(np.float64)
        return real.astype(np.float32).reshape(data.shape)  # a scalar has become a vector

    def border_calls(self, name: str) -> list[Call]:
        """What clears the border before the activation is written, if others write there."""
        top, left, bottom, right = self.plan.slots[name].margins
        if name not in self.overwritten or not (top or left or bottom or right):
            return []
        whole = self.whole(name)
        if whole.size <= 2**12:
            return [self.zero_call(name, whole)]
        batch, height, width, channels = whole.shape
        if batch > 1:
            edges = [whole[:, :top], whole[:, height - bottom :]]
            edges += [whole[:, :, :left], whole[:, :, width - right :]]
        else:
            # In one sample the end of a row's border and the start of the next row's lie side by
            # side: three pieces in all.
            flat, row = whole.reshape(-1), width * channels
            head, tail = top * row + left * channels, (height - bottom) * row - right * channels
            edges = [flat[:head], flat[tail:]]
            seam = head - left * channels + row - right * channels
            if tail > seam:
                edges.append(flat[seam:tail].reshape(-1, row)[:, : (left + right) * channels])
        edges = [edge for edge in edges if edge.size]
        if isinstance(self.zero(name), np.ndarray):
            edges = [edge.reshape(*edge.shape[:-1], -1, channels) for edge in edges]
        return [self.zero_call(name, edge) for edge in edges]


def bound(function: Callable[..., object], *arguments: object) -> Callable[..., object]:
    """The call `function(*arguments)`, of numpy's own function where there is another around it.

    That other one asks whether an argument is an array of another library; none is, and the
    question takes as long as a small copy, a third of a small product.
    """
    return partial(getattr(function, "_implementation", function), *arguments)


def copied(target: Array, source: Array) -> Call:
    """A call that copies `source` to `target`, of the same shape.

    numpy copies along the last axis and goes back to its loop over the others after every run,
    which takes as long as copying a hundred bytes. As one element of a dtype of its own, runs lie
    along an axis themselves.
    """
    while target.ndim > 1 and len(target) == len(source) == 1:
        target, source = target[0], source[0]
    size, axis = target.itemsize, target.ndim
    while axis and source.strides[axis - 1] == target.strides[axis - 1] == size:
        axis -= 1
        size *= target.shape[axis]
    if source.dtype != target.dtype or not target.itemsize < size <= LONGEST_RUN:
        return bound(np.copyto, target, source)
    if axis == 0:
        return bound(np.copyto, target.reshape(-1), source.reshape(-1))
    return bound(np.copyto, _by_runs(target, axis, size), _by_runs(source, axis, size))


def _by_runs(array: Array, axis: int, size: int) -> Array:
    """`array` with its dimensions from `axis` on, which have no gaps, as one of `size` bytes."""
    rows = array.reshape(*array.shape[:axis], size // array.itemsize)
    runs: Array = rows.view(np.dtype((np.void, size)))[..., 0]
    return runs
