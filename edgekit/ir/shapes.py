"""Shape rules: from the shapes of the inputs and the attributes to the shapes of the outputs.

Each rule takes the input values (None where an optional input is left out) and all attributes,
and returns one shape per output. An unknown first dimension (None) stays unknown. Rules raise
ShapeError with what was expected and what came; the caller adds the layer's name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from edgekit.errors import ShapeError

from .graph import Shape, Value

__all__ = ["Attrs", "Inputs", "window_size"]

Inputs = Sequence[Value | None]
Attrs = Mapping[str, Any]

LARGEST_BORDER = 2**22


def window_size(size: int, window: int, stride: int, before: int, after: int, step: int = 1) -> int:
    """How many windows of `window` cells, `step` apart, fit into a padded line."""
    reach = (window - 1) * step + 1
    padded = size + before + after
    if padded < reach:
        raise ShapeError(f"a window of {reach} does not fit into {padded} cells (with padding)")
    return (padded - reach) // stride + 1


def same(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    return (shape_of(inputs, 0),)


def rows(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """The same; there is a last dimension to work along."""
    x = shape_of(inputs, 0)
    axis_of(-1, len(x))
    return (x,)


def broadcast(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """Numpy's rule; an unknown batch meets an unknown batch, a 1 or nothing."""
    a, b = shape_of(inputs, 0), shape_of(inputs, 1)
    rank = max(len(a), len(b))
    pairs = zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True)
    result: list[int | None] = []
    for left, right in pairs:
        if left != right and 1 not in (left, right):
            raise ShapeError(f"shapes {shape_text(a)} and {shape_text(b)} cannot be broadcast")
        result.append(right if left == 1 else left)
    return (tuple(result),)


def dense(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, weight = shape_of(inputs, 0), known_shape(inputs, 1, rank=2)
    if not x or x[-1] != weight[1]:
        raise ShapeError(
            f"weight {shape_text(weight)} needs {weight[1]} features, received {shape_text(x)}"
        )
    check_bias(inputs, weight[0])
    return ((*x[:-1], weight[0]),)


def conv2d(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, weight = image(inputs), known_shape(inputs, 1, rank=4)
    groups = attrs["groups"]
    if x[3] != weight[3] * groups or weight[0] % groups:
        raise ShapeError(
            f"weight {shape_text(weight)} with {groups} groups needs {weight[3] * groups} channels "
            f"and outputs divisible by the groups, received input {shape_text(x)}"
        )
    check_bias(inputs, weight[0])
    return ((x[0], *_windows(x, weight[1:3], attrs, attrs["dilations"]), weight[0]),)


def depthwise(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, weight = image(inputs), known_shape(inputs, 1, rank=4)
    if weight[0] != 1 or weight[3] % known_size(x[3]):
        raise ShapeError(
            f"a depthwise weight is [1, height, width, channels * multiplier]; "
            f"received {shape_text(weight)} for input {shape_text(x)}"
        )
    check_bias(inputs, weight[3])
    return ((x[0], *_windows(x, weight[1:3], attrs, attrs["dilations"]), weight[3]),)


def pool(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x = image(inputs)
    pads, window = attrs["pads"], attrs["pool"]
    if any(pads[i] >= window[i % 2] for i in range(4)):
        raise ShapeError(f"pads {pads} leave a window of {window} without a single valid cell")
    return ((x[0], *_windows(x, window, attrs, (1, 1)), x[3]),)


def batch_norm(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x = shape_of(inputs, 0)
    if not x:
        raise ShapeError("expected at least one dimension, the channels, received none")
    for position, name in enumerate(("gamma", "beta", "mean", "variance"), start=1):
        if shape_of(inputs, position) != (x[-1],):
            received = shape_text(shape_of(inputs, position))
            raise ShapeError(f"{name} must have shape [{x[-1]}], received {received}")
    return (x,)


def softmax(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x = shape_of(inputs, 0)
    axis_of(attrs["axis"], len(x))
    return (x,)


def reshape(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """One -1 at most. With an unknown batch the first target must be -1: it stays the batch."""
    x, target = shape_of(inputs, 0), tuple(attrs["shape"])
    unknown = [i for i, d in enumerate(target) if d == -1]
    fixed = math.prod(d for d in target if d != -1)
    if len(unknown) > 1 or any(d < -1 for d in target):
        raise ShapeError(f"a shape has one -1 at most and nothing below, received {target}")
    if x and x[0] is None:
        if unknown != [0] or fixed != math.prod(known_size(d) for d in x[1:]):
            raise ShapeError(
                f"{shape_text(x)} keeps its batch: expected -1 and then dimensions "
                f"of {math.prod(known_size(d) for d in x[1:])} elements, received {target}"
            )
        return ((None, *target[1:]),)
    total = math.prod(known_size(d) for d in x)
    if unknown and fixed and total % fixed == 0:
        target = tuple(total // fixed if d == -1 else d for d in target)
    if -1 in target or math.prod(target) != total:
        raise ShapeError(f"{shape_text(x)} of {total} elements cannot take the shape {target}")
    return (target,)


def axis_of(axis: int, rank: int) -> int:
    """A possibly negative axis, counted from the front."""
    if not -rank <= axis < rank:
        raise ShapeError(f"axis {axis} does not exist in {rank} dimensions")
    return axis % rank


def _windows(
    x: Shape, window: Sequence[int], attrs: Attrs, dilations: Sequence[int]
) -> tuple[int, int]:
    top, left, bottom, right = attrs["pads"]
    strides = attrs["strides"]
    height, width, channels = (known_size(d) for d in x[1:])
    check_border(height * width, (height + top + bottom) * (width + left + right), channels)
    return (
        window_size(known_size(x[1]), window[0], strides[0], top, bottom, dilations[0]),
        window_size(known_size(x[2]), window[1], strides[1], left, right, dilations[1]),
    )


def check_border(cells: int, padded_cells: int, channels: int) -> None:
    """Padding is working memory that no value declares: it stays in proportion to its input."""
    border = (padded_cells - cells) * channels
    if border > LARGEST_BORDER and border > 8 * cells * channels:
        raise ShapeError(
            f"pads of {border} elements around {cells * channels}; allowed are {LARGEST_BORDER}, "
            "or eight times the input; use Pad for more"
        )


def shape_of(inputs: Inputs, position: int) -> Shape:
    value = inputs[position]
    if value is None:
        raise ShapeError(f"input {position} is missing")
    return value.shape


def known_shape(inputs: Inputs, position: int, rank: int) -> tuple[int, ...]:
    shape = shape_of(inputs, position)
    if len(shape) != rank or None in shape:
        raise ShapeError(f"a weight has {rank} known dimensions, received {shape_text(shape)}")
    return tuple(known_size(d) for d in shape)


def image(inputs: Inputs) -> Shape:
    shape = shape_of(inputs, 0)
    if len(shape) != 4 or not all(shape[1:]):
        raise ShapeError(f"expected [batch, height, width, channels], received {shape_text(shape)}")
    return shape


def check_bias(inputs: Inputs, channels: int) -> None:
    if len(inputs) > 2 and inputs[2] is not None and inputs[2].shape != (channels,):
        raise ShapeError(
            f"bias must have shape [{channels}], received {shape_text(inputs[2].shape)}"
        )


def known_size(dimension: int | None) -> int:
    if dimension is None:
        raise ShapeError("only the batch dimension may be unknown")
    return dimension


def shape_text(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("?" if d is None else str(d) for d in shape) + "]"
