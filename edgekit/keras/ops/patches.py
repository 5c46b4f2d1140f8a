"""Blocks of pictures and pieces of sequences taken out and put together, axes by their names."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.shapes import moveaxis, pad, transpose
from edgekit.keras.ops.tensors import as_tensor, operation
from edgekit.train.ops.scatter import scatter

__all__ = ["depth_to_space", "extract_sequences", "fold", "rearrange", "space_to_depth", "unfold"]


@operation
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """The pieces of the last axis that begin every `sequence_stride` elements, as two axes:
    (..., pieces, sequence_length).
    """
    x = as_tensor(x)
    if sequence_length < 1 or sequence_stride < 1:
        raise InputError(
            "extract_sequences: sequence_length and sequence_stride must be positive. Received: "
            f"{sequence_length} and {sequence_stride}"
        )
    starts = np.arange(0, x.shape[-1] - sequence_length + 1, sequence_stride)
    return x[..., starts[:, None] + np.arange(sequence_length)]


# -- depth and space ------------------------------------------------------------------------------


def _blocks(name: str, x: Any, block_size: int, data_format: str) -> tuple[Any, bool]:
    """(pictures with the channels last, whether they were first)."""
    x = as_tensor(x)
    if len(x.shape) != 4:
        raise InputError(f"{name}: expected pictures of 4 axes. Received: shape {x.shape}")
    if block_size < 2:
        raise InputError(f"{name}: block_size must be at least 2. Received: {block_size}")
    if data_format not in ("channels_last", "channels_first"):
        raise InputError(
            f"{name}: data_format must be 'channels_last' or 'channels_first'. "
            f"Received: {data_format!r}"
        )
    first = data_format == "channels_first"
    return (moveaxis(x, 1, -1) if first else x), first


@operation
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Channels spread over squares of `block_size` pixels; those of one pixel stay neighbours."""
    x, first = _blocks("depth_to_space", x, block_size, data_format)
    n, h, w, depth = x.shape
    left, rest = divmod(depth, block_size**2)
    if rest:
        raise InputError(f"depth_to_space: {depth} channels are no multiple of {block_size**2}")
    # with the channels first a channel is made of neighbours, with the channels last a pixel is
    if first:
        x = x.reshape(n, h, w, left, block_size, block_size)
        x = transpose(x, (0, 1, 4, 2, 5, 3))
    else:
        x = x.reshape(n, h, w, block_size, block_size, left)
        x = transpose(x, (0, 1, 3, 2, 4, 5))
    x = x.reshape(n, h * block_size, w * block_size, left)
    return moveaxis(x, -1, 1) if first else x


