"""Functions of one number or two."""

from __future__ import annotations

import numpy as np

from .case import Cases
from .inputs import ENDS, GAPS, SMALL, TRUE, M, N, P, Q, X, Y

CASES = Cases()
case = CASES.add

for name in (
    "abs", "absolute", "arcsinh", "arctan", "cos", "cosh", "exp", "exp2", "expm1", "fabs",
    "negative", "sign", "sin", "sinc", "sinh", "square", "tan", "deg2rad", "rad2deg", "i0",
    "ceil", "floor", "round", "trunc",
):  # fmt: skip
    case(name, X)
    case(name, N, label=f"{name} of integers")
for name in ("erf", "erfc"):
    case(name, X)
for name in ("erfinv", "reciprocal", "rsqrt"):
    case(name, P)
for name in ("arccos", "arcsin", "arctanh", "cbrt", "log", "log10", "log1p", "log2", "sqrt"):
    case(name, P)
    case(name, M, label=f"{name} of integers")
case("nextafter", np.array([np.inf, 1.0, 0.0], "float32"), np.zeros(3, "float32"),
     label="nextafter the end", slopes="")  # fmt: skip
for name in ("abs", "negative", "square", "sign", "floor", "sqrt", "trunc", "ceil", "round", "exp"):
    case(name, SMALL, label=f"{name} of int8")
case("arccosh", P + 1, rtol=2e-5)
case("cbrt", X, label="cbrt of negative numbers")
case("erfc", np.array([-4.0, 0.0, 3.0, 6.0], np.float32), label="erfc far out")
case("i0", np.array([0.0, 0.3, 5.0, 20.0], np.float32), label="i0 far out")
case("sinc", np.array([0.0, 0.5, 1.0], np.float32), label="sinc at 0", slopes="")
case("round", X, 2, label="round decimals")
case("signbit", ENDS)
case("nan_to_num", ENDS, slopes="")
case("nan_to_num", ENDS, 1.0, 2.0, -3.0, label="nan_to_num given", slopes="")
for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal", "logical_not"):
    case(name, ENDS)
    case(name, N, label=f"{name} of integers")

for name in (
    "add", "subtract", "multiply", "divide", "true_divide", "maximum", "minimum", "arctan2",
    "hypot", "logaddexp", "logaddexp2", "fmax", "fmin", "divide_no_nan", "heaviside", "nextafter",
    "mod", "fmod", "floor_divide",
):  # fmt: skip
    case(name, X, Y)
    case(name, N, M, label=f"{name} of integers")
    case(name, N, Q, label=f"{name} of both")
for name in ("add", "multiply", "divide", "maximum", "mod", "subtract", "power"):
    case(name, P, 2, label=f"{name} and a number")
    case(name, N, 2, label=f"{name} of integers and a number")
    case(name, N, 2.5, label=f"{name} of integers and a real number")
    case(name, SMALL, M, label=f"{name} of int8 and int32")
case("power", P, Q)
case("power", M, M, label="power of integers")
case("mod", -X, np.float32(0.3) + P, label="mod of negative numbers")
case("fmax", GAPS, Y, label="fmax of nan", slopes="")
case("fmin", GAPS, Y, label="fmin of nan", slopes="")
case("divide_no_nan", X, np.where(X > 0, Y, 0).astype("float32"), label="divide_no_nan by 0")
case("logaddexp", np.array([-np.inf, 1.0], "float32"), np.array([-np.inf, -np.inf], "float32"),
     label="logaddexp of -inf", slopes="")  # fmt: skip
case("ldexp", X, N)
for name in ("gcd", "lcm"):
    case(name, N, M)
for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift",
             "bitwise_left_shift", "bitwise_right_shift"):  # fmt: skip
    case(name, N, M)
for name in ("bitwise_not", "bitwise_invert"):
    case(name, N)
for name in ("logical_and", "logical_or", "logical_xor", "equal", "not_equal", "greater",
             "greater_equal", "less", "less_equal", "isclose", "allclose"):  # fmt: skip
    case(name, N, M)
    case(name, X, Y, label=f"{name} of real numbers")
    case(name, N, Q, label=f"{name} of both")
case("isclose", GAPS, GAPS, equal_nan=True, label="isclose of nan")
case("isin", N, M)
case("isin", N, np.array([1, 3]), invert=True, label="isin invert")
case("where", TRUE, X, Y)
case("where", TRUE, N, Q, label="where of both")
case("where", TRUE, X, 0.0, label="where and a number")
case("select", [TRUE, X > Y], [X, Y], 3.0)
case("select", [TRUE, X > Y], [N, M], label="select of integers")
case("clip", X, -0.5, 0.5)
case("clip", N, 2, 5, label="clip of integers")
case("cast", X, "float16", slopes="")
case("cast", X, "int32", label="cast to integers", slopes="")
case("saturate_cast", X * 300, "uint8", slopes="")
case("saturate_cast", X * 300, "int8", label="saturate_cast to int8", slopes="")
case("saturate_cast", X * 1e5, "int16", label="saturate_cast to int16", slopes="")
case("saturate_cast", N * 1000 - 3000, "int8", label="saturate_cast of integers")
case("saturate_cast", X * 1e6, "float16", label="saturate_cast to float16", slopes="")
case("view", X, "int32", slopes="")
case("view", N, "float32", label="view of integers", slopes="", rtol=0)
case("copy", X)
case("stop_gradient", X, slopes="")
