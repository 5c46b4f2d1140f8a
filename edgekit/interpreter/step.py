"""One node at one batch size, as its kernel sees it: arrays to read and write, calls to add.

How activations look. Every activation lies in an array of its own shape, the batch filled in.
Quantized ones (int8, uint8, int16) hold integers as float32 **with the zero point removed**:
`u = q - zero_point`. So 0 means 0.0 everywhere, padding is zero, and BLAS multiplies exactly.
A kernel must leave integers within `[low - zero_point, high - zero_point]` of the output's dtype.
int32, int64 and bool activations (indices, counts, masks) have no scale and lie in their own dtype.

An NHWC array may stand inside a border of zeros (`margins` of its memory slot): then it is a view
whose rows are not adjacent. `step.input(i)` and `step.output()` give the inside; ufuncs take such
views as they are; ask `array.flags.c_contiguous` before you reshape one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import QuantizationError, UnsupportedOperator
from edgekit.ir import Graph, Node, QuantParams, attributes

from .arena import UNSCALED as UNSCALED
from .arena import Arena as Arena
from .arena import Array as Array
from .arena import Call as Call
from .arena import Floats as Floats
from .arena import bound
from .zeros import Zero

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .kernels.variants import Variant
    from .plan import ExecutionPlan, Subplans

__all__ = ["UNQUANTIZED", "UNSCALED", "Arena", "Array", "Call", "Floats", "Scratch", "Step"]


UNQUANTIZED = ("float32", *UNSCALED)

OUT = {"out"}

SMALLEST_BLOCK = 2**18
"""Bytes of address space. The system gives memory only to the part of a block that is used, and a
later step that needs more finds it there, where it would have to take a block of its own."""


class Scratch:
    """Arrays that live only within one step; the next step uses the same memory."""

    def __init__(self) -> None:
        self._blocks: list[NDArray[np.uint8]] = []
        self._free: list[NDArray[np.uint8]] = []
        self._used: dict[int, int] = {}  # bytes, by the block's identity

    @property
    def bytes(self) -> int:
        """What has been used of the blocks."""
        return sum(self._used.values())

    def release(self) -> None:
        """Everything taken so far may be used again."""
        self._free = list(self._blocks)

    def take(self, shape: Sequence[int], dtype: Any = np.float32) -> Array:
        """An uninitialised array; its memory starts at a multiple of 64 bytes."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        fitting = [block for block in self._free if block.size >= size]
        if fitting:
            block = min(fitting, key=lambda block: block.size)
            self._free = [other for other in self._free if other is not block]
        else:
            room = max(size, SMALLEST_BLOCK)
            storage = np.empty(room + 64, np.uint8)
            skip = -storage.ctypes.data % 64
            block = storage[skip : skip + room]
            self._blocks.append(block)
        self._used[id(block)] = max(size, self._used.get(id(block), 0))
        array: Array = block[:size].view(dtype).reshape(tuple(shape))
        return array


