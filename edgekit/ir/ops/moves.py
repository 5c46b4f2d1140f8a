"""Operators that move elements, whatever they are; `slices.py` has those that few networks have."""

from __future__ import annotations

import math

from .. import shapes
from .spec import EVERY, SIDES, Attr, OpSpec, define

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
