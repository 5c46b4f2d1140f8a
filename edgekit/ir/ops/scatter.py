"""Rows that go to the places that indices name; the inverse of GatherNd."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgekit.errors import ShapeError

from ..graph import Shape, Value
from ..shapes import Attrs, shape_of, shape_text
from ..validate_values import MOST_DIMENSIONS
from . import Attr, OpSpec, define

COMBINED = ("add", "multiply", "largest", "smallest", "last")


def scatter_nd(inputs: Sequence[Value | None], attrs: Attrs) -> tuple[Shape, ...]:
    """x [rows..., sizes...], indices [rows..., k] give `shape`: k indices, then sizes."""
    x, indices, shape = shape_of(inputs, 0), shape_of(inputs, 1), attrs["shape"]
    depth = indices[-1] if indices else None
    if depth is None or not 1 <= depth <= len(shape) or x != (*indices[:-1], *shape[depth:]):
        raise ShapeError(
            f"{shape_text(x)} at places {shape_text(indices)} does not fill {shape_text(shape)}"
        )
    if None in x or len(shape) > MOST_DIMENSIONS:
        raise ShapeError(f"an unknown batch cannot be scattered into {shape_text(shape)}")
    return (tuple(shape),)


define(
    OpSpec(
        "ScatterNd",
        ("x", "indices"),
        scatter_nd,
        {
            "shape": Attr("ints", low=1),
            # What becomes of rows that have one place. Where none goes stands what changes nothing:
            # 0, 1, the lowest number, the highest; for "last" what `fill` says.
            "combine": Attr("str", "add", choices=COMBINED),
            "fill": Attr("float", 0.0, low=-math.inf, high=math.inf),
        },
        dtypes=("float32", "int32", "int64"),
        input_dtypes={"indices": ("int32", "int64")},
        float_only="LiteRT adds the stored integers, whatever they stand for",
    )
)
