"""What looks at the bits of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from edgekit.errors import ShapeError

from .. import shapes
from ..graph import DTYPES, Shape, Value
from ..shapes import Attrs, shape_of, shape_text
from . import Attr, OpSpec, define

WHOLE = ("float32", "int32", "int64")
BITS_ALONE = "bits have no scale"


def bitcast(inputs: Sequence[Value | None], attrs: Attrs) -> tuple[Shape, ...]:
    """Shorter numbers stand in a dimension more, which longer ones are made of."""
    x, dtype = shape_of(inputs, 0), inputs[0].dtype if inputs[0] is not None else ""
    whole, part = DTYPES[dtype].itemsize, DTYPES[attrs["dtype"]].itemsize
    if whole == part:
        return (x,)
    if whole > part:
        return ((*x, whole // part),)
    if len(x) < 1 or x[-1] != part // whole:
        raise ShapeError(f"{dtype}{shape_text(x)} is not made of {attrs['dtype']}")
    return (x[:-1],)


define(
    OpSpec(
        "Bitcast",
        ("x",),
        bitcast,
        {"dtype": Attr("str", choices=WHOLE)},
        dtypes=WHOLE,
        float_only=BITS_ALONE,
        output_dtypes=("attr:dtype",),
    )
)
define(
    OpSpec(
        "BitwiseXor",
        ("x", "y"),
        shapes.broadcast,
        dtypes=("int32", "int64"),
        float_only=BITS_ALONE,
    )
)
