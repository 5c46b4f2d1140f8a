"""Operators that move elements, and the mean."""

from __future__ import annotations

from .. import shapes
from .spec import Attr, OpSpec, define

define(OpSpec("Concat", ("xs*",), shapes.concat, {"axis": Attr("int", -1)}, tied=True))
define(
    OpSpec(
        "Mean",
        ("x",),
        shapes.mean,
        {"axes": Attr("ints", (1, 2), low=-8, high=7), "keepdims": Attr("bool", False)},
    )
)
define(
    OpSpec(
        "Reshape",
        ("x",),
        shapes.reshape,
        {"shape": Attr("ints", low=-1)},
        tied=True,
    )
)
define(
    OpSpec(
        "Transpose",
        ("x",),
        shapes.transpose,
        {"perm": Attr("ints", low=0, high=7)},
        tied=True,
    )
)
define(
    OpSpec(
        "Pad",
        ("x",),
        shapes.pad,
        {"pads": Attr("ints", low=0, high=2**16), "value": Attr("float", 0.0)},
        tied=True,
    )
)
define(
    OpSpec(
        "Slice",
        ("x",),
        shapes.slice_,
        {"starts": Attr("ints", low=0), "sizes": Attr("ints", low=-1)},
        tied=True,
    )
)
