"""Operators that move elements: join, turn, pad, take parts, repeat them, cut maps into blocks."""

from __future__ import annotations

import math

from .. import move_shapes
from . import EVERY, SIDES, Attr, OpSpec, define

INDICES = ("int32", "int64")
COUNTS = Attr("ints", low=1, high=2**16)

define(
    OpSpec(
        "Split",
        ("x",),
        move_shapes.split,
        {"axis": Attr("int", -1), "sizes": COUNTS},
        tied=True,
        dtypes=EVERY,
        outputs=("ys*",),
    )
)
define(
    OpSpec(
        "MirrorPad",
        ("x",),
        move_shapes.mirror_pad,
        {"pads": SIDES, "mode": Attr("str", "reflect", choices=("reflect", "symmetric"))},
        tied=True,
        dtypes=EVERY,
    )
)
define(
    OpSpec(
        "Slice",
        ("x",),
        move_shapes.slice_,
        {"starts": Attr("ints", low=0), "sizes": Attr("ints", low=-1), "steps": Attr("ints", ())},
        tied=True,
        dtypes=EVERY,
    )
)
define(
    OpSpec(
        "Gather",
        ("x", "indices"),
        move_shapes.gather,
        {"axis": Attr("int", 0, low=-8, high=7), "batch_dims": Attr("int", 0, low=-8, high=7)},
        tied=True,
        dtypes=EVERY,
        input_dtypes={"indices": INDICES},
    )
)
define(
    OpSpec(
        "GatherNd",
        ("x", "indices"),
        move_shapes.gather_nd,
        {},
        tied=True,
        dtypes=EVERY,
        input_dtypes={"indices": INDICES},
    )
)
define(
    OpSpec(
        "Tile",
        ("x",),
        move_shapes.tile,
        {"repeats": COUNTS},
        tied=True,
        dtypes=EVERY,
    )
)
define(
    OpSpec(
        "BroadcastTo",
        ("x",),
        move_shapes.broadcast_to,
        {"shape": Attr("ints", low=-1)},
        tied=True,
        dtypes=EVERY,
    )
)
define(
    OpSpec(
        "SpaceToDepth",
        ("x",),
        move_shapes.space_to_depth,
        {"block": Attr("int", 2, low=1, high=2**10)},
        tied=True,
        dtypes=EVERY,
    )
)
define(
    OpSpec(
        "DepthToSpace",
        ("x",),
        move_shapes.depth_to_space,
        {"block": Attr("int", 2, low=1, high=2**10)},
        tied=True,
        dtypes=EVERY,
    )
)
define(
    OpSpec(
        "SpaceToBatch",
        ("x",),
        move_shapes.space_to_batch,
        {"blocks": COUNTS, "pads": SIDES},
        tied=True,
        dtypes=EVERY,
    )
)
define(
    OpSpec(
        "BatchToSpace",
        ("x",),
        move_shapes.batch_to_space,
        {"blocks": COUNTS, "crops": SIDES},
        tied=True,
        dtypes=EVERY,
    )
)
define(
    OpSpec(
        "Concat",
        ("xs*",),
        move_shapes.concat,
        {"axis": Attr("int", -1)},
        tied=True,
        dtypes=EVERY,
    )
)
define(
    OpSpec(
        "Transpose",
        ("x",),
        move_shapes.transpose,
        {"perm": Attr("ints", low=0, high=7)},
        tied=True,
        dtypes=EVERY,
    )
)
define(
    OpSpec(
        "Pad",
        ("x",),
        move_shapes.pad,
        {"pads": SIDES, "value": Attr("float", 0.0, low=-math.inf, high=math.inf)},
        tied=True,
        dtypes=EVERY,
    )
)
