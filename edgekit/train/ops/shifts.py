"""Sums over shifted images: the arithmetic of depthwise convolution at stride 1.

An image of W pixels with C channels is one vector of H*W*C elements, and a shift by whole pixels is
a shift along it: one einsum whose inner loop runs over several rows does all kernel elements. Where
a shifted row runs on into the next one the kernel element counts as zero, so that rows need no
border of their own; an infinite pixel may so make a NaN beside the other edge of its image.
"""

from __future__ import annotations

from typing import NamedTuple

from edgekit.train.backend import Array, array_module

__all__ = ["ShiftedImages", "Shifts"]

Pair = tuple[int, int]

LOOP_ELEMENTS = 8192
"""The inner loop of einsum: shorter ones start too often, and with longer ones the kernel elements
would leave the cache.
"""


class Shifts(NamedTuple):
    """Which source pixels an output pixel (h, w) sees: (h + row, w + column), for a grid of shifts.

    Outside of the source there are zeros.
    """

    source: Pair  # height and width
    out: Pair
    taps: Pair  # how many rows and columns of shifts
    first: Pair
    step: Pair

    @property
    def last(self) -> Pair:
        """The largest shift."""
        down, right = (
            first + (taps - 1) * step
            for first, taps, step in zip(self.first, self.taps, self.step, strict=True)
        )
        return down, right

    def turned(self) -> Shifts:
        """The way back: which outputs see a source pixel. The taps are in the opposite order."""
        down, right = self.last
        return Shifts(self.out, self.source, self.taps, (-down, -right), self.step)

    def columns(self, tap: int) -> slice:
        """The columns of the output where a column of shifts lies inside the source."""
        shift = self.first[1] + tap * self.step[1]
        start = min(max(0, -shift), self.out[1])
        return slice(start, max(start, min(self.out[1], self.source[1] - shift)))

    def rows_at_once(self, channels: int) -> int:
        """How many rows of the output are one vector: a divisor of their number."""
        height, width = self.out
        if self.source[1] > width:
            return 1  # rows of the source are longer than those of the output
        limit = max(1, LOOP_ELEMENTS // max(1, width * channels))
        return next((r for r in range(min(limit, height), 0, -1) if height % r == 0), 1)

    def weights(self, kernel: Array) -> Array:
        """Each kernel element (*taps, C) along some output rows: (*taps, rows * width * C)."""
        down, right, channels = kernel.shape
        line = array_module(kernel).zeros((down, right, self.out[1], channels), kernel.dtype)
        for j in range(right):
            line[:, j, self.columns(j)] = kernel[:, None, j]
        rows = line.reshape(down, right, 1, -1).repeat(self.rows_at_once(channels), axis=2)
        return rows.reshape(down, right, -1)

    def kernel_sums(self, wide: Array, channels: int) -> Array:
        """The sum for each kernel element of what was found along some rows: (*taps, C)."""
        width = self.out[1]
        line = wide.reshape(*self.taps, -1, width * channels).sum(axis=2)
        line = line.reshape(*self.taps, width, channels)
        for j in range(self.taps[1]):
            inside = self.columns(j)
            line[:, j, : inside.start] = 0
            line[:, j, inside.stop :] = 0
        return line.sum(axis=2)


class ShiftedImages:
    """Views of one part of a batch after the other, shifted for every kernel element."""

    def __init__(self, shifts: Shifts, channels: int) -> None:
        self.shifts = shifts
        self.channels = channels
        (height, width), (out_height, out_width) = shifts.source, shifts.out
        self.pitch = max(width, out_width)  # pixels from one row to the next
        self.above = max(0, -shifts.first[0])  # rows of zeros
        self.below = max(0, shifts.last[0] + out_height - height)
        self.before = max(0, -shifts.first[1])  # pixels before the first row and after the last
        self.after = max(0, shifts.last[1] + out_width - self.pitch)
        self._windows: Array | None = None
        self._inside: Array | None = None

    @property
    def size(self) -> int:
        """The elements of one image with its borders."""
        rows = self.above + self.shifts.source[0] + self.below
        return (self.before + rows * self.pitch + self.after) * self.channels

    def of(self, x: Array, count: int) -> Array:
        """The views of `x` (n, H, W, C): (n, *taps, blocks of rows, row elements).

        They lie in memory for `count` images, which the next call writes over.
        """
        borders = self.above + self.below + self.before + self.after
        if not borders and self.pitch == self.shifts.source[1] and x.flags.c_contiguous:
            return self._views(x, 0)
        if self._windows is None:
            self._windows = self._room(x, count)
        self._inside[: len(x)] = x  # type: ignore[index]
        return self._windows[: len(x)]

    def _room(self, x: Array, count: int) -> Array:
        (height, width), pitch = self.shifts.source, self.pitch
        room = array_module(x).empty((count, self.size // self.channels, self.channels), x.dtype)
        start = self.before + self.above * pitch
        end = start + height * pitch
        rows = room[:, start:end].reshape(count, height, pitch, self.channels)
        room[:, :start] = room[:, end:] = rows[:, :, width:] = 0
        self._inside = rows[:, :, :width]
        return self._views(room, start)

    def _views(self, images: Array, start: int) -> Array:
        """The views of images whose first pixel is the one numbered `start`."""
        shifts, pixel, element = self.shifts, self.channels * images.itemsize, images.itemsize
        rows = shifts.rows_at_once(self.channels)
        shape = (
            len(images), *shifts.taps, shifts.out[0] // rows, rows * shifts.out[1] * self.channels,
        )  # fmt: skip
        row = self.pitch * pixel
        strides = (images.strides[0], shifts.step[0] * row, shifts.step[1] * pixel, rows * row)
        start += shifts.first[0] * self.pitch + shifts.first[1]
        flat = images.reshape(len(images), -1)[:, start * self.channels :]
        return array_module(images).lib.stride_tricks.as_strided(flat, shape, (*strides, element))
