"""Operators that move or gather elements, and reductions."""

from typing import Any

from .case import case

CHOSEN: dict[str, Any] = {"dtypes": {"indices": "int32"}, "constant": ("indices",)}
KNOWN: dict[str, Any] = {**CHOSEN, "fixed_batch": True}
PLACES: dict[str, Any] = {**KNOWN, "below": 3}
PLACED: dict[str, Any] = {
    "dtypes": {"start": "int32"}, "constant": ("start",), "fixed_batch": True
}  # fmt: skip

CASES = [
    case("Reshape", x=(2, 4, 3, 2), shape=(-1, 24)),
    case("Reshape", x=(1, 12), shape=(-1, 2, 2, 3)),
    case("Transpose", x=(2, 4, 3, 5), perm=(0, 3, 1, 2)),
    case("Transpose", x=(1, 4, 6), perm=(0, 2, 1)),
    case("Pad", x=(1, 5, 5, 3), pads=(0, 0, 1, 2, 0, 1, 0, 0)),
    case("Pad", x=(2, 7), pads=(0, 0, 3, 1), value=-0.5),
    case("Slice", x=(2, 6, 6, 4), starts=(0, 1, 2, 0), sizes=(-1, 3, -1, 4)),
    case("Concat", xs=((1, 5, 5, 3), (1, 5, 5, 6))),
    case("Concat", xs=((2, 4), (2, 7), (2, 1)), axis=1),
    case("Concat", xs=((1, 3, 4, 2), (1, 5, 4, 2)), axis=1),
    case("Pad", x=(1, 4, 3), pads=(0, 0, 0, 2, 1, 0), value=3.0, dtypes={"x": "int32"}),
    case("MirrorPad", x=(1, 5, 4, 3), pads=(0, 0, 2, 4, 3, 1, 0, 0)),
    case("MirrorPad", x=(2, 3, 4), pads=(0, 0, 3, 1, 2, 4), mode="symmetric"),
    case("Slice", x=(1, 7, 6, 4), starts=(0, 1, 5, 3), sizes=(-1, 3, 2, 4), steps=(1, 2, -3, -1)),
    case("Slice", x=(2, 9), starts=(0, 8), sizes=(-1, 3), steps=(1, -4)),
    case("Split", x=(1, 3, 4, 6), sizes=(2, 2, 2)),
    case("Split", x=(2, 7, 3), axis=1, sizes=(1, 4, 2)),
    case("Gather", x=(2, 5, 3), indices=(4,), axis=1, **CHOSEN, below=5),
    case("Gather", x=(2, 3, 6), indices=(2, 2), axis=-1, **CHOSEN, below=6),
    case("Gather", x=(2, 5, 3), indices=(2, 4), axis=1, batch_dims=1, **KNOWN, below=5),
    case("Gather", x=(2, 3, 5), indices=(2, 2), axis=2, batch_dims=1, **KNOWN, below=5),
    case("GatherNd", x=(3, 4, 5), indices=(6, 2), **KNOWN, below=3),
    case("GatherNd", x=(2, 4, 5), indices=(2, 3, 1), **KNOWN, below=2),
    *(
        case("ScatterNd", x=(6, 5), indices=(6, 1), shape=(4, 5), combine=how, **KNOWN, below=4)
        for how in ("add", "multiply")
    ),
    case("ScatterNd", x=(6, 3), indices=(6, 2), shape=(4, 5, 3), **KNOWN, below=4),
    case("ScatterNd", x=(2,), indices=(2, 2), shape=(3, 5), combine="last", fill=-1.5, **PLACES),
    case("UpdateSlice", x=(4, 5, 3), y=(1, 5, 3), start=(3,), **PLACED, below=4),
    case("UpdateSlice", x=(2, 6, 5), y=(1, 2, 3), start=(3,), **PLACED, below=9),
    case("Tile", x=(1, 3, 4), repeats=(1, 2, 3)),
    case("BroadcastTo", x=(1, 3, 1), shape=(2, 3, 4), fixed_batch=True),
    case("BroadcastTo", x=(1, 4), shape=(2, 3, 4), fixed_batch=True),
    case("SpaceToDepth", x=(2, 4, 6, 3)),
    case("DepthToSpace", x=(2, 3, 2, 12)),
    case("SpaceToBatch", x=(2, 4, 5, 3), blocks=(2, 3), pads=(0, 0, 1, 0), fixed_batch=True),
    case("BatchToSpace", x=(12, 3, 2, 3), blocks=(2, 3), crops=(1, 0, 0, 2), fixed_batch=True),
    case("ResizeNearest", x=(1, 4, 5, 3), size=(8, 10), half_pixel_centers=True),
    case("ResizeNearest", x=(2, 3, 3, 2), size=(9, 3)),
    case("ResizeNearest", x=(1, 5, 6, 3), size=(7, 4), align_corners=True),
    case("ResizeBilinear", x=(1, 4, 5, 3), size=(7, 11)),
    case("ResizeBilinear", x=(2, 4, 3, 2), size=(9, 5), half_pixel_centers=True),
    case("ResizeBilinear", x=(1, 7, 6, 3), size=(4, 13), align_corners=True),
    case("ResizeBilinear", x=(1, 1, 3, 2), size=(4, 1), half_pixel_centers=True),
    case("Mean", x=(2, 5, 7, 6)),
    case("Mean", x=(1, 8, 8, 16), keepdims=True),
    case("Mean", x=(1, 6, 10), axes=(1,)),
    case("Mean", x=(2, 4, 4, 5), axes=(3,), keepdims=True),
]
