"""The cases in every dtype that their operators take, and geometries for the TFLite exporter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from edgekit.ir import Graph
from edgekit.ir.ops import spec
from tests.cases import Case, float_graph, quantized_graph
from tests.cases.case import case
from tests.cases.graphs import input_shapes

QUANTIZED, PLAIN = ("int8", "uint8", "int16"), ("int32", "int64", "bool")
SAYS_DTYPES = ("Cast", "Dequantize", "Requantize", "Quantize")

# Geometries that only the exporter treats in a special way.
MORE_CASES = [
    case("Conv2D", x=(2, 8, 8, 3), weight=(4, 3, 3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    case("Conv2D", x=(1, 9, 8, 3), weight=(4, 3, 3, 3), strides=(2, 2), pads=(1, 0, 1, 1)),
    case("Conv2D", x=(1, 9, 8, 3), weight=(4, 3, 3, 3), bias=(4,), pads=(0, 2, 1, 0)),
    case("Conv2D", x=(1, 9, 8, 4), weight=(4, 3, 3, 2), groups=2, strides=(1, 2), dilations=(2, 1)),
    case("DepthwiseConv2D", x=(1, 9, 8, 3), weight=(1, 3, 3, 6), strides=(1, 2), pads=(1, 1, 1, 1)),
    case("DepthwiseConv2D", x=(1, 9, 8, 3), weight=(1, 3, 3, 3), strides=(2, 2), dilations=(2, 2)),
    case("Dense", x=(2, 2, 3, 4, 5), weight=(6, 5)),
    case("MaxPool2D", x=(2, 8, 8, 3), pool=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    case("MaxPool2D", x=(1, 8, 8, 3), pool=(3, 3), strides=(2, 2), pads=(0, 0, 1, 1)),
    case("MaxPool2D", x=(1, 8, 8, 3), pool=(4, 2), pads=(3, 0, 0, 1)),
    case("AveragePool2D", x=(2, 8, 8, 3), pool=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    case("AveragePool2D", x=(1, 9, 8, 3), pool=(3, 3), strides=(3, 1), pads=(1, 0, 0, 1)),
    case("AveragePool2D", x=(1, 9, 8, 3), pool=(5, 4), strides=(2, 2), pads=(2, 1, 2, 2)),
    case("AveragePool2D", x=(1, 8, 8, 3), pool=(3, 3), strides=(2, 2), pads=(0, 0, 1, 1)),
    case("Softmax", x=(2, 5, 7), axis=1),
    case("Softmax", x=(2, 3, 4, 5), axis=-3, beta=2.0),
    case("Softmax", x=(2, 3, 2, 4, 5)),
    case("Add", x=(2, 3, 2, 4, 5), y=(5,), constant=("y",)),
    case("Sub", x=(2, 3, 2, 4, 5), y=(2, 1, 1, 1, 5)),
    case("Mul", x=(2, 3, 2, 4, 5), y=(5,), constant=("y",)),
    case("Div", x=(2, 3, 2, 4, 5), y=(2, 1, 2, 4, 5), float_only="LiteRT divides by 0 anyhow"),
    case("Maximum", x=(2, 3, 2, 4, 5), y=(1,), constant=("y",)),
    case("Concat", xs=((2, 3, 2, 4, 5), (2, 3, 2, 1, 5)), axis=-2),
    case("Transpose", x=(2, 3, 2, 4, 5), perm=(0, 4, 2, 1, 3)),
    case("Transpose", x=(2, 3, 2, 2, 4, 5), perm=(0, 5, 4, 2, 1, 3)),
    case("Pad", x=(2, 3, 2, 4, 5), pads=(0, 0, 1, 0, 0, 1, 2, 0, 0, 1)),
    case("Slice", x=(2, 3, 2, 4, 5), starts=(0, 1, 0, 2, 1), sizes=(-1, 1, -1, 1, 3)),
    case("Mean", x=(2, 3, 2, 4, 5), axes=(-1, 2)),
    case("ResizeNearest", x=(1, 3, 2, 2), size=(75, 82), half_pixel_centers=True),
]


def graphs(case: Case) -> Iterator[tuple[str, Graph]]:
    """The case in each dtype that its operator takes; of int16 also with both kinds of bias."""
    yield case.dtypes.get("x", "float32"), float_graph(case)
    allowed = spec(case.op).dtypes
    if case.has_int8:
        for dtype in QUANTIZED:
            if dtype in allowed or case.op == "Quantize":
                wide = dtype == "int16" and "bias" in case.shapes
                for bias in ("int64", "int32") if wide else ("",):
                    key = f"{dtype} {bias}".rstrip()
                    yield key, quantized_graph(case, dtype, bias=bias)
    for dtype in PLAIN:
        if dtype in allowed and case.op not in SAYS_DTYPES and "x" not in case.dtypes:
            roles = [role for role in input_shapes(case) if role not in case.dtypes]
            every = {**case.dtypes, **dict.fromkeys(roles, dtype)}
            yield dtype, float_graph(replace(case, dtypes=every))
