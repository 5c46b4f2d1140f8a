"""Rules of resizing, blocks of pixels, transposed and solid convolutions, and matrix products."""

from __future__ import annotations

import math

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, attributes

from .lowering import Lowering, Rule
from .windows import bias_inputs, constant_input

__all__ = ["IMAGE_RULES"]


def resize_nearest(node: Node, to: Lowering) -> None:
    """The nearest of centers, floor((i + 0.5) * scale), is a rounding of what ONNX starts from."""
    attrs = attributes(node)
    if attrs["align_corners"] and attrs["half_pixel_centers"]:
        raise UnsupportedOperator("ONNX either aligns corners or has half pixel centers")
    plain = not (attrs["align_corners"] or attrs["half_pixel_centers"])
    _resize(node, to, "nearest", nearest_mode="floor" if plain else "round_prefer_ceil")


def resize_bilinear(node: Node, to: Lowering) -> None:
    _resize(node, to, "linear")


def _resize(node: Node, to: Lowering, mode: str, **settings: str) -> None:
    """The size of batch and channels is the input's own, whatever it is."""
    attrs = attributes(node)
    coordinates = "half_pixel" if attrs["half_pixel_centers"] else "asymmetric"
    coordinates = "align_corners" if attrs["align_corners"] else coordinates
    x = to.read(node.inputs[0], "first")
    shape = to.between(node, "Shape", [x], start=0, end=2)
    size = to.integers(attrs["size"], f"{node.name}/size")
    sizes = to.between(node, "Concat", [shape, size], axis=0)
    to.write(
        node,
        "Resize",
        [x, "", "", sizes],
        "first",
        mode=mode,
        coordinate_transformation_mode=coordinates,
        **settings,
    )


def space_to_depth(node: Node, to: Lowering) -> None:
    x = to.read(node.inputs[0], "first")
    to.write(node, "SpaceToDepth", [x], "first", blocksize=attributes(node)["block"])


def depth_to_space(node: Node, to: Lowering) -> None:
    x = to.read(node.inputs[0], "first")
    block = attributes(node)["block"]
    to.write(node, "DepthToSpace", [x], "first", blocksize=block, mode="DCR")


def space_to_batch(node: Node, to: Lowering) -> None:
    """Padded, split into blocks, and the places within blocks moved in front of the batch."""
    attrs, tensor = attributes(node), to.read(node.inputs[0])
    blocks, pads = attrs["blocks"], attrs["pads"]
    shape = [d or 1 for d in to.value(node.inputs[0]).shape]
    rank = len(blocks)
    if any(pads):
        rest = [0] * (len(shape) - rank - 1)
        sides = to.integers([0, *pads[::2], *rest, 0, *pads[1::2], *rest], f"{node.name}/pads")
        tensor = to.between(node, "Pad", [tensor, sides])
    sizes = [d or 1 for d in to.value(node.outputs[0]).shape]
    pairs = [n for pair in zip(sizes[1:], blocks, strict=False) for n in pair]
    split = to.integers([shape[0], *pairs, *shape[rank + 1 :]], f"{node.name}/split")
    cells = to.between(node, "Reshape", [tensor, split])
    moved = to.between(node, "Transpose", [cells], perm=_blocks_first(rank, len(shape) + rank))
    to.write(node, "Reshape", [moved, to.integers(sizes, f"{node.name}/shape")])


