"""Operators that work element by element: arithmetic, and activations beside relu."""

from __future__ import annotations

from .. import shapes
from ..quant import per_tensor
from . import COUNTED, NUMERIC, Attr, OpSpec, define

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
        "WideSoftmax",  # of int8, with int16 results that count 1/65536 from -32768 on
        ("x", "table?"),
        shapes.softmax,
        {"axis": Attr("int", -1, low=-8, high=7), "beta": Attr("float", 1.0, low=0.0)},
        table="float32",
        dtypes=("int8",),
        output_dtypes=("int16",),
    )
)
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
