"""Resizing, transposed and three-dimensional convolutions, products of two activations."""

from __future__ import annotations

from .. import window_shapes
from . import ACTIVATION, NUMERIC, PAIR, Attr, OpSpec, define

SIZE = Attr("ints", length=2, low=1, high=2**16)  # height, width of the output
TRIPLE = Attr("ints", (1, 1, 1), length=3, low=1, high=2**16)
RESIZED = {
    "size": SIZE,
    "align_corners": Attr("bool", False),
    "half_pixel_centers": Attr("bool", False),
}

define(
    OpSpec(
        "TransposeConv2D",
        ("x", "weight", "bias?"),
        window_shapes.transpose_conv2d,
        {
            "size": SIZE,
            "strides": PAIR,
            "pads": Attr("ints", (0, 0), length=2, low=0, high=2**16),  # top, left
            "activation": ACTIVATION,
        },
        weight_axis=0,
        dtypes=NUMERIC,
    )
)
define(
    OpSpec(
        "Conv3D",
        ("x", "weight", "bias?"),
        window_shapes.conv3d,
        {
            "strides": TRIPLE,
            "pads": Attr("ints", (0,) * 6, length=6, low=0, high=2**16),  # befores, then afters
            "dilations": TRIPLE,
            "activation": ACTIVATION,
        },
        dtypes=("float32",),
        float_only="the runtimes that read our files have no int8 form of it",
    )
)
define(
    OpSpec(
        "BatchMatMul",
        ("x", "y"),
        window_shapes.batch_matmul,
        {
            "adj_x": Attr("bool", False),
            "adj_y": Attr("bool", False),
            "rounding": Attr("str", "own", choices=("own", "dense")),
        },
        dtypes=("float32", "int8", "int16"),
    )
)
define(
    OpSpec(
        "ResizeNearest",
        ("x",),
        window_shapes.resize,
        RESIZED,
        tied=True,
        dtypes=NUMERIC,
    )
)
define(
    OpSpec(
        "ResizeBilinear",
        ("x",),
        window_shapes.resize_bilinear,
        RESIZED,
        tied=True,
        dtypes=NUMERIC,
    )
)
