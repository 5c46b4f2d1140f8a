"""The transform of Fourier."""

from __future__ import annotations

from collections.abc import Sequence

from edgekit.errors import ShapeError

from ..graph import Shape, Value
from ..shapes import Attrs, shape_of, shape_text
from . import Attr, OpSpec, define

LONGEST = 2**20


def halves(inputs: Sequence[Value | None], attrs: Attrs) -> tuple[Shape, ...]:
    """Of real numbers the other half of the columns would be the same, mirrored."""
    x, (rows, columns) = shape_of(inputs, 0), attrs["lengths"]
    if len(x) < 2:
        raise ShapeError(f"expected rows and columns, received {shape_text(x)}")
    spectrum = (*x[:-2], rows, columns // 2 + 1)
    return spectrum, spectrum


define(
    OpSpec(
        "Rfft2D",
        ("x",),
        halves,
        {"lengths": Attr("ints", length=2, low=1, high=LONGEST)},
        dtypes=("float32",),
        float_only="TFLite transforms float32 alone",
        outputs=("real", "imaginary"),
    )
)
