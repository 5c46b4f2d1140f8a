"""Functions, comparisons, logic and selection, element by element."""

from .case import case

INT32 = {"x": "int32", "y": "int32"}
INT64 = {"x": "int64", "y": "int64"}
TRUTH = {"x": "bool", "y": "bool"}
IMAGE = (1, 6, 6, 4)

UNARY = [
    *(case(op, x=IMAGE) for op in ("Exp", "Log", "Sqrt", "Rsqrt", "Square", "Neg", "Abs")),
    *(case(op, x=(2, 40)) for op in ("Sin", "Cos", "Floor", "Ceil", "Round", "Sign")),
    case("Neg", x=(2, 9), dtypes={"x": "int32"}),
    case("Neg", x=(2, 9), dtypes={"x": "int64"}),
    case("Abs", x=(2, 9), dtypes={"x": "int32"}),
    case("Sign", x=(2, 9), dtypes={"x": "int32"}),
    case("LogicalNot", x=(2, 9), dtypes={"x": "bool"}),
    case("Cast", x=(2, 3, 4), dtype="int32"),
    case("Cast", x=(2, 3, 4), dtype="bool", float_only="one int8 case is enough"),
    case("Cast", x=(2, 9), dtype="float32", dtypes={"x": "int32"}),
    case("Cast", x=(2, 9), dtype="int64", dtypes={"x": "int32"}),
    case("Cast", x=(2, 9), dtype="int32", dtypes={"x": "bool"}),
    case("Bitcast", x=(2, 3), dtype="int32"),
    case("Bitcast", x=(2, 3), dtype="float32", dtypes={"x": "int32"}),
    case("Bitcast", x=(2, 2), dtype="int64", dtypes={"x": "int32"}, fixed_batch=True),
    case("Bitcast", x=(2, 2), dtype="int32", dtypes={"x": "int64"}),
    case("Prelu", x=IMAGE, alpha=(1, 1, 4), constant=("alpha",)),
    case("Prelu", x=(2, 7), alpha=(7,), constant=("alpha",)),
    case("LogSoftmax", x=(3, 10)),
    case("LogSoftmax", x=(1, 4, 5, 7)),
    case("L2Normalize", x=(3, 10)),
    case("L2Normalize", x=(1, 4, 5, 7)),
]
BINARY = [
    case("Pow", x=(2, 6), y=(6,), dtypes=INT32, constant=("y",)),
    case("Pow", x=IMAGE, y=IMAGE),
    case("Atan2", x=IMAGE, y=IMAGE),
    case("SquaredDifference", x=IMAGE, y=IMAGE),
    case("SquaredDifference", x=(2, 4, 2), y=(1, 2), constant=("y",)),
    case("SquaredDifference", x=(2, 6), y=(2, 6), dtypes=INT32),
    *(case(op, x=IMAGE, y=IMAGE, constant=("y",)) for op in ("FloorDiv", "FloorMod")),
    *(case(op, x=(2, 6), y=(6,), constant=("y",), dtypes=INT32) for op in ("FloorDiv", "FloorMod")),
    case("FloorMod", x=(2, 6), y=(6,), constant=("y",), dtypes=INT64),
    case("Add", x=(2, 6), y=(6,), constant=("y",), dtypes=INT32),
    case("Add", x=(2, 6), y=(2, 6), dtypes=INT64),
    case("BitwiseXor", x=(2, 6), y=(6,), constant=("y",), dtypes=INT32),
    case("BitwiseXor", x=(2, 6), y=(2, 6), dtypes=INT32),
    case("Sub", x=(2, 6), y=(2, 6), dtypes=INT32),
    case("Mul", x=(2, 6), y=(2, 1), dtypes=INT32),
    case("Div", x=(2, 6), y=(6,), constant=("y",), dtypes=INT32),
    case("Maximum", x=(2, 6), y=(2, 6), dtypes=INT64),
    case("Minimum", x=(2, 6), y=(2, 6), dtypes=INT32),
]
COMPARISONS = [
    *(
        case(op, x=IMAGE, y=(4,), constant=("y",))
        for op in ("Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual")
    ),
    *(case(op, x=(2, 9), y=(2, 9), dtypes=INT32) for op in ("Equal", "Less", "GreaterEqual")),
    *(case(op, x=(2, 9), y=(2, 9), dtypes=INT64) for op in ("NotEqual", "LessEqual", "Greater")),
    *(
        case(op, x=(2, 9), y=(2, 9), dtypes=TRUTH)
        for op in ("Equal", "NotEqual", "LogicalAnd", "LogicalOr")
    ),
    case("Select", x=IMAGE, y=IMAGE, condition=(1, 6, 6, 1), dtypes={"condition": "bool"}),
    case(
        "Select", x=(2, 5), y=(1,), condition=(2, 5), constant=("y",), dtypes={"condition": "bool"}
    ),
    case("Select", x=(2, 5), y=(2, 1), condition=(2, 5), dtypes={**INT32, "condition": "bool"}),
]
CASES = UNARY + BINARY + COMPARISONS
