"""Where the windows of convolutions and pooling lie: padding, sizes, strided views, chunks."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.train.backend import Array, array_module

__all__ = [
    "Geometry",
    "Padding",
    "chunks",
    "explicit_padding",
    "geometry",
    "padded",
    "sample_parts",
    "view",
]

Padding = str | tuple[int, int, int, int]

CHUNK_FLOATS = 262_144
"""Elements of scratch that one chunk may take on a CPU: 1 MiB, an L2 cache. With half of it a small
network takes 3 % longer for the calls, and more where threads hand the interpreter to and fro.
"""


PART_ELEMENTS = 524_288
"""Elements of the arrays that several steps in a row go through part by part, on a CPU: a few of
such parts stay in the last cache, where arrays of a whole batch do not.
"""


class Geometry(NamedTuple):
    """The sizes of one window operation on NHWC arrays."""

    height: int
    width: int
    out_height: int
    out_width: int
    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    padding: tuple[int, int, int, int]  # top, left, bottom, right

    @property
    def padded_height(self) -> int:
        return self.height + self.padding[0] + self.padding[2]

    @property
    def padded_width(self) -> int:
        return self.width + self.padding[1] + self.padding[3]


def explicit_padding(
    padding: Padding,
    size: tuple[int, int],
    kernel: tuple[int, int],
    strides: tuple[int, int],
    dilations: tuple[int, int] = (1, 1),
) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of "valid", "same" or four numbers for an input of `size`.

    "same" gives ceil(size / stride) outputs and puts the odd element at the bottom and right, as
    TensorFlow does. Raises UnsupportedOperator for another word.
    """
    if not isinstance(padding, str):
        top, left, bottom, right = padding
        return int(top), int(left), int(bottom), int(right)
    if padding == "valid":
        return (0, 0, 0, 0)
    if padding != "same":
        raise UnsupportedOperator(
            f"padding {padding!r} is not known; use 'valid', 'same' or (top, left, bottom, right)"
        )
    before, after = [], []
    for n, k, s, d in zip(size, kernel, strides, dilations, strict=True):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return before[0], before[1], after[0], after[1]


@functools.lru_cache(maxsize=1024)
def geometry(
    size: tuple[int, int],
    kernel: tuple[int, int],
    strides: tuple[int, int],
    padding: Padding,
    dilations: tuple[int, int] = (1, 1),
) -> Geometry:
    """All sizes of a window operation. Raises ShapeError where the window does not fit once."""
    top, left, bottom, right = explicit_padding(padding, size, kernel, strides, dilations)
    padded_size = (size[0] + top + bottom, size[1] + left + right)
    out = []
    for n, k, s, d in zip(padded_size, kernel, strides, dilations, strict=True):
        if n < (k - 1) * d + 1:
            raise ShapeError(
                f"a window of {kernel} (dilations {dilations}) does not fit into an input of "
                f"{size} with padding {(top, left, bottom, right)}; "
                "use padding='same' or a smaller window"
            )
        out.append((n - (k - 1) * d - 1) // s + 1)
    border = (top, left, bottom, right)
    return Geometry(size[0], size[1], out[0], out[1], kernel, strides, dilations, border)


def view(x: Array, g: Geometry) -> Array:
    """Windows of a padded `x`: (N, OH, OW, KH, KW, C), no copy."""
    n, h, w, c = x.strides
    shape = (x.shape[0], g.out_height, g.out_width, *g.kernel, x.shape[3])
    strides = (
        n,
        h * g.strides[0],
        w * g.strides[1],
        h * g.dilations[0],
        w * g.dilations[1],
        c,
    )
    return array_module(x).lib.stride_tricks.as_strided(x, shape, strides)


def padded(x: Array, g: Geometry, value: float = 0.0) -> Array:
    """`x` with its border, or `x` itself where there is none."""
    if g.padding == (0, 0, 0, 0):
        return x
    out = empty_padded(x, x.shape[0], g, value)
    inside(out, g)[...] = x
    return out


def empty_padded(x: Array, count: int, g: Geometry, value: float = 0.0) -> Array:
    """`count` padded samples like those of `x`: the border set, the inside not yet."""
    shape = (count, g.padded_height, g.padded_width, x.shape[3])
    module = array_module(x)
    return module.zeros(shape, x.dtype) if value == 0 else module.full(shape, value, x.dtype)


def inside(x: Array, g: Geometry) -> Array:
    """The part of a padded array that is not border."""
    top, left = g.padding[:2]
    return x[:, top : top + g.height, left : left + g.width]


def chunks(
    x: Array, samples: int, out_height: int, floats_per_row: int
) -> Iterator[tuple[slice, list[slice]]]:
    """Parts of a batch whose scratch fits: (samples, blocks of output rows within them).

    Several samples with all their rows, or one sample in blocks of rows.
    """
    limit = CHUNK_FLOATS if array_module(x).__name__ == "numpy" else 1 << 28
    per_sample = max(1, floats_per_row * out_height)
    if per_sample <= limit:
        step = min(samples, max(1, limit // per_sample))
        for start in range(0, samples, step):
            yield slice(start, min(start + step, samples)), [slice(0, out_height)]
        return
    height = max(1, limit // floats_per_row)
    blocks = [slice(r, min(r + height, out_height)) for r in range(0, out_height, height)]
    for start in range(samples):
        yield slice(start, start + 1), blocks


def sample_parts(samples: slice, x: Array) -> list[slice]:
    """`samples` of a batch `x` in parts to go through one after the other; one part on a GPU."""
    if array_module(x).__name__ != "numpy" or samples.start == samples.stop:
        return [samples]
    step = max(1, PART_ELEMENTS * len(x) // max(1, x.size))
    starts = range(samples.start, samples.stop, step)
    return [slice(start, min(start + step, samples.stop)) for start in starts]
