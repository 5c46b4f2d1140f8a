"""Reductions over axes, and searches along them."""

from .case import case

INT32 = {"x": "int32"}
INT64 = {"x": "int64"}
TRUTH = {"x": "bool"}

REDUCTIONS = [
    case("Mean", x=(2, 3, 4, 5), axes=(0, 2), fixed_batch=True),
    case("Mean", x=(2, 3, 4), axes=(1,), keepdims=True, dtypes=INT32),
    case("Sum", x=(2, 5, 7, 6), axes=(1, 2)),
    case("Sum", x=(2, 9), axes=(-1,), keepdims=True),
    case("Sum", x=(2, 3, 4, 5), axes=(1, 3)),
    case("Sum", x=(2, 9), axes=(1,), dtypes=INT32),
    *(
        case(op, **settings)
        for op in ("ReduceMax", "ReduceMin")
        for settings in (
            {"x": (2, 5, 7, 6), "axes": (1, 2)},
            {"x": (2, 3, 4), "axes": (-1,), "keepdims": True},
            {"x": (2, 9), "axes": (1,), "dtypes": INT64},
        )
    ),
    case("ReduceProd", x=(4, 3), axes=(1,)),
    case("ReduceProd", x=(2, 3, 4), axes=(1, 2), float_only="too many factors for eight bits"),
    case("ReduceProd", x=(2, 4), axes=(1,), dtypes=INT32),
    case("ReduceAny", x=(2, 3, 4), axes=(2,), dtypes=TRUTH),
    case("ReduceAll", x=(2, 3, 4), axes=(1, 2), keepdims=True, dtypes=TRUTH),
]
SEARCHES = [
    *(
        case(op, **settings)
        for op in ("ArgMax", "ArgMin")
        for settings in (
            {"x": (2, 5, 7, 6), "axis": 3},
            {"x": (2, 9), "axis": 1, "dtype": "int32"},
            {"x": (2, 5, 3), "axis": -2, "dtypes": INT32},
        )
    ),
    case("CumSum", x=(2, 9), axis=1),
    case("CumSum", x=(2, 3, 5), axis=-2, exclusive=True),
    case("CumSum", x=(2, 9), axis=-1, exclusive=True, reverse=True, dtypes=INT32),
    case("Rfft2D", x=(2, 3, 1, 20), lengths=(1, 16)),
    case("Rfft2D", x=(2, 3, 5), lengths=(4, 8)),
    case("TopK", x=(2, 9), k=3),
    case("TopK", x=(2, 3, 5), k=5),
    case("TopK", x=(2, 9), k=4, dtypes=INT32),
    case(
        "OneHot",
        x=(),
        y=(),
        indices=(2, 3),
        constant=("x", "y"),
        dtypes={"indices": "int32"},
        depth=4,
    ),
    case(
        "OneHot",
        x=(),
        y=(),
        indices=(2, 3),
        constant=("x", "y"),
        dtypes={"indices": "int64"},
        depth=3,
        axis=1,
    ),
]
CASES = REDUCTIONS + SEARCHES
