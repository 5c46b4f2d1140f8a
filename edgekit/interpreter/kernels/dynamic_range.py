"""int8 weights that meet float activations: Dense, Conv2D and DepthwiseConv2D.

The activations are rounded to integers while the model runs (`hybrid.py` has the three ways), one
scale for each row; a = f32(sum of u * w). What a row is and how it is rounded:

|                 | "float32"                  | "fixedpoint"                            |
|-----------------|----------------------------|-----------------------------------------|
| Dense           | the features of a sample,  | the same, symmetric, or asymmetric      |
|                 | evenly                     | where the node says so                  |
| Conv2D          | a sample, or a pixel (see  | a sample, asymmetric where channels     |
|                 | below), evenly             | have different scales, else symmetric   |
| DepthwiseConv2D | a sample, asymmetric       | a sample, asymmetric                    |

A pixel: where the window is 1x1 with stride 1, for more than one channel in or out.
evenly: y = fma(f32(a * s_row), s_w[c], bias), the last two operations rounded once. Here they are
done in float64 and rounded then, which is the same but for one in 2^29.
Conv2D, asymmetric, and DepthwiseConv2D in "float32": y = f32(f32(a * s_w[c]) * s_row) + bias.
others: y = f32(a * f32(s_row * s_w[c])) + bias.

So compute LiteRT's default runtime on x86-64 and its reference kernels.
"""

from __future__ import annotations

import math

import numpy as np

from edgekit.errors import UnsupportedOperator

from .. import arithmetic
from ..step import Array, Step
from .hybrid import Rounding, quantize_rows
from .ufuncs import clip, copy_runs
from .variants import BLOCK_ELEMENTS

__all__ = ["DynamicRange"]

WIDEST = 255
"""The largest difference of two int8 numbers: no rounded activation is larger."""

LONGEST_ROW = 2**10
"""Elements of a row of float64; longer ones are not faster."""

BOUNDS = {"relu": (0.0, np.inf), "relu6": (0.0, 6.0)}


