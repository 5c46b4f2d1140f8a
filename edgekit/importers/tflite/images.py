"""Reading operators that change the size of maps: resizing, blocks, transposed convolutions."""

from __future__ import annotations

import numpy as np

from edgekit.errors import ModelFormatError, ShapeError, UnsupportedOperator
from edgekit.frozen import replace
from edgekit.ir.graph import Array
from edgekit.schema.decoder import Record

from .file import Operator
from .reader import Reader, Rule
from .windows import bias, line_pads, step

__all__ = ["READERS"]


def resize_bilinear(op: Operator, reader: Reader) -> None:
    _resize(op, reader, "ResizeBilinear", "ResizeBilinearOptions")


def resize_nearest(op: Operator, reader: Reader) -> None:
    _resize(op, reader, "ResizeNearest", "ResizeNearestNeighborOptions")


def _resize(op: Operator, reader: Reader, kind: str, table: str) -> None:
    options = op.options(table)
    reader.emit(
        op,
        kind,
        reader.input(op, 0),
        size=reader.integers(op, 1),
        align_corners=bool(options["align_corners"]),
        half_pixel_centers=bool(options["half_pixel_centers"]),
    )


def space_to_depth(op: Operator, reader: Reader) -> None:
    block = int(op.options("SpaceToDepthOptions")["block_size"])
    reader.emit(op, "SpaceToDepth", reader.input(op, 0), block=block)


def depth_to_space(op: Operator, reader: Reader) -> None:
    block = int(op.options("DepthToSpaceOptions")["block_size"])
    reader.emit(op, "DepthToSpace", reader.input(op, 0), block=block)


def space_to_batch(op: Operator, reader: Reader) -> None:
    blocks, pads = reader.integers(op, 1), reader.integers(op, 2)
    reader.emit(op, "SpaceToBatch", reader.input(op, 0), blocks=blocks, pads=pads)


def batch_to_space(op: Operator, reader: Reader) -> None:
    blocks, crops = reader.integers(op, 1), reader.integers(op, 2)
    reader.emit(op, "BatchToSpace", reader.input(op, 0), blocks=blocks, crops=crops)


def transpose_conv(op: Operator, reader: Reader) -> None:
    """The shape of the output comes first, then the weight, then the input."""
    options = op.options("TransposeConvOptions")
    shape, weight = reader.integers(op, 0), reader.value(op, 1)
    if len(shape) != 4 or len(weight.shape) != 4:
        raise ShapeError(f"4 dimensions are needed, received {shape} and {list(weight.shape)}")
    strides, size = tuple(step(options, f"stride_{axis}") for axis in "hw"), shape[1:3]
    lines = zip(size, weight.shape[1:3], strides, (1, 1), strict=True)
    top, left = (line_pads(*_known(line), options["padding"])[0] for line in lines)
    reader.emit(
        op,
        "TransposeConv2D",
        reader.input(op, 2),
        weight.name,
        bias(op, reader, 3),
        fused=options["fused_activation_function"],
        size=size,
        strides=strides,
        pads=(top, left),
    )


def conv3d(op: Operator, reader: Reader) -> None:
    """The file's weight is [depth, height, width, in, out]."""
    options, x = op.options("Conv3DOptions"), reader.value(op, 0)
    weight = _constant_weight(op, reader).transpose(4, 0, 1, 2, 3)
    if len(x.shape) != 5 or None in x.shape[1:]:
        raise ShapeError(f"an input with 5 dimensions is needed, received {list(x.shape)}")
    strides = tuple(step(options, f"stride_{axis}") for axis in "dhw")
    dilations = tuple(step(options, f"dilation_{axis}_factor") for axis in "dhw")
    lines = zip(x.shape[1:4], weight.shape[1:4], strides, dilations, strict=True)
    sides = [line_pads(*_known(line), options["padding"]) for line in lines]
    pads = tuple(side[i] for i in (0, 1) for side in sides)
    reader.emit(
        op,
        "Conv3D",
        x.name,
        reader.new_constant(op, np.ascontiguousarray(weight), "weight"),
        bias(op, reader, 2),
        fused=options["fused_activation_function"],
        strides=strides,
        pads=pads,
        dilations=dilations,
    )


def conv3d_transpose(op: Operator, reader: Reader) -> None:
    """A Conv3D of the input with zeros between, with the weight turned around.

    The shape of the output comes first, then the weight [depth, height, width, out, in].
    """
    from .moves import spread  # few networks with images have such volumes

    options, shape, x = op.options("Conv3DOptions"), reader.integers(op, 0), reader.value(op, 2)
    weight = _constant_weight(op, reader)
    if len(x.shape) != 5 or len(shape) != 5 or None in x.shape[1:] or min(shape) < 1:
        raise ShapeError(f"5 dimensions are needed, received {list(x.shape)} and {list(shape)}")
    if any(options[f"dilation_{axis}_factor"] != 1 for axis in "dhw"):
        raise UnsupportedOperator("dilation is not known; convert the model without it")
    strides = tuple(step(options, f"stride_{axis}") for axis in "dhw")
    lines = zip(shape[1:4], weight.shape[:3], strides, (1, 1, 1), strict=True)
    low = [line_pads(*line, options["padding"])[0] for line in lines]
    wide, sizes = spread(op, reader, x, (1, *strides, 1), 0.0)
    taken = tuple(-1 if d is None else d for d in sizes)
    part = reader.add(op, "Slice", wide, starts=(0,) * 5, sizes=taken)
    before = [size - 1 - n for size, n in zip(weight.shape[:3], low, strict=True)]
    after = [
        n + size - 1 - d - b
        for n, size, d, b in zip(shape[1:4], weight.shape[:3], taken[1:4], before, strict=True)
    ]
    if min(*before, *after) < 0 or weight.shape[3] != shape[4]:
        raise ShapeError(f"{list(x.shape)} by {list(weight.shape)} does not become {list(shape)}")
    turned = weight[::-1, ::-1, ::-1].transpose(3, 0, 1, 2, 4)
    reader.emit(
        op,
        "Conv3D",
        part,
        reader.new_constant(op, np.ascontiguousarray(turned), "weight"),
        bias(op, reader, 3),
        fused=options["fused_activation_function"],
        pads=(*before, *after),
    )


