"""Operators that move, repeat and join elements."""

from __future__ import annotations

import numpy as np

from .builder import Builder, DoesNotFit, Rule

__all__ = ["RULES"]

ANY = ("float32", "int8", "int8", "uint8", "int16", "int32", "int64", "bool")
IMAGES = ("float32", "int8", "uint8", "int16")
RANKS = range(1, 6)


def reshape(b: Builder) -> None:
    number = b.read(ANY, RANKS)
    left = int(np.prod(b.tensor(number).known_shape))
    sizes: list[int] = []
    while left > 1 and len(sizes) < 4:
        sizes.append(b.pick([d for d in range(1, left + 1) if left % d == 0]))
        left //= sizes[-1]
    sizes.append(left if b.chance(0.5) else -1)
    b.emit("RESHAPE", [number, b.constant(sizes, dtype="int32")], [b.like(number)])


def transpose(b: Builder) -> None:
    number = b.read(ANY, RANKS)
    order = b.rng.permutation(len(b.tensor(number).known_shape))
    b.emit("TRANSPOSE", [number, b.constant(order, dtype="int32")], [b.like(number)])


def pad(b: Builder) -> None:
    number = b.read(ANY, RANKS)
    t = b.tensor(number)
    pads = b.rng.integers(0, 3, (len(t.known_shape), 2))
    pads[b.rng.random(len(pads)) < 0.4] = 0
    inputs = [number, b.constant(pads, dtype="int32")]
    if b.chance(0.5):
        b.emit("PAD", inputs, [b.like(number)])
    else:
        b.emit("PADV2", [*inputs, b.constant(b.array((), t.dtype), t.quant)], [b.like(number)])


def mirror_pad(b: Builder) -> None:
    number, mode = b.read(ANY, RANKS), b.number(0, 1)
    most = [min(2, d - 1 + mode) for d in b.tensor(number).known_shape]
    pads = b.constant([[b.number(0, m), b.number(0, m)] for m in most], dtype="int32")
    b.emit("MIRROR_PAD", [number, pads], [b.like(number)], ("MirrorPadOptions", {"mode": mode}))


def tile(b: Builder) -> None:
    number = b.read(ANY, RANKS)
    times = b.rng.integers(1, 3, len(b.tensor(number).known_shape))
    b.emit("TILE", [number, b.constant(times, dtype="int32")], [b.like(number)])


def part(b: Builder) -> None:
    """STRIDED_SLICE with its masks; what is shrunk has a stride of 1, since LiteRT computes nothing
    for others, and a place within the dimension.
    """
    number = b.read(ANY, RANKS)
    sizes = b.tensor(number).known_shape
    begin = [b.number(-d, d - 1) for d in sizes]
    end = [b.number(-d - 1, d + 1) for d in sizes]
    stride = [b.pick([1, 1, 2, 3, -1, -2]) for _ in sizes]
    masks = {
        name: sum(int(b.chance(0.3)) << i for i in range(len(sizes)))
        for name in ("begin_mask", "end_mask", "shrink_axis_mask")
    }
    stride = [1 if masks["shrink_axis_mask"] >> i & 1 else s for i, s in enumerate(stride)]
    if b.chance(0.2):
        masks["ellipsis_mask"] = 1 << b.number(0, len(sizes) - 1)
    if b.chance(0.2):
        masks["new_axis_mask"] = 1 << b.number(0, len(sizes) - 1)
    inputs = [number, *(b.constant(line, dtype="int32") for line in (begin, end, stride))]
    b.emit("STRIDED_SLICE", inputs, [b.like(number)], ("StridedSliceOptions", masks))


def parts(b: Builder) -> None:
    number = b.read(ANY, RANKS)
    shape = b.tensor(number).known_shape
    axis = b.number(-len(shape), len(shape) - 1)
    count = b.pick([d for d in range(1, 7) if shape[axis] % d == 0])
    inputs = [b.constant(axis, dtype="int32"), number]
    results = [b.like(number) for _ in range(count)]
    b.emit("SPLIT", inputs, results, ("SplitOptions", {"num_splits": count}))


def concatenation(b: Builder) -> None:
    first = b.read(ANY[:-1], RANKS)
    t = b.tensor(first)
    axis = b.number(-len(t.known_shape), len(t.known_shape) - 1)
    numbers = [first]
    for _ in range(b.number(0, 3)):
        shape = list(t.known_shape)
        shape[axis] = b.number(1, 4)
        numbers.append(
            b.constant(b.array(shape, t.dtype), t.quant)
            if b.chance(0.5)
            else b.input(shape, t.dtype, t.quant)
        )
    options = ("ConcatenationOptions", {"axis": axis})
    b.emit("CONCATENATION", [*b.rng.permutation(numbers).tolist()], [b.like(first)], options)


def gather(b: Builder) -> None:
    number = b.read(ANY, RANKS)
    shape = b.tensor(number).known_shape
    axis = b.number(0, len(shape) - 1)
    places = b.rng.integers(0, shape[axis], [b.number(1, 4) for _ in range(b.number(0, 2))])
    inputs = [number, b.constant(places, dtype=b.pick(["int32", "int64"]))]
    b.emit("GATHER", inputs, [b.like(number)], ("GatherOptions", {"axis": axis}))


def blocks(b: Builder) -> None:
    number = b.read(("float32", "int8", "uint8", "int32"), [4])
    _, height, width, channels = b.tensor(number).known_shape
    block = b.number(2, 3)
    if height % block == 0 and width % block == 0:
        code, table = "SPACE_TO_DEPTH", "SpaceToDepthOptions"
    elif channels % block**2 == 0:
        code, table = "DEPTH_TO_SPACE", "DepthToSpaceOptions"
    else:
        raise DoesNotFit
    b.emit(code, [number], [b.like(number)], (table, {"block_size": block}))


def resize(b: Builder) -> None:
    kind = b.pick(["Bilinear", "NearestNeighbor"])
    code = "RESIZE_BILINEAR" if kind == "Bilinear" else "RESIZE_NEAREST_NEIGHBOR"
    number = b.read(IMAGES, [4])
    _, height, width, _ = b.tensor(number).known_shape
    size = b.pick([(2 * height, 2 * width), (b.number(1, 20), b.number(1, 20))])
    which = b.number(0, 2)
    options = {"align_corners": which == 1, "half_pixel_centers": which == 2}
    inputs = [number, b.constant(size, dtype="int32")]
    b.emit(code, inputs, [b.like(number)], (f"Resize{kind}Options", options))


RULES: tuple[Rule, ...] = (
    *(reshape, transpose, pad, mirror_pad, tile, part, part, parts, concatenation, concatenation),
    *(gather, blocks, resize),
)
