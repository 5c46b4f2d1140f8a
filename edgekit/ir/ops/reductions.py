"""Reductions over axes, and searches along them."""

from __future__ import annotations

from .. import reduction_shapes
from ..graph import DTYPES
from . import EVERY, Attr, OpSpec, define

NUMBERS = tuple(dtype for dtype in DTYPES if dtype != "bool")
REDUCED = {"axes": Attr("ints", low=-8, high=7), "keepdims": Attr("bool", False)}
TRUTH = "truth values have no scale"
SINGLE_AXIS = Attr("int", -1, low=-8, high=7)
POSITIONS = "what it gives are positions"

define(
    OpSpec(
        "Mean",
        ("x",),
        reduction_shapes.reduced,
        {**REDUCED, "axes": Attr("ints", (1, 2), low=-8, high=7)},
        dtypes=NUMBERS,
    )
)
define(OpSpec("Sum", ("x",), reduction_shapes.reduced, REDUCED, dtypes=NUMBERS))
for name in ("ReduceMax", "ReduceMin"):
    define(OpSpec(name, ("x",), reduction_shapes.reduced, REDUCED, tied=True, dtypes=NUMBERS))
define(
    OpSpec(
        "ReduceProd",
        ("x",),
        reduction_shapes.reduced,
        REDUCED,
        dtypes=("float32", "int8", "int16", "int32", "int64"),
        prefer_float="products have no bounded range",
    )
)
for name in ("ReduceAny", "ReduceAll"):
    define(
        OpSpec(name, ("x",), reduction_shapes.reduced, REDUCED, dtypes=("bool",), float_only=TRUTH)
    )
for name in ("ArgMax", "ArgMin"):
    define(
        OpSpec(
            name,
            ("x",),
            reduction_shapes.without_axis,
            {"axis": SINGLE_AXIS, "dtype": Attr("str", "int64", choices=("int32", "int64"))},
            dtypes=EVERY,
            prefer_float=POSITIONS,
            output_dtypes=("attr:dtype",),
        )
    )
define(
    OpSpec(
        "CumSum",
        ("x",),
        reduction_shapes.along_axis,
        {
            "axis": SINGLE_AXIS,
            "exclusive": Attr("bool", False),
            "reverse": Attr("bool", False),
        },
        dtypes=("float32", "int32", "int64"),
        float_only="LiteRT sums along an axis in float32 and plain integers alone",
    )
)
define(
    OpSpec(
        "TopK",
        ("x",),
        reduction_shapes.top_k,
        {"k": Attr("int", low=1)},
        tied=True,
        dtypes=NUMBERS,
        prefer_float=POSITIONS,
        outputs=("values", "indices"),
        output_dtypes=("same", "int32"),
    )
)
define(
    OpSpec(
        "OneHot",
        ("x", "y", "indices"),
        reduction_shapes.one_hot,
        {"depth": Attr("int", low=1), "axis": SINGLE_AXIS},
        tied=True,
        dtypes=EVERY,
        input_dtypes={"indices": ("int32", "int64")},
        prefer_float="it is made from positions",
    )
)