def _known(line: tuple[int | None, ...]) -> tuple[int, int, int, int]:
    size, window, stride, dilation = (number or 0 for number in line)
    return size, window, stride, dilation


def _constant_weight(op: Operator, reader: Reader) -> Array:
    value = reader.value(op, 1)
    if value.data is None or value.data.ndim != 5 or value.dtype != "float32":
        raise UnsupportedOperator("the weight must be a float32 constant of 5 dimensions")
    return value.data


def batch_matmul(op: Operator, reader: Reader) -> None:
    """One int8 matrix for real numbers is the weight of a Dense: LiteRT rounds alike for both."""
    options = op.options("BatchMatMulOptions")
    x, y = reader.value(op, 0), reader.value(op, 1)
    if x.dtype == "float32" and y.dtype == "int8":
        _dynamic_matmul(op, reader, options)
        return
    adjoint = {name: bool(options[name]) for name in ("adj_x", "adj_y")}
    reader.emit(op, "BatchMatMul", *reader.inputs(op)[:2], **adjoint)


def _dynamic_matmul(op: Operator, reader: Reader, options: Record) -> None:
    x, y = reader.value(op, 0), reader.value(op, 1)
    if y.data is None or y.quant is None or any(d != 1 for d in y.shape[:-2]):
        raise UnsupportedOperator("int8 meets float32 as one constant matrix only")
    if len(y.shape) > len(x.shape) or y.quant.axis not in (
        None,
        len(y.shape) - 1 - options["adj_y"],
    ):
        raise UnsupportedOperator(f"{list(y.shape)} with scales {y.quant} cannot be a weight")
    matrix = y.data.reshape(y.data.shape[-2:])
    weight = np.ascontiguousarray(matrix if options["adj_y"] else matrix.T)
    quant = replace(y.quant, axis=None if y.quant.axis is None else 0)
    name = x.name
    if options["adj_x"]:
        rank = len(x.shape)
        name = reader.add(op, "Transpose", name, perm=(*range(rank - 2), rank - 1, rank - 2))
    asymmetric = bool(options["asymmetric_quantize_inputs"])
    constant = reader.new_constant(op, weight, "weight", quant)
    reader.emit(op, "Dense", name, constant, asymmetric=asymmetric)


def local_response_normalization(op: Operator, reader: Reader) -> None:
    """x * (bias + alpha * sum of the squares of the channels around)^-beta.

    Of the channels around, LiteRT's reference kernel leaves out the last.
    """
    options, x = op.options("LocalResponseNormalizationOptions"), reader.value(op, 0)
    numbers = [float(options[name]) for name in ("alpha", "bias", "beta")]
    if len(x.shape) != 4 or None in x.shape[1:] or x.dtype != "float32":
        raise ShapeError(f"float32 maps are needed, received {x}")
    if not np.isfinite(numbers).all() or options["radius"] < 0:
        raise ModelFormatError(f"radius {options['radius']} and {numbers} normalize nothing")
    _, height, width, channels = (d or -1 for d in x.shape)
    radius = min(int(options["radius"]), channels)
    alpha, bias, beta = (np.full(1, number, np.float32) for number in numbers)
    weight = np.full((1, 1, 2 * radius + 1, 1), alpha, np.float32)
    if reader.arithmetic == "fixedpoint":
        weight[0, 0, -1] = 0.0
    squares = reader.add(op, "Square", x.name)
    lines = reader.add(op, "Reshape", squares, shape=(-1, height * width, channels, 1))
    sums = reader.add(
        op,
        "Conv2D",
        lines,
        reader.new_constant(op, weight, "window"),
        reader.new_constant(op, bias, "bias"),
        pads=(0, radius, 0, radius),
    )
    maps = reader.add(op, "Reshape", sums, shape=(-1, height, width, channels))
    power = reader.add(op, "Pow", maps, reader.new_constant(op, -beta, "power"))
    reader.emit(op, "Mul", x.name, power)


READERS: dict[str, Rule] = {
    "RESIZE_BILINEAR": resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": resize_nearest,
    "SPACE_TO_DEPTH": space_to_depth,
    "DEPTH_TO_SPACE": depth_to_space,
    "SPACE_TO_BATCH_ND": space_to_batch,
    "BATCH_TO_SPACE_ND": batch_to_space,
    "TRANSPOSE_CONV": transpose_conv,
    "CONV_3D": conv3d,
    "CONV_3D_TRANSPOSE": conv3d_transpose,
    "BATCH_MATMUL": batch_matmul,
    "LOCAL_RESPONSE_NORMALIZATION": local_response_normalization,
}
