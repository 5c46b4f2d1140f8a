"""Convolutions, dense layers and pooling."""

from __future__ import annotations

from .. import shapes
from .spec import ACTIVATION, NUMERIC, PAIR, WINDOW, Attr, OpSpec, define

define(
    OpSpec(
        "Dense",
        ("x", "weight", "bias?"),
        shapes.dense,
        # asymmetric: how float activations are rounded that meet int8 weights ("fixedpoint")
        {"activation": ACTIVATION, "asymmetric": Attr("bool", False)},
        weight_axis=0,
        dtypes=NUMERIC,
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
        dtypes=NUMERIC,
    )
)
define(
    OpSpec(
        "DepthwiseConv2D",
        ("x", "weight", "bias?"),
        shapes.depthwise,
        {**WINDOW, "dilations": PAIR, "activation": ACTIVATION},
        weight_axis=3,
        dtypes=NUMERIC,
    )
)
define(
    OpSpec(
        "MaxPool2D",
        ("x",),
        shapes.pool,
        {"pool": Attr("ints", length=2, low=1, high=2**16), **WINDOW},
        tied=True,
        dtypes=NUMERIC,
    )
)
define(
    OpSpec(
        "AveragePool2D",
        ("x",),
        shapes.pool,
        {"pool": Attr("ints", length=2, low=1, high=2**16), **WINDOW},
        tied=True,
        dtypes=NUMERIC,
    )
)