@operation
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Squares of `block_size` pixels as channels of one: the opposite of `depth_to_space`."""
    x, first = _blocks("space_to_depth", x, block_size, data_format)
    n, height, width, c = x.shape
    if height % block_size or width % block_size:
        raise InputError(
            f"space_to_depth: {height} x {width} pixels are no multiple of {block_size}"
        )
    h, w = height // block_size, width // block_size
    x = x.reshape(n, h, block_size, w, block_size, c)
    x = transpose(x, (0, 1, 3, 5, 2, 4) if first else (0, 1, 3, 2, 4, 5))
    x = x.reshape(n, h, w, c * block_size**2)
    return moveaxis(x, -1, 1) if first else x


# -- blocks that overlap --------------------------------------------------------------------------


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _places(size: int, kernel: int, dilation: int, stride: int) -> np.ndarray:
    """(kernel elements, blocks): the place along a padded axis."""
    starts = np.arange(0, size - (kernel - 1) * dilation, stride)
    return np.arange(kernel)[:, None] * dilation + starts


def _grid(size: Any, kernel: Any, dilation: Any, stride: Any) -> tuple[np.ndarray, np.ndarray]:
    """(rows, columns), each (kernel elements, blocks), of all blocks of a padded picture."""
    rows, columns = (_places(*one) for one in zip(size, kernel, dilation, stride, strict=True))
    count = (rows.shape[0], columns.shape[0], rows.shape[1], columns.shape[1])
    flat = (count[0] * count[1], count[2] * count[3])
    down = np.broadcast_to(rows[:, None, :, None], count).reshape(flat)
    across = np.broadcast_to(columns[None, :, None, :], count).reshape(flat)
    return down, across


def blocks_of(x: Any, kernel: Any, dilation: Any, stride: Any) -> Any:
    """The blocks of (n, *axes, channels): (n, *blocks, *kernel, channels)."""
    rank = len(kernel)
    places = []
    for axis, one in enumerate(zip(x.shape[1:-1], kernel, dilation, stride, strict=True)):
        shape = [1] * (2 * rank)
        found = _places(*one).T
        shape[axis], shape[rank + axis] = found.shape
        places.append(found.reshape(shape))
    return x[(slice(None), *places)]


@operation
def unfold(x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """The blocks of pictures (n, c, h, w) as columns: (n, c * kernel elements, blocks)."""
    x = as_tensor(x)
    kernel, spacing, border, step = map(_pair, (kernel_size, dilation, padding, stride))
    x = pad(x, ((0, 0), (0, 0), (border[0],) * 2, (border[1],) * 2))
    down, across = _grid(x.shape[2:], kernel, spacing, step)
    found = x[:, :, down, across]
    return found.reshape(x.shape[0], x.shape[1] * down.shape[0], down.shape[1])


@operation
def fold(
    x: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    """Pictures (n, c, *output_size) to which the columns of `unfold` are added at their places."""
    x = as_tensor(x)
    kernel, spacing, border, step = map(_pair, (kernel_size, dilation, padding, stride))
    height, width = _pair(output_size)
    size = (height + 2 * border[0], width + 2 * border[1])
    down, across = _grid(size, kernel, spacing, step)
    channels, rest = divmod(x.shape[1], down.shape[0])
    if rest or x.shape[2] != down.shape[1]:
        raise InputError(
            f"fold: {x.shape} does not fit {down.shape[1]} blocks of {down.shape[0]} elements"
        )
    values = x.reshape(x.shape[0], channels, *down.shape)
    index = (slice(None), slice(None), down, across)
    made = scatter(values, index=index, shape=(x.shape[0], channels, *size))
    return made[:, :, border[0] : border[0] + height, border[1] : border[1] + width]


# -- axes by their names --------------------------------------------------------------------------


def _groups(text: str) -> list[list[str]]:
    """The names of each axis: "b (h w) c" is [["b"], ["h", "w"], ["c"]]."""
    return [part.strip("()").split() for part in re.findall(r"\([^()]*\)|[^\s()]+", text)]


@operation
def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Axes split, moved and joined as a pattern says: "b (h s) c -> b h (s c)" with s=2."""
    x = as_tensor(tensor)
    before, arrow, after = pattern.partition("->")
    sources, targets = _groups(before), _groups(after)
    names = [name for group in sources for name in group]
    if (
        not arrow
        or sorted(names) != sorted(n for g in targets for n in g)
        or len(set(names)) < len(names)
    ):
        raise InputError(
            f"rearrange: {pattern!r} must have the same names on both sides, each once"
        )
    if len(sources) != len(x.shape):
        raise InputError(f"rearrange: {pattern!r} does not fit {len(x.shape)} axes")
    sizes: dict[str, int] = {}
    for group, size in zip(sources, x.shape, strict=True):
        sizes.update(_split(pattern, group, size, axes_lengths))
    x = x.reshape(*(sizes[name] for name in names))
    x = transpose(x, [names.index(name) for group in targets for name in group])
    return x.reshape(*(int(np.prod([sizes[n] for n in group])) for group in targets))


def _split(pattern: str, group: list[str], size: int, known: dict[str, int]) -> dict[str, int]:
    """The sizes of names that together are an axis of `size`; one may be unknown."""
    sizes = {name: int(known[name]) for name in group if name in known}
    product, left = int(np.prod(list(sizes.values()))), [n for n in group if n not in known]
    if len(left) > 1:
        raise InputError(f"rearrange: {pattern!r} needs the length of {left[0]!r} or {left[1]!r}")
    if size % product or (not left and product != size):
        raise InputError(f"rearrange: an axis of {size} does not split into {group} with {sizes}")
    return {**sizes, **dict.fromkeys(left, size // product)}
