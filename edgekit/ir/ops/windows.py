"""Convolutions, dense layers, pooling, resizing: operators that work over windows."""

from __future__ import annotations

from .. import shapes
from .attrs import ACTIVATION, PAIR, WINDOW
from .spec import Attr, OpSpec, define

define(
    OpSpec(
        "Dense",
        ("x", "weight", "bias?"),
        shapes.dense,
        {"activation": ACTIVATION},
        weight_axis=0,
    )
)
define(
    OpSpec(
        "Conv2D",
        ("x", "weight", "bias?"),
        shapes.conv2d,
        {
            **WINDOW,
            "dilations": PAIR,
            "groups": Attr("int", 1, low=1, high=2**16),
            "activation": ACTIVATION,
        },
        weight_axis=0,
    )
)
define(
    OpSpec(
        "DepthwiseConv2D",
        ("x", "weight", "bias?"),
        shapes.depthwise,
        {**WINDOW, "dilations": PAIR, "activation": ACTIVATION},
        weight_axis=3,
    )
)
define(
    OpSpec(
        "MaxPool2D",
        ("x",),
        shapes.pool,
        {"pool": Attr("ints", length=2, low=1, high=2**16), **WINDOW},
        tied=True,
    )
)
define(
    OpSpec(
        "AveragePool2D",
        ("x",),
        shapes.pool,
        {"pool": Attr("ints", length=2, low=1, high=2**16), **WINDOW},
        tied=True,
    )
)
define(
    OpSpec(
        "ResizeNearest",
        ("x",),
        shapes.resize,
        {"factors": Attr("ints", length=2, low=1, high=2**10)},
        tied=True,
    )
)
