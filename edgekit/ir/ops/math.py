"""Functions of one, two or three inputs, element by element, that are no activations."""

from __future__ import annotations

from .. import reduction_shapes, shapes
from ..graph import DTYPES
from ..quant import per_tensor
from . import EVERY, Attr, OpSpec, define

NUMBERS = tuple(dtype for dtype in DTYPES if dtype != "bool")
FLOAT = ("float32",)
NO_INT8 = "its values cannot be told apart in 256 steps"
STEEP = "near zero it is too steep for 256 steps"
STORED = "the int8 form works with the stored integers, whatever they stand for"
TRUTH = "truth values have no scale"

for name, reason, table16 in (("Exp", "", 513), ("Log", STEEP, 513), ("Sqrt", STEEP, 0)):
    define(
        OpSpec(
            name,
            ("x", "table?"),
            shapes.same,
            table="int8",
            table16=table16,
            dtypes=("float32", "int8", "int16"),
            prefer_float=reason,
        )
    )
for name in ("Square", "Sin", "Cos", "Floor", "Ceil", "Round"):
    define(OpSpec(name, ("x",), shapes.same, dtypes=FLOAT, float_only=NO_INT8))
define(OpSpec("Sign", ("x",), shapes.same, dtypes=("float32", "int32"), float_only=NO_INT8))
define(
    OpSpec(
        "Rsqrt",
        ("x", "table?"),
        shapes.same,
        table16=513,
        dtypes=("float32", "int8", "int16"),
        prefer_float=STEEP,
    )
)
define(
    OpSpec(
        "Neg",
        ("x",),
        shapes.same,
        dtypes=("float32", "int8", "int16", "int32", "int64"),
        prefer_float=STORED,
    )
)
define(OpSpec("Abs", ("x",), shapes.same, dtypes=("float32", "int8", "int16", "int32")))
define(OpSpec("LogicalNot", ("x",), shapes.same, dtypes=("bool",), float_only=TRUTH))
define(
    OpSpec(
        "Cast",
        ("x",),
        shapes.same,
        {"dtype": Attr("str", choices=EVERY)},
        dtypes=EVERY,
        prefer_float=STORED,
        output_dtypes=("attr:dtype",),
    )
)
define(OpSpec("Prelu", ("x", "alpha"), shapes.broadcast, dtypes=("float32", "int8", "uint8")))
define(
    OpSpec(
        "LogSoftmax",
        ("x", "table?"),
        shapes.rows,
        output_quant=per_tensor(1 / 16, 127),
        table="float32",
    )
)
define(
    OpSpec(
        "L2Normalize",
        ("x",),
        shapes.rows,
        output_quant=per_tensor(1 / 128, 0),
        dtypes=("float32", "int8", "uint8"),
    )
)
define(OpSpec("Pow", ("x", "y"), shapes.broadcast, dtypes=("float32", "int32"), float_only=NO_INT8))
define(OpSpec("Atan2", ("x", "y"), shapes.broadcast, dtypes=FLOAT, float_only=NO_INT8))
define(
    OpSpec("SquaredDifference", ("x", "y"), shapes.broadcast, dtypes=("float32", "int8", "int32"))
)
for name in ("FloorDiv", "FloorMod"):
    define(
        OpSpec(
            name,
            ("x", "y"),
            shapes.broadcast,
            dtypes=("float32", "int8", "int16", "int32", "int64"),
            prefer_float=STORED,
        )
    )
for name in ("Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"):
    define(
        OpSpec(
            name,
            ("x", "y"),
            shapes.broadcast,
            dtypes=EVERY if name in ("Equal", "NotEqual") else NUMBERS,
            prefer_float="what it gives has no scale",
            output_dtypes=("bool",),
        )
    )
for name in ("LogicalAnd", "LogicalOr"):
    define(OpSpec(name, ("x", "y"), shapes.broadcast, dtypes=("bool",), float_only=TRUTH))
define(
    OpSpec(
        "Select",
        ("x", "y", "condition"),
        reduction_shapes.select,
        tied=True,
        dtypes=EVERY,
        input_dtypes={"condition": ("bool",)},
        prefer_float="its condition has no scale",
    )
)
