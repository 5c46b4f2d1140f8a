"""Convolutions that step by one row: columns of one kernel row only, and a product for each row.

The windows of a kernel row, laid out as columns, serve all kernel rows: those of the next kernel
row are the same columns one image row later. So a kernel of KH rows copies a KH-th of what im2col
copies, and as much less passes through the cache. Only on a CPU, where copying is what costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from edgekit.train.backend import Array

from .channels import add_vector
from .windows import CHUNK_FLOATS, Geometry

__all__ = ["by_rows", "forward", "input_gradient", "kernel_gradient", "sample_by_sample"]

FEW_CHANNELS = 16
"""Below this one product for all kernel rows beats one for each."""


LEAST_AREA = 256
"""Fewer output pixels of a sample make products too small for a sample each."""


def by_rows(x: Array, kernel: Array, g: Geometry) -> bool:
    """Whether this module can take the convolution of `x`, and its columns fit into the cache."""
    floats = g.padded_height * g.out_width * g.kernel[1] * kernel.shape[2]
    return (
        isinstance(x, np.ndarray)
        and g.kernel[0] > 1
        and g.strides == (1, 1)
        and kernel.shape[2] >= 4
        and floats <= 2 * CHUNK_FLOATS
    )


def sample_by_sample(x: Array, kernel: Array, g: Geometry) -> bool:
    """Whether `forward` and `kernel_gradient` are faster than im2col."""
    return g.out_height * g.out_width >= LEAST_AREA and by_rows(x, kernel, g)


def forward(x: Array, kernel: Array, g: Geometry, bias: Any, y: Array) -> None:
    """Write the convolution of `x` into `y`."""
    kh, _, _, features = kernel.shape
    matrices = kernel.reshape(kh, -1, features)
    area, step = g.out_height * g.out_width, g.dilations[0] * g.out_width
    room = None
    for samples, columns in _columns(x, g):
        out = y[samples].reshape(-1, area, features)
        room = np.empty_like(out) if room is None else room[: len(out)]
        np.matmul(columns[:, :area], matrices[0], out=out)
        for i in range(1, kh):
            out += np.matmul(columns[:, i * step : i * step + area], matrices[i], out=room)
        if bias is not None:
            add_vector(out, bias)


def kernel_gradient(g: Array, x: Array, kernel: Array, shape: Geometry) -> Array:
    """Columns transposed times the output's gradient, for each kernel row and sample."""
    kh, features = kernel.shape[0], kernel.shape[3]
    area, step = shape.out_height * shape.out_width, shape.dilations[0] * shape.out_width
    total = np.zeros((kh, kernel.size // (kh * features), features), x.dtype)
    for samples, columns in _columns(x, shape):
        part = g[samples].reshape(-1, area, features)
        for i in range(kh):
            rows = columns[:, i * step : i * step + area].swapaxes(1, 2)
            total[i] += np.matmul(rows, part).sum(axis=0)
    return total.reshape(kernel.shape)


def _columns(x: Array, g: Geometry) -> Iterator[tuple[slice, Array]]:
    """(samples, columns of one kernel row): (n, padded height * OW, KW * C)."""
    channels = x.shape[3]
    shape = (g.padded_height, g.out_width, g.kernel[1] * channels)
    count = _count(len(x), shape[0] * shape[1] * shape[2])
    image = np.zeros((count, g.padded_height, g.padded_width, channels), x.dtype)
    top, left = g.padding[:2]
    inside = image[:, top : top + g.height, left : left + g.width]
    windows = _windows(image, g.out_width, g.kernel[1], g.dilations[1])
    columns = np.empty(windows.shape, x.dtype)
    for start in range(0, len(x), count):
        samples = slice(start, min(start + count, len(x)))
        n = samples.stop - start
        inside[:n] = x[samples]
        columns[:n] = windows[:n]
        yield samples, columns[:n].reshape(n, shape[0] * shape[1], shape[2])


def input_gradient(g: Array, kernel: Array, shape: Geometry, gx: Array) -> None:
    """Write the gradient of the input: the columns of `g`, times each kernel row turned round.

    Each product belongs to the image row from which its kernel row saw the output's.
    """
    kh, kw, channels, features = kernel.shape
    n, height, width = g.shape[:3]
    down, across = shape.dilations
    joined = channels < FEW_CHANNELS
    turned = kernel[:, ::-1].transpose(0, 1, 3, 2).reshape(kh, kw * features, channels)
    whole = turned.transpose(1, 0, 2).reshape(kw * features, kh * channels)
    reach = (kw - 1) * across
    count = _count(n, height * shape.width * (kw * features + (kh if joined else 1) * channels))
    image = np.zeros((count, height, shape.width + reach, features), g.dtype)
    inside = image[:, :, reach - shape.padding[1] :][:, :, :width]
    windows = _windows(image, shape.width, kw, across)
    columns = np.empty(windows.shape, g.dtype)
    total = np.empty((count, shape.padded_height, shape.width, channels), g.dtype)
    for start in range(0, n, count):
        samples = slice(start, min(start + count, n))
        m = samples.stop - start
        inside[:m] = g[samples]
        columns[:m] = windows[:m]
        matrix = columns[:m].reshape(-1, kw * features)
        products = (matrix @ whole).reshape(-1, kh, channels) if joined else None
        sums = total[:m]
        sums[...] = 0
        for i in range(kh):
            part = matrix @ turned[i] if products is None else products[:, i]
            rows = sums[:, i * down : i * down + height]
            rows += part.reshape(rows.shape)
        gx[samples] = sums[:, shape.padding[0] :][:, : shape.height]


def _windows(image: Array, width: int, kernel: int, dilation: int) -> Array:
    """The windows of one kernel row: (n, height, width, KW, C), no copy."""
    sample, row, pixel, element = image.strides
    shape = (*image.shape[:2], width, kernel, image.shape[3])
    strides = (sample, row, pixel, dilation * pixel, element)
    return np.lib.stride_tricks.as_strided(image, shape, strides)


def _count(samples: int, floats: int) -> int:
    """How many samples to take at a time."""
    return max(1, min(samples, CHUNK_FLOATS // max(1, floats)))
