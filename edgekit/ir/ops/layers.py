"""What most networks are made of: windows, sums of layers, softmax."""

from __future__ import annotations

from .. import shapes
from ..quant import per_tensor
from . import ACTIVATION, COUNTED, EVERY, NUMERIC, PAIR, WINDOW, Attr, OpSpec, define

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
define(OpSpec("Add", ("x", "y"), shapes.broadcast, {"activation": ACTIVATION}, dtypes=COUNTED))
define(
    OpSpec(
        "Softmax",
        ("x", "table?"),
        shapes.softmax,
        {"axis": Attr("int", -1, low=-8, high=7), "beta": Attr("float", 1.0, low=0.0)},
        output_quant=per_tensor(1 / 256, -128),
        table="float32",
        table16=1026,
        dtypes=NUMERIC,
    )
)
define(OpSpec("Relu", ("x",), shapes.same, dtypes=NUMERIC))
define(OpSpec("Relu6", ("x",), shapes.same, dtypes=NUMERIC))
define(
    OpSpec(
        "Reshape",
        ("x",),
        shapes.reshape,
        {"shape": Attr("ints", low=-1)},
        tied=True,
        dtypes=EVERY,
    )
)
