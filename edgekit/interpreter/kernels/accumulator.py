"""From weighted sums to activations: bias, scale, rounding and activation, for all who multiply.

A float32 array of integers is exact while sums stay below 2^24. `Accumulator` checks that from
the real weights; where it fails, products are summed in float64, exact to 2^53.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import arithmetic
from ..step import Array, Floats, Step
from ..zeros import bias_without
from .ufuncs import clip, copy_runs

if TYPE_CHECKING:
    from .dynamic_range import DynamicRange
    from .rescaling import Rescale

__all__ = [
    "LARGEST_WEIGHT",
    "Accumulator",
    "centered_weight",
    "clip_into",
    "multiply",
    "output_limits",
]

TILED_ROW = 6_000
"""Per-channel vectors are repeated to about this length: long enough for the loops, and it stays
in the cache."""

TILED_ELEMENTS, FEW_ROWS = 10_000, 2
"""Smaller sums that would fall into more rows are one row, since so many loops would be felt; in
float layers, which have one vector and not two, up to twice as large ones, however few rows."""

SHORT_ROW = 2**10
"""Rows up to this length are clipped in place, then copied into their border: each costs little on
contiguous elements, but clipping row by row does not."""

LARGEST_WEIGHT = 255
"""Of 8 bits, less its zero point."""

SMALL_PRODUCT = 10**6
"""Multiplications. Up to here OpenBLAS takes a way of its own on processors with AVX-512, which is
10-20 % faster; elsewhere parts cost a few percent."""

FEWEST_ROWS = 28
"""Parts with fewer rows lose more than that, for each reads all of the weights."""


class Accumulator:
    """The prepared weights of one node, and the calls that bring its sums to the output.

    matrix: the centered weight, reordered by the kernel as [K, channels]. `self.matrix` holds it in
    the dtype in which products and sums are exact; inputs and sums must have that dtype too.
    `self.with_bias` has the bias as one row more.
    """

    def __init__(self, step: Step, matrix: Array) -> None:
        self.step, self.channels = step, matrix.shape[-1]
        bias = step.constant(2) if step.has_input(2) else None
        zero = step.zero(0)
        if isinstance(zero, np.ndarray):  # the input lacks the bias of the layer before
            bias = bias_without(step.node.op, step.constant(1), bias, zero)
        elif zero:  # the input keeps its zero point: what that adds to the sums is taken off again
            surplus = zero * matrix.sum(axis=0, dtype=np.int64)
            bias = -surplus if bias is None else bias - surplus
        self.bias = bias if bias is not None and bias.any() else None
        if step.quantized:
            self.quants = (step.input_quant(0), step.input_quant(1), step.output_quant)
            self.limits = output_limits(step, even=rounds_to_even(step))
            self._rescale = _rescaler(step, matrix.shape[-1])
        self.dynamic = _dynamic_range(step)
        self.with_bias = step.prepared("matrix", lambda: self._exact_matrix(matrix))
        self.matrix = self.with_bias[:-1]
        self.dtype: Any = self.matrix.dtype
        self._repeated: dict[tuple[str, int], Array] = {}
        self._buffers: dict[str, Array] = {}

    def _exact_matrix(self, matrix: Array) -> Array:
        if self.dynamic is not None:
            wide = bool((self.dynamic.sum_bounds(matrix) >= arithmetic.EXACT_FLOAT32).any())
        else:
            wide = self.step.quantized and not self._float32_is_exact(matrix)
        rows, channels = matrix.shape
        whole = np.empty((rows + 1, channels), np.float64 if wide else np.float32)
        whole[:-1], whole[-1] = matrix, 0.0 if self.bias is None else self.bias
        return whole

    def _float32_is_exact(self, matrix: Array) -> bool:
        """Whether the products' sum is exact in float32, and with the bias rounded at most once.

        The contract is f32(sum + bias). A bias that float32 holds exactly meets it in one addition,
        however large; so does any bias of a channel without weights. Another may round twice,
        which does not matter where it saturates the output anyway: dead channels of trained
        networks have such biases.
        """
        limits = arithmetic.centered_range(self.step.input_quant(0), self.step.dtype(0))
        zero = self.step.zero(0)
        assert isinstance(zero, int)
        low, high = (limit + zero for limit in limits)
        bias = np.zeros(1) if self.bias is None else self.bias.astype(np.float64)
        held = bias.astype(np.float32).astype(np.float64) == bias
        held |= self._rescale is not None  # the bias is added in int64
        if len(matrix) * LARGEST_WEIGHT * max(-low, high) < arithmetic.EXACT_FLOAT32 and held.all():
            return True  # whatever the weights are: most layers
        bounds = arithmetic.accumulator_bounds(matrix, low, high)
        fits = bounds < arithmetic.EXACT_FLOAT32
        scales = arithmetic.fixedpoint_scale(*self.quants)
        saturates = (np.abs(bias) - bounds) * scales > 512
        return bool((fits & (held | (bounds == 0) | saturates)).all())

    def padded_input(self) -> Array:
        """What the products read: the input within the zeros that the node's pads say."""
        pads = self.step.attrs["pads"]
        return (
            self.step.padded_input(0, pads) if self.dynamic is None else self.dynamic.padded(pads)
        )

    def exact_input(self) -> Array:
        """The input, contiguous and in the dtype of the sums; a copy where it is not so already."""
        x = self.step.input(0) if self.dynamic is None else self.dynamic.integers
        if x.dtype == self.dtype and x.flags.c_contiguous:
            return x
        copied = self.step.scratch(x.shape, self.dtype)
        self.step.call(np.copyto, copied, x)
        return copied

    def buffer(self, what: str, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Working memory that all blocks of a map share; the first block is the largest."""
        size = math.prod(shape)
        if what not in self._buffers:
            self._buffers[what] = self.step.scratch((size,), dtype or self.dtype)
        return self._buffers[what][:size].reshape(shape)

    def sums(self, shape: tuple[int, ...], y: Floats) -> Array:
        """Where to add up what becomes `y`: in `y` itself, if it is dense, so that all passes over
        the sums meet the same memory."""
        if y.flags.c_contiguous and y.dtype == self.dtype:
            return y.reshape(shape)
        return self.buffer("sums", shape)

    def finish(self, sums: Array, y: Floats) -> None:
        """Add the calls from `sums` (contiguous) to `y`, a part of the output or all of it."""
        if self.dynamic is not None:
            self.dynamic.keep(sums, y)
        elif not self.step.quantized:
            self._finish_float(sums, y)
        elif self._rescale is None:
            self._finish_float32(sums, y)
        else:
            self._finish_integers(sums, y)

    def finish_all(self) -> None:
        """Add the calls that come after all parts are finished: where rows have their own scale."""
        if self.dynamic is not None:
            self.dynamic.finish(self.bias)

    def _finish_float(self, sums: Floats, y: Floats) -> None:
        bounds = {"none": None, "relu": (0.0, np.inf), "relu6": (0.0, 6.0)}
        limits = bounds[self.step.attrs["activation"]]
        rows, call = self._rows(sums), self.step.call
        zero = self.step.output_zero
        if isinstance(zero, np.ndarray):  # the bias is left out, see `zeros.py`
            if limits is not None:
                call(np.maximum, rows, self._tiled("zero", zero, rows), out=rows)
            limits = None
        elif self.bias is not None:
            call(np.add, rows, self._tiled("bias", self.bias, rows), rows)
        if limits is not None:
            low, high = (np.array(limit, np.float32) for limit in limits)
            clip_into(self.step, sums, low, high, y)
        elif not np.may_share_memory(sums, y):
            copy_runs(self.step, y, sums.reshape(y.shape))

    def _finish_float32(self, sums: Array, y: Floats) -> None:
        """Four passes: bias, scale, rint, clip into the output."""
        call, rows = self.step.call, self._rows(sums)
        if self.bias is not None:
            added = self._beside("added", rows)
            call(np.add, rows, self._tiled("bias", self.bias, rows), added)
            rows = added
        if rows.dtype != np.float32:
            single = self.buffer("single", rows.shape, np.float32)
            call(np.copyto, single, rows, "same_kind")
            rows = single
        scaled, scales = self._beside("scaled", rows), arithmetic.requantize_scales(*self.quants)
        call(np.multiply, rows, self._tiled("scale", scales, rows), scaled)
        flat = rows.reshape(-1)
        call(np.rint, flat if scaled is rows else scaled, flat)
        clip_into(self.step, flat.reshape(sums.shape), *self.limits, y)

    def _beside(self, what: str, rows: Array) -> Array:
        """Where to put what becomes of `rows`: there; but numpy takes three times as long to change
        a single number in place."""
        return rows if rows.size > 1 else self.buffer(f"{what} beside", rows.shape, rows.dtype)

    def _finish_integers(self, sums: Array, y: Floats) -> None:
        """In int64, as `rescaling.py` says; written for clarity, not speed."""
        bias = np.int64(0) if self.bias is None else self.bias.astype(np.int64)
        (low, high), rescale = self.limits, self._rescale
        assert rescale is not None

        def requantize() -> None:
            total = sums.reshape(y.shape).astype(np.int64) + bias
            np.copyto(y, np.clip(rescale(total), int(low), int(high)), "unsafe")

        self.step.call(requantize)

    def _rows(self, sums: Array) -> Array:
        """`sums` as rows to which per-channel vectors are repeated."""
        channels = self.channels
        pixels = sums.size // channels
        most = min(pixels, max(1, TILED_ROW // channels))
        together = next(n for n in range(most, 0, -1) if pixels % n == 0)
        vectors, few = (2, FEW_ROWS) if self.step.quantized else (1, 1)
        small = sums.size * vectors <= 2 * TILED_ELEMENTS
        if pixels == together or (small and pixels // together > few):
            return sums.reshape(-1)
        return sums.reshape(-1, together * channels)

    def _tiled(self, what: str, vector: Array, rows: Array) -> Array:
        """One number per channel or for all, repeated to the length of a row that blocks share."""
        key = (what, rows.shape[-1])
        if key not in self._repeated:
            tiled = np.empty((rows.shape[-1] // self.channels, self.channels), rows.dtype)
            tiled[:] = vector
            self._repeated[key] = tiled.reshape(-1)
        return self._repeated[key]


def _dynamic_range(step: Step) -> DynamicRange | None:
    """How float activations are rounded where they meet int8 weights."""
    if step.dtype(0) != "float32" or step.dtype(1) != "int8":
        return None
    from .dynamic_range import DynamicRange  # few networks have such layers

    return DynamicRange(step)


def _rescaler(step: Step, channels: int) -> Rescale | None:
    """From int64 sums to u, as `rescaling.py` says; None where four float32 operations do it."""
    if step.dtype(0) != "int16" and step.arithmetic == "float32":
        return None
    from .rescaling import rescaler  # most networks do without

    return rescaler(step, channels)


def centered_weight(step: Step) -> Array:
    """The stored weight without its zero point, which only uint8 weights have."""
    weight = step.constant(1)
    if weight.dtype != np.uint8:
        return weight
    centered: Array = weight.astype(np.int16) - np.int16(step.input_quant(1).zero_point[0])
    return centered


def clip_into(step: Step, numbers: Array, low: Floats, high: Floats, y: Floats) -> None:
    """Clip contiguous numbers, which are lost, into an output that may stand within a border."""
    flat = numbers.reshape(-1)
    if np.may_share_memory(numbers, y):  # the sums stand in y; the same array needs no check
        step.call(clip, flat, low, high, flat)
    elif y.flags.c_contiguous:
        step.call(clip, flat, low, high, y.reshape(-1))
    elif math.prod(y.shape[2:]) > SHORT_ROW:
        step.call(clip, numbers.reshape(y.shape), low, high, y)
    else:
        step.call(clip, flat, low, high, flat)
        copy_runs(step, y, numbers.reshape(y.shape))


def rounds_to_even(step: Step) -> bool:
    """Whether halves go to even numbers: in int16, only reference kernels are known."""
    return step.arithmetic == "float32" and step.dtype(0) != "int16"


def multiply(step: Step, x: Array, matrix: Array, sums: Array) -> None:
    """Add the calls for `sums = x matrix`: one, or one for each of several parts of the rows."""
    rows = len(x)
    parts = max(1, -(-rows * matrix.size // SMALL_PRODUCT))
    height = -(-rows // parts)
    if height < FEWEST_ROWS:
        height = rows
    for top in range(0, rows, height):
        part = slice(top, top + height)
        step.call(np.dot, x[part], matrix, sums[part])


def output_limits(step: Step, *, even: bool = False) -> tuple[Floats, Floats]:
    """The smallest and largest u of the output, with the node's activation, as 0-d arrays."""
    activation = step.attrs.get("activation", "none")
    quant, dtype = step.output_quant, step.output_dtype
    low, high = arithmetic.activation_range(activation, quant, dtype, even=even)
    return np.array(low, np.float32), np.array(high, np.float32)