def batch_to_space(node: Node, to: Lowering) -> None:
    attrs, tensor = attributes(node), to.read(node.inputs[0])
    blocks, crops = attrs["blocks"], attrs["crops"]
    shape = [d or 1 for d in to.value(node.inputs[0]).shape]
    rank, batch = len(blocks), shape[0] // math.prod(attrs["blocks"])
    split = to.integers([*blocks, batch, *shape[1:]], f"{node.name}/split")
    cells = to.between(node, "Reshape", [tensor, split])
    first = _blocks_first(rank, len(shape) + rank)
    back = sorted(range(len(first)), key=first.__getitem__)
    moved = to.between(node, "Transpose", [cells], perm=back)
    sizes = [size * block for size, block in zip(shape[1:], blocks, strict=False)]
    whole = to.integers([batch, *sizes, *shape[rank + 1 :]], f"{node.name}/shape")
    if not any(crops):
        to.write(node, "Reshape", [moved, whole])
        return
    joined = to.between(node, "Reshape", [moved, whole])
    ends = [size - crop for size, crop in zip(sizes, crops[1::2], strict=True)]
    numbers = {"starts": crops[::2], "ends": ends, "axes": range(1, rank + 1)}
    inputs = [to.integers(list(line), f"{node.name}/{what}") for what, line in numbers.items()]
    to.write(node, "Slice", [joined, *inputs])


def _blocks_first(rank: int, dimensions: int) -> tuple[int, ...]:
    """From [samples, size, block, size, block, ...] to [block, block, samples, size, size, ...]."""
    inside = range(2 * rank + 1, dimensions)
    return (*range(2, 2 * rank + 1, 2), 0, *range(1, 2 * rank + 1, 2), *inside)


def transpose_conv2d(node: Node, to: Lowering) -> None:
    """OHWI becomes IOHW; what the size leaves over is cut off or added at the end."""
    attrs = attributes(node)
    weight = constant_input(node, 1, to).array().transpose(0, 3, 1, 2)
    kernel = to.between(node, "Transpose", [to.parameter(node, 1, weight)], perm=(1, 0, 2, 3))
    cells = [d or 1 for d in to.value(node.inputs[0]).shape[1:3]]
    lines = zip(
        cells, attrs["strides"], weight.shape[2:], attrs["pads"], attrs["size"], strict=True
    )
    over = [(n - 1) * step + window - pad - size for n, step, window, pad, size in lines]
    to.write(
        node,
        "ConvTranspose",
        [to.read(node.inputs[0], "first"), kernel, *bias_inputs(node, to)],
        "first",
        kernel_shape=weight.shape[2:],
        strides=attrs["strides"],
        pads=(*attrs["pads"], *(max(0, n) for n in over)),
        output_padding=[max(0, -n) for n in over],
    )


def conv3d(node: Node, to: Lowering) -> None:
    attrs = attributes(node)
    weight = constant_input(node, 1, to).array().transpose(0, 4, 1, 2, 3)
    x = to.between(node, "Transpose", [to.read(node.inputs[0])], perm=(0, 4, 1, 2, 3))
    inputs = [x, to.parameter(node, 1, weight), *bias_inputs(node, to)]
    names = ("strides", "pads", "dilations")
    settings = {name: attrs[name] for name in names}
    sums = to.between(node, "Conv", inputs, kernel_shape=weight.shape[2:], **settings)
    to.write(node, "Transpose", [sums], perm=(0, 2, 3, 4, 1))


def batch_matmul(node: Node, to: Lowering) -> None:
    attrs = attributes(node)
    tensors = []
    for position, adjoint in enumerate((attrs["adj_x"], attrs["adj_y"])):
        value = to.value(node.inputs[position])
        tensor, rank = to.read(value.name), len(value.shape)
        if adjoint:
            perm = (*range(rank - 2), rank - 1, rank - 2)
            tensor = to.between(node, "Transpose", [tensor], perm=perm)
        tensors.append(tensor)
    to.write(node, "MatMul", tensors)


IMAGE_RULES: dict[str, Rule] = {
    "ResizeNearest": resize_nearest,
    "ResizeBilinear": resize_bilinear,
    "SpaceToDepth": space_to_depth,
    "DepthToSpace": depth_to_space,
    "SpaceToBatch": space_to_batch,
    "BatchToSpace": batch_to_space,
    "TransposeConv2D": transpose_conv2d,
    "Conv3D": conv3d,
    "BatchMatMul": batch_matmul,
}