class DynamicRange:
    """The rounded input of one node, and the calls before and after its products.

    integers: the input as integers in float32, in its own shape, once the calls have run.

    Raises UnsupportedOperator for other operators than these three.
    """

    def __init__(self, step: Step) -> None:
        if step.node.op not in ("Dense", "Conv2D", "DepthwiseConv2D"):
            raise UnsupportedOperator(
                f"layer {step.name!r}: {step.node.op} with int8 weights needs int8 activations "
                "too; store its weights as float32"
            )
        self.step = step
        x, self.kept = step.input(0), _scales_shape(step)
        rows = math.prod(self.kept)
        if not x.flags.c_contiguous:
            dense = step.scratch(x.shape)
            step.call(np.copyto, dense, x)
            x = dense
        self.integers: Array = step.scratch(x.shape)
        self.scales: Array = step.scratch((rows, 1))
        flat, target = x.reshape(rows, -1), self.integers.reshape(rows, -1)
        self.rounding = _rounding(step)
        self._sums = step.output()
        step.call(quantize_rows(flat, target, self.scales, self.rounding))

    def sum_bounds(self, matrix: Array) -> Array:
        """How large the sum of each channel can become, whatever the input is."""
        return arithmetic.accumulator_bounds(matrix, -WIDEST, WIDEST)

    def padded(self, pads: tuple[int, int, int, int]) -> Array:
        """`integers` within a border of zeros."""
        if not any(pads):
            return self.integers
        top, left, bottom, right = pads
        batch, height, width, channels = self.integers.shape
        whole = self.step.scratch((batch, height + top + bottom, width + left + right, channels))
        self.step.call(whole.fill, 0.0)
        inside = whole[:, top : top + height, left : left + width]
        self.step.call(np.copyto, inside, self.integers)
        return whole

    def keep(self, sums: Array, y: Array) -> None:
        """Have the sums of a part, `y`, until all can be scaled: there, or where they are.

        Dense numbers are scaled faster than those within a border, but may be parts of a buffer.
        """
        sums = sums.reshape(y.shape)
        if sums.shape == self._sums.shape and sums.dtype == np.float32:
            self._sums = sums
        elif not np.may_share_memory(sums, y):
            self.step.call(np.copyto, y, sums, "same_kind")

    def finish(self, bias: Array | None) -> None:
        """Scale the sums into the output."""
        step, sums, y = self.step, self._sums, self.step.output()
        row_scales = self.scales.reshape(self.kept)
        scales = np.broadcast_to(step.input_quant(1).scales, y.shape[-1:])
        if sums.size == len(scales) and sums.flags.c_contiguous:  # a row needs no other dimension
            sums, row_scales = sums.reshape(-1), row_scales.reshape(())
            scales = np.ascontiguousarray(scales)
        if self.rounding == "even":
            step.call(np.multiply, sums, row_scales, sums)
            self._multiply_and_add(sums, scales, bias)
        elif self._channels_first():
            for factors in (scales, row_scales):
                step.call(np.multiply, sums, factors, sums)
        else:
            factors = step.scratch((*row_scales.shape[:-1], len(scales)))
            step.call(np.multiply, row_scales, scales, factors)
            step.call(np.multiply, sums, factors, sums)
        if bias is not None and self.rounding != "even":
            step.call(np.add, sums, bias, sums)
        bounds = BOUNDS.get(step.attrs["activation"])
        if bounds is not None:
            low, high = (np.array(bound, np.float32) for bound in bounds)
            step.call(clip, sums, low, high, sums)
        if not np.may_share_memory(sums, y):
            copy_runs(step, y, sums.reshape(y.shape))

    def _channels_first(self) -> bool:
        """Whether the channel's scale comes before the row's."""
        if self.step.node.op == "DepthwiseConv2D":
            return self.step.arithmetic == "float32"
        return self.step.node.op == "Conv2D" and self.rounding == "asymmetric"

    def _multiply_and_add(self, sums: Array, scales: Array, bias: Array | None) -> None:
        """`sums = f32(sums * scale + bias)`, part by part, to save memory."""
        if bias is None:
            self.step.call(np.multiply, sums, scales, sums)
            return
        parts = [sums] if sums.ndim < 4 else list(sums)
        if sums.flags.c_contiguous:
            rows, repeats = _rows(sums, len(scales))
            height = max(1, BLOCK_ELEMENTS // rows.shape[1])
            parts = [rows[top : top + height] for top in range(0, len(rows), height)]
            scales, bias = np.tile(scales, repeats), np.tile(bias, repeats)
        buffer = self.step.scratch(parts[0].shape, np.float64)
        exact, offsets = scales.astype(np.float64), bias.astype(np.float64)
        for part in parts:
            wide = buffer[: len(part)]
            self.step.call(np.copyto, wide, part)
            self.step.call(np.multiply, wide, exact, wide)
            self.step.call(np.add, wide, offsets, wide)
            self.step.call(np.copyto, part, wide, "same_kind")


def _rows(sums: Array, channels: int) -> tuple[Array, int]:
    """Dense sums as rows of several pixels, in which loops are longer, and how many pixels."""
    pixels = sums.size // channels
    most = min(pixels, max(1, LONGEST_ROW // channels))
    together = next(n for n in range(most, 0, -1) if pixels % n == 0)
    return sums.reshape(-1, together * channels), together


def _scales_shape(step: Step) -> tuple[int, ...]:
    """One scale for each row of the input, as it broadcasts over the output."""
    x, attrs = step.input(0), step.attrs
    if step.node.op == "Dense":
        return (*x.shape[:-1], 1)
    if step.node.op == "Conv2D" and step.arithmetic == "float32":
        plain = attrs["strides"] == (1, 1) and attrs["groups"] == 1 and not any(attrs["pads"])
        outputs, *window, channels = step.constant(1).shape
        if plain and window == [1, 1] and (outputs, channels) != (1, 1):
            return (*x.shape[:-1], 1)
    return (len(x), 1, 1, 1)


def _rounding(step: Step) -> Rounding:
    if step.node.op == "DepthwiseConv2D":
        return "asymmetric"
    if step.arithmetic == "float32":
        return "even"
    if step.node.op == "Dense":
        return "asymmetric" if step.attrs["asymmetric"] else "symmetric"
    return "asymmetric" if len(set(step.input_quant(1).scale)) > 1 else "symmetric"
