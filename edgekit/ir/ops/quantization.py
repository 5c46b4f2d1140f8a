"""Changes of scale: between real numbers and integers, and between integers."""

from __future__ import annotations

from .. import shapes
from . import Attr, OpSpec, define

INTEGERS = ("int8", "uint8", "int16")
QUANTIZED = Attr("str", "int8", choices=INTEGERS)
define(
    OpSpec(
        "Quantize",
        ("x",),
        shapes.same,
        {"dtype": QUANTIZED},
        dtypes=("float32",),
        output_dtypes=("attr:dtype",),
    )
)
define(OpSpec("Dequantize", ("x",), shapes.same, dtypes=INTEGERS, output_dtypes=("float32",)))
define(
    OpSpec(
        "Requantize",
        ("x",),
        shapes.same,
        # joined: as LiteRT rounds what it joins; it can be asked of uint8 alone
        {
            "dtype": Attr("str", "int8", choices=(*INTEGERS, "int32")),
            "rounding": Attr("str", "own", choices=("own", "joined")),
        },
        dtypes=INTEGERS,
        output_dtypes=("attr:dtype",),
    )
)
