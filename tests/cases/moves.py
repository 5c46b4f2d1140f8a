"""Operators that move or gather elements, and reductions."""

from .case import case

CASES = [
    case("Reshape", x=(2, 4, 3, 2), shape=(-1, 24)),
    case("Reshape", x=(1, 12), shape=(-1, 2, 2, 3)),
    case("Transpose", x=(2, 4, 3, 5), perm=(0, 3, 1, 2)),
    case("Transpose", x=(1, 4, 6), perm=(0, 2, 1)),
    case("Pad", x=(1, 5, 5, 3), pads=(0, 0, 1, 2, 0, 1, 0, 0)),
    case("Pad", x=(2, 7), pads=(0, 0, 3, 1), value=-0.5, float_only="LiteRT's PAD adds zero"),
    case("Slice", x=(2, 6, 6, 4), starts=(0, 1, 2, 0), sizes=(-1, 3, -1, 4)),
    case("Concat", xs=((1, 5, 5, 3), (1, 5, 5, 6))),
    case("Concat", xs=((2, 4), (2, 7), (2, 1)), axis=1),
    case("Concat", xs=((1, 3, 4, 2), (1, 5, 4, 2)), axis=1),
    case("ResizeNearest", x=(1, 4, 5, 3), factors=(2, 2)),
    case("ResizeNearest", x=(2, 3, 3, 2), factors=(3, 1)),
    case("Mean", x=(2, 5, 7, 6)),
    case("Mean", x=(1, 8, 8, 16), keepdims=True),
    case("Mean", x=(1, 6, 10), axes=(1,)),
    case("Mean", x=(2, 4, 4, 5), axes=(3,), keepdims=True),
]
