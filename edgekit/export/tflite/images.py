"""Rules of operators that change the size of maps, and of matrix products."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, Value, attributes
from edgekit.schema.tflite_layout import Padding

from .lowering import Lowering, Rule, constant_input, versioned
from .weights import bias, bias_type
from .windows import activation

__all__ = ["IMAGE_RULES"]


def resize_nearest(node: Node, to: Lowering) -> None:
    _resize(node, to, "RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions")


def resize_bilinear(node: Node, to: Lowering) -> None:
    _resize(node, to, "RESIZE_BILINEAR", "ResizeBilinearOptions")


def _resize(node: Node, to: Lowering, code: str, table: str) -> None:
    x, attrs = to.input(node, 0), attributes(node)
    options = {name: attrs[name] for name in ("align_corners", "half_pixel_centers")}
    inputs = (x.name, to.integers(attrs["size"], f"{node.name}/size"))
    version = versioned(x, int16=4)
    nearest_corners = options["align_corners"] and code == "RESIZE_NEAREST_NEIGHBOR"
    if options["half_pixel_centers"] or nearest_corners:
        version = max(version, 3)
    to.emit(code, inputs, node.outputs[0], (table, options), version)


def space_to_depth(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    options = ("SpaceToDepthOptions", {"block_size": attributes(node)["block"]})
    to.emit("SPACE_TO_DEPTH", (x.name,), node.outputs[0], options, versioned(x))


def depth_to_space(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    options = ("DepthToSpaceOptions", {"block_size": attributes(node)["block"]})
    to.emit("DEPTH_TO_SPACE", (x.name,), node.outputs[0], options)


def space_to_batch(node: Node, to: Lowering) -> None:
    _blocks(node, to, "SPACE_TO_BATCH_ND", "SpaceToBatchNDOptions", "pads")


def batch_to_space(node: Node, to: Lowering) -> None:
    _blocks(node, to, "BATCH_TO_SPACE_ND", "BatchToSpaceNDOptions", "crops")


def _blocks(node: Node, to: Lowering, code: str, table: str, sides: str) -> None:
    x, attrs = to.input(node, 0), attributes(node)
    inputs = (
        x.name,
        to.integers(attrs["blocks"], f"{node.name}/blocks"),
        to.constant(np.array(attrs[sides], np.int32).reshape(-1, 2), f"{node.name}/{sides}"),
    )
    version = 3 if len(x.shape) != 4 else versioned(x)
    to.emit(code, inputs, node.outputs[0], (table, {}), version)


def transpose_conv2d(node: Node, to: Lowering) -> None:
    """The shape comes first. Pads that are neither SAME nor VALID are sliced off afterwards.

    TFLite writes the batch down too: an open one is 1 for good.
    """
    x, weight, attrs = to.input(node, 0), constant_input(node, 1, to), attributes(node)
    y = to.output(node)
    batch, channels = y.shape[0] or 1, y.shape[3] or 1
    size, padding = attrs["size"], _transposed_padding(x, weight, node)
    result = y.name
    if padding is None:
        padding, size = Padding.VALID, _whole_size(x, weight, node)
        result = to.between(f"{node.name}/whole", (y.shape[0], *size, channels), y)
    shape = to.integers((batch, *size, channels), f"{node.name}/shape")
    options = {
        "padding": padding,
        "stride_h": attrs["strides"][0],
        "stride_w": attrs["strides"][1],
        **activation(attrs),
        **bias_type(node, to),
    }
    inputs = (shape, weight.name, x.name, bias(node, to))
    version = 5 if bias_type(node, to) else 4 if attrs["activation"] != "none" else 3
    to.emit("TRANSPOSE_CONV", inputs, result, ("TransposeConvOptions", options), version)
    if result != y.name:
        starts = to.integers((0, *attrs["pads"], 0), f"{node.name}/starts")
        sizes = to.integers((-1, *attrs["size"], -1), f"{node.name}/sizes")
        to.emit("SLICE", (result, starts, sizes), y.name, ("SliceOptions", {}), versioned(y))


def _transposed_padding(x: Value, weight: Value, node: Node) -> int | None:
    """VALID or SAME, if either has these pads and gives this size."""
    attrs = attributes(node)
    lines = list(zip(x.shape[1:3], weight.shape[1:3], attrs["strides"], attrs["size"], strict=True))
    if attrs["pads"] == (0, 0) and all(
        _int(window) <= size and (size - _int(window)) // stride + 1 == cells
        for cells, window, stride, size in lines
    ):
        return int(Padding.VALID)
    missing = [max(0, (-(-n // s) - 1) * s + _int(window) - n) for _, window, s, n in lines]
    same = attrs["pads"] == tuple(cells // 2 for cells in missing)
    if same and all(-(-size // stride) == cells for cells, _, stride, size in lines):
        return int(Padding.SAME)
    return None


def _whole_size(x: Value, weight: Value, node: Node) -> tuple[int, ...]:
    """The size with nothing cut off."""
    attrs = attributes(node)
    lines = zip(x.shape[1:3], weight.shape[1:3], attrs["strides"], strict=True)
    whole = tuple((_int(cells) - 1) * step + _int(window) for cells, window, step in lines)
    ends = zip(whole, attrs["pads"], attrs["size"], strict=True)
    if any(pad + size > all_ for all_, pad, size in ends):
        raise UnsupportedOperator(f"size {attrs['size']} with pads {attrs['pads']} has no name")
    return whole


def _int(dimension: int | None) -> int:
    return dimension or 1


def conv3d(node: Node, to: Lowering) -> None:
    """The weight becomes [depth, height, width, in, out]. Other pads than VALID run in front."""
    attrs, x = attributes(node), to.input(node, 0)
    weight = constant_input(node, 1, to).array().transpose(1, 2, 3, 4, 0)
    source = x.name
    if any(attrs["pads"]):
        source = _padded(node, to, x, attrs["pads"])
    options: dict[str, int] = {"padding": Padding.VALID, **activation(attrs)}
    for position, axis in enumerate("dhw"):
        options[f"stride_{axis}"] = attrs["strides"][position]
        options[f"dilation_{axis}_factor"] = attrs["dilations"][position]
    inputs = (source, to.constant(weight, f"{node.name}/weight"), bias(node, to))
    to.emit("CONV_3D", inputs, node.outputs[0], ("Conv3DOptions", options))


def _padded(node: Node, to: Lowering, x: Value, pads: Sequence[int]) -> str:
    sides = [(0, 0), *((pads[i], pads[i + 3]) for i in range(3)), (0, 0)]
    sizes = [None if d is None else d + a + b for d, (a, b) in zip(x.shape, sides, strict=True)]
    result = to.between(f"{node.name}/padded", tuple(sizes), x)
    numbers = to.constant(np.array(sides, np.int32), f"{node.name}/pads")
    to.emit("PAD", (x.name, numbers), result, ("PadOptions", {}), 4)
    return result


def batch_matmul(node: Node, to: Lowering) -> None:
    x, y, attrs = to.input(node, 0), to.input(node, 1), attributes(node)
    options = {name: attrs[name] for name in ("adj_x", "adj_y")}
    if attrs["rounding"] == "dense":
        if len(x.shape) != 2 or list(options.values()) != [False, True]:
            raise UnsupportedOperator("TFLite rounds only x @ y.T of two matrices like a Dense")
        version = 7 if x.dtype == "int16" else 4
        inputs = (x.name, y.name, None)
        to.emit("FULLY_CONNECTED", inputs, node.outputs[0], ("FullyConnectedOptions", {}), version)
        return
    table = ("BatchMatMulOptions", options)
    version = 3 if x.dtype == "int16" else versioned(x)
    to.emit("BATCH_MATMUL", (x.name, y.name), node.outputs[0], table, version)


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