class Step:
    """What a kernel knows about its node, and the list of calls it fills."""

    def __init__(
        self,
        node: Node,
        arena: Arena,
        scratch: Scratch,
        arithmetic: str,
        prepared: dict[tuple[str, str], Array] | None = None,
        subplans: Subplans | None = None,
    ) -> None:
        self.node, first = node, node.inputs[0]
        self.quantized = first is not None and arena.graph.values[first].dtype not in UNQUANTIZED
        """Whether the first input holds integers that stand for real numbers."""
        self.attrs: Mapping[str, Any] = attributes(node)
        self.arithmetic = arithmetic
        self.batch = arena.batch
        self.calls: list[Call] = []
        self.variant: Variant | None = None
        self._arena, self._scratch = arena, scratch
        self._prepared = {} if prepared is None else prepared
        self._subplans = subplans

    @property
    def name(self) -> str:
        """The user's layer name."""
        return self.node.name

    def dtype(self, position: int) -> str:
        return self._graph.value(self._input_name(position)).dtype

    @property
    def output_dtype(self) -> str:
        return self._graph.value(self.node.outputs[0]).dtype

    @property
    def has_open_batch(self) -> bool:
        """Whether the first dimension of the output is the batch, of any size."""
        return self._graph.value(self.node.outputs[0]).shape[:1] == (None,)

    def has_input(self, position: int) -> bool:
        """Whether an optional input is there."""
        inputs = self.node.inputs
        return position < len(inputs) and inputs[position] is not None

    def is_constant(self, position: int) -> bool:
        """Whether an input is known now, so that a kernel may work on its numbers once."""
        return self._graph.value(self._input_name(position)).is_constant

    def input(self, position: int) -> Array:
        """An activation; a constant in its place looks the same (`u = q - zero_point`)."""
        return self._arena.content(self._input_name(position))

    def zero(self, position: int) -> Zero:
        """What `input(position)` holds where the real number is 0: 0, or as `zeros.py` says."""
        return self._arena.zero(self._input_name(position))

    @property
    def output_zero(self) -> Zero:
        """What the output must hold where the real number is 0."""
        return self._arena.zero(self.node.outputs[0])

    def padded_input(self, position: int, pads: tuple[int, int, int, int]) -> Floats:
        """An NHWC activation within `pads` (top, left, bottom, right) of real zeros.

        A view where the memory plan left enough room, else a copy that a call makes first.
        """
        inside = self.input(position)
        top, left, bottom, right = pads
        if not any(pads):
            return inside
        batch, height, width, channels = inside.shape
        slot = self._arena.plan.slots.get(self._input_name(position))
        if slot is not None and all(m >= p for m, p in zip(slot.margins, pads, strict=True)):
            whole = self._arena.whole(self._input_name(position))
            row, column = slot.margins[0] - top, slot.margins[1] - left
            return whole[
                :, row : row + top + height + bottom, column : column + left + width + right
            ]
        whole = self.scratch((batch, height + top + bottom, width + left + right, channels))
        self.calls.append(self._arena.zero_call(self._input_name(position), whole))
        self.call(np.copyto, whole[:, top : top + height, left : left + width], inside)
        return whole

    def constant(self, position: int) -> Array:
        """The stored data of a constant input: weights, bias, table."""
        value = self._graph.value(self._input_name(position))
        if value.data is None:
            raise UnsupportedOperator(
                f"layer {self.name!r}: input {value.name!r} is computed while the model runs; "
                f"{self.node.op} needs a constant there"
            )
        return value.data

    def output(self, position: int = 0) -> Array:
        """The array that the calls must fill: the first output, or another."""
        return self._arena.view(self.node.outputs[position])

    def input_quant(self, position: int) -> QuantParams:
        return self._quant(self._input_name(position))

    @property
    def output_quant(self) -> QuantParams:
        return self._quant(self.node.outputs[0])

    def scratch(self, shape: Sequence[int], dtype: Any = np.float32) -> Array:
        """An uninitialised array for use within this step only."""
        return self._scratch.take(shape, dtype)

    def prepared(self, key: str, make: Callable[[], Array]) -> Array:
        """A constant that does not depend on the batch: made once for all plans of a graph."""
        place = (self.node.outputs[0], key)
        if place not in self._prepared:
            self._prepared[place] = make()
        return self._prepared[place]

    def subplan(self, attribute: str) -> ExecutionPlan:
        """The plan of the subgraph that an attribute names; its inputs keep their contents."""
        return self.subplans.plan(self.attrs[attribute])

    @property
    def subplans(self) -> Subplans:
        """The plans of the graph's subgraphs, and the count of iterations that loops share."""
        if self._subplans is None:
            raise ValueError(f"layer {self.name!r} stands in no graph with subgraphs")
        return self._subplans

    def choose(self, variant: Variant) -> Variant:
        """Note which way of several the kernel takes, for whoever asks why."""
        self.variant = variant
        return variant

    def call(self, function: Callable[..., object], *arguments: object, **named: object) -> None:
        """Add one call to what an inference does. Arguments by position run a little faster."""
        if not named:
            self.calls.append(bound(function, *arguments))
        elif named.keys() == OUT and 2 <= len(arguments) <= 3:
            self.calls.append(_with_out(function, arguments, named["out"]))
        else:
            self.calls.append(partial(function, *arguments, **named))

    @property
    def _graph(self) -> Graph:
        return self._arena.graph

    def _input_name(self, position: int) -> str:
        name = self.node.inputs[position] if position < len(self.node.inputs) else None
        if name is None:
            raise ValueError(f"layer {self.name!r} has no input {position}")
        return name

    def _quant(self, name: str) -> QuantParams:
        quant = self._graph.value(name).quant
        if quant is None:
            raise QuantizationError(f"layer {self.name!r}: value {name!r} has no scale")
        return quant


def _with_out(function: Callable[..., object], arguments: tuple[Any, ...], out: object) -> Call:
    """A call with a named output: a partial would make a dictionary of it every time."""
    by_position = isinstance(function, np.ufunc) and function not in (np.maximum, np.minimum)
    if by_position:  # of those two numpy 2.4 wants it named
        return partial(function, *arguments, out)
    if len(arguments) == 2:
        a, b = arguments
        return lambda: function(a, b, out=out)
    a, b, c = arguments
    return lambda: function(a, b, c, out=out)
