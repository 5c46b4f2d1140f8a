"""What most networks are made of: windows, sums, activations, softmax, and moving elements."""

from __future__ import annotations

import math

from .. import shapes
from ..quant import per_tensor
from . import (
    ACTIVATION,
    EVERY,
    NUMERIC,
    PAIR,
    SIDES,
    WINDOW,
    Attr,
    OpSpec,
    define,
)

COUNTED = (*NUMERIC, "int32", "int64")
"""Also plain integers: counts, sizes, positions."""

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
define(
    OpSpec(
        "BatchNorm",
        ("x", "gamma", "beta", "mean", "variance"),
        shapes.batch_norm,
        {"epsilon": Attr("float", 1e-3, low=0.0)},
        dtypes=("float32",),
        float_only="it is folded into a convolution or becomes Mul and Add before quantization",
    )
)
define(OpSpec("Add", ("x", "y"), shapes.broadcast, {"activation": ACTIVATION}, dtypes=COUNTED))
define(OpSpec("Sub", ("x", "y"), shapes.broadcast, dtypes=COUNTED))
define(OpSpec("Mul", ("x", "y"), shapes.broadcast, dtypes=COUNTED))
define(
    OpSpec(
        "Div",
        ("x", "y"),
        shapes.broadcast,
        dtypes=("float32", "int8", "uint8", "int32"),
        prefer_float="a quotient has no bounded range; multiply by the reciprocal instead",
    )
)
define(OpSpec("Maximum", ("x", "y"), shapes.broadcast, tied=True, dtypes=COUNTED))
define(OpSpec("Minimum", ("x", "y"), shapes.broadcast, tied=True, dtypes=COUNTED))
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
define(
    OpSpec(
        "WideSoftmax",  # of int8, with int16 results that count 1/65536 from -32768 on
        ("x", "table?"),
        shapes.softmax,
        {"axis": Attr("int", -1, low=-8, high=7), "beta": Attr("float", 1.0, low=0.0)},
        table="float32",
        dtypes=("int8",),
        output_dtypes=("int16",),
    )
)
define(OpSpec("Relu", ("x",), shapes.same, dtypes=NUMERIC))
define(OpSpec("Relu6", ("x",), shapes.same, dtypes=NUMERIC))
define(
    OpSpec(
        "Sigmoid",
        ("x", "table?"),
        shapes.same,
        output_quant=per_tensor(1 / 256, -128),
        table="int8",
        table16=256,
        dtypes=NUMERIC,
    )
)
define(
    OpSpec(
        "Tanh",
        ("x", "table?"),
        shapes.same,
        output_quant=per_tensor(1 / 128, 0),
        table="int8",
        table16=256,
        dtypes=NUMERIC,
    )
)
define(
    OpSpec(
        "HardSwish",
        ("x", "table?"),
        shapes.same,
        table="int8",
        dtypes=("float32", "int8", "uint8"),
    )
)
define(
    OpSpec(
        "LeakyRelu",
        ("x", "table?"),
        shapes.same,
        {"alpha": Attr("float", 0.2)},
        table="int8",
        dtypes=NUMERIC,
    )
)
define(
    OpSpec(
        "Elu",
        ("x", "table?"),
        shapes.same,
        {"alpha": Attr("float", 1.0, low=0.0)},
        table="int8",
    )
)
define(
    OpSpec(
        "Gelu",
        ("x", "table?"),
        shapes.same,
        {"approximate": Attr("bool", False)},
        table="int8",
        table16=513,
        dtypes=NUMERIC,
    )
)
define(
    OpSpec(
        "Concat",
        ("xs*",),
        shapes.concat,
        {"axis": Attr("int", -1)},
        tied=True,
        dtypes=EVERY,
    )
)
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
define(
    OpSpec(
        "Transpose",
        ("x",),
        shapes.transpose,
        {"perm": Attr("ints", low=0, high=7)},
        tied=True,
        dtypes=EVERY,
    )
)
define(
    OpSpec(
        "Pad",
        ("x",),
        shapes.pad,
        {"pads": SIDES, "value": Attr("float", 0.0, low=-math.inf, high=math.inf)},
        tied=True,
        dtypes=EVERY,
    )
)
