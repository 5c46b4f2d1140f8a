"""Shape rules of the operators that move elements; `shapes.py` says what a rule is.

An open batch (None) stays open where the operator leaves the first dimension alone, and is an
error where it would be cut, repeated or mixed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgekit.errors import ShapeError

from .graph import Shape
from .shapes import Attrs, Inputs, axis_of, image, known_size, shape_of, shape_text

__all__: list[str] = []


def concat(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    shapes = [shape_of(inputs, i) for i in range(len(inputs))]
    axis = axis_of(attrs["axis"], len(shapes[0]))
    outside = {(*s[:axis], *s[axis + 1 :]) for s in shapes}
    if len(outside) != 1 or len({len(s) for s in shapes}) != 1:
        received = ", ".join(shape_text(s) for s in shapes)
        raise ShapeError(f"shapes may differ along axis {axis} only, received {received}")
    along = [s[axis] for s in shapes]
    if None in along:
        raise ShapeError("values of unknown batch size cannot be joined along the batch")
    joined = sum(known_size(d) for d in along)
    return ((*shapes[0][:axis], joined, *shapes[0][axis + 1 :]),)


def transpose(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, perm = shape_of(inputs, 0), attrs["perm"]
    if sorted(perm) != list(range(len(x))):
        raise ShapeError(f"perm must hold each of 0..{len(x) - 1} once, received {perm}")
    if x and x[0] is None and perm[0] != 0:
        raise ShapeError(f"the batch must stay first, received perm {perm}")
    return (tuple(x[p] for p in perm),)


def pad(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, pads = shape_of(inputs, 0), attrs["pads"]
    if len(pads) != 2 * len(x) or min(pads, default=0) < 0:
        raise ShapeError(
            f"pads are a before and an after, none negative, for each of {len(x)} dimensions; "
            f"received {pads}"
        )
    if x and x[0] is None and (pads[0] or pads[1]):
        raise ShapeError(f"an unknown batch cannot be padded, received {pads}")
    dtype = inputs[0].dtype if inputs[0] is not None else ""
    if dtype in ("int32", "int64") and not abs(attrs["value"]) < 2**31:
        raise ShapeError(f"{dtype} cannot be padded with {attrs['value']}")
    return (tuple(d if d is None else d + pads[2 * i] + pads[2 * i + 1] for i, d in enumerate(x)),)


def slice_(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """Along each dimension `size` elements, `step` apart, the first at `start`."""
    x, starts, sizes = shape_of(inputs, 0), attrs["starts"], attrs["sizes"]
    steps = attrs["steps"] or (1,) * len(x)
    if not len(x) == len(starts) == len(sizes) == len(steps) or 0 in steps:
        raise ShapeError(
            f"{shape_text(x)} needs {len(x)} starts, sizes and steps other than 0, "
            f"received {starts}, {sizes}, {steps}"
        )
    result: list[int | None] = []
    for dimension, start, size, step in zip(x, starts, sizes, steps, strict=True):
        if dimension is None:
            if (start, size, step) != (0, -1, 1):
                raise ShapeError("an unknown batch can only be taken whole (start 0, size -1)")
            result.append(None)
            continue
        length = _to_the_end(dimension, start, step) if size == -1 else size
        last = start + (length - 1) * step
        if length < 1 or not (0 <= start < dimension and 0 <= last < dimension):
            raise ShapeError(f"slice {starts} of {sizes} by {steps} leaves {shape_text(x)}")
        result.append(length)
    return (tuple(result),)


def _to_the_end(dimension: int, start: int, step: int) -> int:
    """How many elements there are from `start` on, in steps forwards or backwards."""
    return -(-(dimension - start) // step) if step > 0 else start // -step + 1


def split(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, sizes = shape_of(inputs, 0), attrs["sizes"]
    axis = axis_of(attrs["axis"], len(x))
    if not sizes or x[axis] != sum(sizes) or min(sizes) < 1:
        raise ShapeError(f"parts of {sizes} along axis {axis} do not make up {shape_text(x)}")
    return tuple((*x[:axis], size, *x[axis + 1 :]) for size in sizes)


def gather(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """The axis is replaced by the dimensions of the indices; `batch_dims` are shared."""
    x, indices = shape_of(inputs, 0), shape_of(inputs, 1)
    axis, batch = axis_of(attrs["axis"], len(x)), attrs["batch_dims"]
    batch = batch + len(indices) if batch < 0 else batch
    if not 0 <= batch <= min(axis, len(indices)) or x[:batch] != indices[:batch]:
        raise ShapeError(
            f"{batch} first dimensions must be shared and stand before axis {axis}, "
            f"received {shape_text(x)} and {shape_text(indices)}"
        )
    if x[axis] is None or (axis > 0 and None in indices[batch:]):
        raise ShapeError("an unknown batch can neither be gathered from nor move to the inside")
    return ((*x[:axis], *indices[batch:], *x[axis + 1 :]),)


def gather_nd(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """Each row of the indices names one element, row or map of x."""
    x, indices = shape_of(inputs, 0), shape_of(inputs, 1)
    depth = known_size(indices[-1]) if indices else 0
    if not 1 <= depth <= len(x) or None in x:
        raise ShapeError(
            f"indices of {shape_text(indices)} need a known shape of at least "
            f"{depth} dimensions, received {shape_text(x)}"
        )
    return ((*indices[:-1], *x[depth:]),)


def tile(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, repeats = shape_of(inputs, 0), attrs["repeats"]
    if len(repeats) != len(x):
        raise ShapeError(f"{shape_text(x)} needs {len(x)} repeats, received {repeats}")
    if x and x[0] is None and repeats[0] != 1:
        raise ShapeError(f"an unknown batch cannot be repeated, received {repeats}")
    return (tuple(d if d is None else d * n for d, n in zip(x, repeats, strict=True)),)


def broadcast_to(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """-1 keeps a dimension as it is."""
    x, target = shape_of(inputs, 0), attrs["shape"]
    if len(target) < len(x):
        raise ShapeError(f"{shape_text(x)} has more dimensions than {target}")
    padded = (1,) * (len(target) - len(x)) + x
    result: list[int | None] = []
    for dimension, wanted in zip(padded, target, strict=True):
        if wanted not in (-1, dimension) and dimension != 1:
            raise ShapeError(f"{shape_text(x)} cannot be broadcast to {target}")
        result.append(dimension if wanted == -1 else wanted)
    return (tuple(result),)


def mirror_pad(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, pads = shape_of(inputs, 0), attrs["pads"]
    if len(pads) != 2 * len(x):
        raise ShapeError(f"{shape_text(x)} needs {2 * len(x)} pads, received {pads}")
    result: list[int | None] = []
    for i, dimension in enumerate(x):
        before, after = pads[2 * i], pads[2 * i + 1]
        if dimension is None:
            if before or after:
                raise ShapeError(f"an unknown batch cannot be padded, received {pads}")
            result.append(None)
            continue
        most = dimension - (attrs["mode"] == "reflect")
        if max(before, after) > most:
            raise ShapeError(f"a dimension of {dimension} mirrors {most} at most, received {pads}")
        result.append(dimension + before + after)
    return (tuple(result),)


def space_to_depth(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, block = image(inputs), attrs["block"]
    batch, (height, width, channels) = x[0], (known_size(d) for d in x[1:])
    if height % block or width % block:
        raise ShapeError(f"blocks of {block} do not divide {shape_text(x)}")
    return ((batch, height // block, width // block, channels * block * block),)


def depth_to_space(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, block = image(inputs), attrs["block"]
    batch, (height, width, channels) = x[0], (known_size(d) for d in x[1:])
    if channels % (block * block):
        raise ShapeError(f"blocks of {block} times {block} do not divide {shape_text(x)}")
    return ((batch, height * block, width * block, channels // (block * block)),)


def space_to_batch(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """[n, h, w, ...] to [n * blocks, padded h / block, padded w / block, ...]."""
    x, blocks, pads = _blocked(inputs, attrs, "pads")
    result = [x[0] * math.prod(blocks), *x[1:]]
    for i, block in enumerate(blocks):
        padded = x[i + 1] + pads[2 * i] + pads[2 * i + 1]
        if padded % block:
            raise ShapeError(f"blocks of {blocks} do not divide {shape_text(x)} padded by {pads}")
        result[i + 1] = padded // block
    return (tuple(result),)


def batch_to_space(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    x, blocks, crops = _blocked(inputs, attrs, "crops")
    if x[0] % math.prod(blocks):
        raise ShapeError(f"a batch of {x[0]} does not hold blocks of {blocks}")
    result = [x[0] // math.prod(blocks), *x[1:]]
    for i, block in enumerate(blocks):
        result[i + 1] = x[i + 1] * block - crops[2 * i] - crops[2 * i + 1]
    return (tuple(result),)


def _blocked(
    inputs: Inputs, attrs: Attrs, border: str
) -> tuple[list[int], Sequence[int], Sequence[int]]:
    shape, blocks, sides = shape_of(inputs, 0), attrs["blocks"], attrs[border]
    if len(shape) < len(blocks) + 1 or len(sides) != 2 * len(blocks) or None in shape:
        raise ShapeError(
            f"blocks of {blocks} need a known batch, as many dimensions after it and twice as "
            f"many {border}, received {shape_text(shape)} and {sides}"
        )
    return [known_size(d) for d in shape], blocks, sides
