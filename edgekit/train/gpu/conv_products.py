"""Convolutions as products of matrices: forward, and the gradients of input and kernel.

cuDNN does them where it is installed, else sources/conv.cu, which makes the matrix of windows as it
is read. A convolution by a kernel of one element
at stride 1 is a plain product.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from . import cudnn
from .channels import channel_sums
from .gates import Gate, even
from .kernel import Kernel, empty, kernel
from .matmul import (
    ACTIVATIONS,
    KINDS,
    add_parts,
    arithmetic_of,
    flags,
    matmul,
    matmul_and_sums,
    template,
)
from .strides import aligned
from .tiles import CONV_TILES, Plan, has_room, plan

__all__ = ["Axis", "Window", "forward", "input_gradient", "kernel_gradient", "kernels"]

_SOURCE = "conv.cu"
_KERNELS = ("conv_forward", "conv_kernel_gradient", "conv_input_gradient")
TILES = {2: CONV_TILES, 3: (CONV_TILES[0], CONV_TILES[2])}
"""By the number of axes; convolutions of three are rare, and have fewer."""


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    return [
        kernel(_SOURCE, f"{name}<{storage},{tensor},{tile.rows},{tile.columns},{rank}>")
        for name in _KERNELS
        for storage, tensor in KINDS
        for rank, tiles in TILES.items()
        for tile in tiles
    ]


class Axis(NamedTuple):
    """One axis of a convolution, as AXIS in sources/conv.cu has it."""

    size: int
    out: int
    taps: int
    stride: int
    dilation: int
    before: int


class Window(NamedTuple):
    """A convolution of images of `axes` with `channels` and `features` in each of `groups`."""

    axes: tuple[Axis, ...]
    samples: int
    channels: int
    features: int
    groups: int

    @property
    def pixels(self) -> int:
        """Pixels of all outputs."""
        return self.samples * math.prod(axis.out for axis in self.axes)

    @property
    def taps(self) -> int:
        return math.prod(axis.taps for axis in self.axes)

    @property
    def pointwise(self) -> bool:
        """Whether it is one product of matrices."""
        plain = all(
            (axis.taps, axis.stride, axis.before) == (1, 1, 0) and axis.size == axis.out
            for axis in self.axes
        )
        return plain and self.groups == 1

    def numbers(self) -> list[Any]:
        """AXES and what follows in the parameters of the kernels, to `groups`."""
        axes = (Axis(1, 1, 1, 1, 1, 0),) * (3 - len(self.axes)) + self.axes
        sizes = [n for axis in axes for n in axis]
        return [np.int32(n) for n in (*sizes, *self[1:])]


def forward(
    x: Any,
    weights: Any,
    window: Window,
    bias: Any = None,
    activation: str | None = None,
    using: Plan | None = None,
) -> Any:
    """activation(conv(x, weights) + bias); all arrays contiguous and of one dtype."""
    shape = (window.samples, *(a.out for a in window.axes), window.features * window.groups)
    if window.pointwise and using is None:
        rows = x.reshape(-1, window.channels)
        matrix = weights.reshape(window.channels, -1)
        return matmul(rows, matrix, bias=bias, activation=activation).reshape(shape)
    found = None if using else cudnn.forward(x, weights, window, bias, activation)
    if found is not None:
        return found
    y = empty(shape, x.dtype)
    size = (window.pixels, window.features, window.taps * window.channels)
    bits = flags(
        aligned(x, window.channels),
        aligned(weights, window.features),
        aligned(y, window.features, bytes_=4 * y.itemsize),
        bias,
    )
    code = np.int32(ACTIVATIONS[activation])
    given = (x, weights, weights if bias is None else bias)
    _launch(_KERNELS[0], given, y, window, size, (code, bits), using, bias, activation)
    return y


def kernel_gradient(
    x: Any,
    g: Any,
    shape: Any,
    window: Window,
    sums: bool = False,
    using: Plan | None = None,
    gate: Gate | None = None,
) -> tuple[Any, Any]:
    """The gradients of the kernel, of the given `shape`, and of the bias (None without `sums`)."""
    width = window.features * window.groups
    rows = window.taps * window.channels
    if window.pointwise and using is None:
        a, b = x.reshape(-1, window.channels).T, g.reshape(-1, width)
        if sums:
            gk, gb = matmul_and_sums(a, b, gate)
        else:
            gk, gb = matmul(a, b, gates=(None, gate)), None
        return gk.reshape(shape), gb
    found = None if using or gate else cudnn.kernel_gradient(x, g, window)
    if found is not None:
        return found, channel_sums(g) if sums else None
    size = (rows, window.features, window.pixels)
    made = using or _plan(size, window, x.dtype)
    row = int(sums and has_room(made, rows, window.features, window.groups))
    if sums and not row and gate is not None:
        g, gate = gate.passed(g), None
    out = empty((rows + row, width), x.dtype)
    bits = flags(
        aligned(x, window.channels),
        even(aligned(g, window.features), gate),
        aligned(out, window.features, bytes_=4 * out.itemsize),
        sums=bool(row),
        gates=(None, gate),
    )
    given = (x, g, g if gate is None else gate.output)
    _launch(_KERNELS[1], given, out, window, (rows + row, *size[1:]), (bits,), made)
    gb = out[rows] if row else channel_sums(g) if sums else None
    return out[:rows].reshape(shape), gb


def input_gradient(
    g: Any,
    weights: Any,
    window: Window,
    bias: Any = None,
    activation: str | None = None,
    using: Plan | None = None,
    gate: Gate | None = None,
) -> Any:
    """The gradient of the images; `bias` and `activation` are those of a transposed convolution."""
    shape = (window.samples, *(a.size for a in window.axes), window.channels * window.groups)
    if window.pointwise and using is None:
        rows = g.reshape(-1, window.features)
        turned = weights.reshape(window.channels, -1).T
        gx = matmul(rows, turned, None, bias, activation, gates=(gate, None))
        return gx.reshape(shape)
    found = None if using or gate else cudnn.input_gradient(g, weights, window, bias, activation)
    if found is not None:
        return found
    gx = empty(shape, g.dtype)
    phases = math.prod(a.stride for a in window.axes)
    pixels = window.samples * math.prod(-(-a.size // a.stride) for a in window.axes)
    taps = math.prod(-(-a.taps // a.stride) for a in window.axes)
    size = (pixels, window.channels, taps * window.features)
    bits = flags(
        even(aligned(g, window.features), gate),
        aligned(weights, window.features),
        aligned(gx, window.channels, bytes_=4 * gx.itemsize),
        bias,
        gates=(gate, None),
    )
    code = np.int32(ACTIVATIONS[activation])
    given = (g, weights, weights if bias is None else bias, g if gate is None else gate.output)
    _launch(_KERNELS[2], given, gx, window, size, (code, bits), using, bias, activation, phases)
    return gx


def _plan(size: tuple[int, int, int], window: Window, dtype: Any, phases: int = 1) -> Plan:
    tiles = TILES[len(window.axes)]
    batches = window.groups * phases
    return plan(*size, batches, arithmetic_of(dtype), tiles, can_split=phases == 1)


def _launch(
    name: str,
    given: tuple[Any, ...],
    out: Any,
    window: Window,
    size: tuple[int, int, int],
    last: tuple[Any, ...],
    using: Plan | None,
    bias: Any = None,
    activation: str | None = None,
    phases: int = 1,
) -> None:
    """Launch a kernel for products of `size` = (rows, columns, depth) of each group and phase."""
    if not out.size:
        return
    made = using or _plan(size, window, out.dtype, phases)
    rows, columns, _ = size
    batches = window.groups
    sums = out if made.parts == 1 else empty((made.parts, batches, rows, columns), np.float32)
    blocks = -(-rows // made.tile.rows) * -(-columns // made.tile.columns)
    blocks *= made.parts * batches * phases
    kernel(_SOURCE, f"{name}<{template(made, out.dtype)},{len(window.axes)}>")(
        min(blocks, 1 << 20),
        made.tile.threads,
        *given,
        sums,
        *window.numbers(),
        *map(np.int32, (made.parts, made.part_depth)),
        *last,
    )
    if made.parts > 1:
        add_parts(sums, out, (columns * batches, columns, columns), bias, activation)
