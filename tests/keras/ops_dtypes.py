"""What functions of `keras.ops` are asked for their dtype in: read here and by Keras' Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["asked"]

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "float16", "float32")

ONE = """
    abs absolute all amax amin any arccos arccosh arcsin arcsinh arctan arctanh argmax argmin
    argsort average ceil celu conj cos cosh count_nonzero cumprod cumsum deg2rad diff elu exp exp2
    expm1 fabs flip floor gelu hard_sigmoid hard_silu hard_tanh isfinite isinf isnan leaky_relu log
    log10 log1p log2 log_sigmoid logical_not max mean median min nan_to_num negative ones_like prod
    ptp rad2deg relu relu6 round selu sigmoid sign silu sin sinc sinh softmax softplus softsign sort
    sqrt square std sum swapaxes0 tan tanh trace transpose trapezoid tril trunc var zeros_like
    nansum nanmean nanmax nanprod squareplus tanh_shrink
"""
TWO = """
    add arctan2 divide divide_no_nan equal floor_divide fmax fmin fmod greater heaviside hypot
    isclose kron logaddexp logical_and matmul maximum minimum mod multiply not_equal outer power
    inner dot tensordot vdot cross_rows append where_true
    squared_difference concatenate_both stack_both true_divide subtract
"""
SPECIAL = {
    "append": lambda ops, a, b: ops.append(a, b),
    "concatenate_both": lambda ops, a, b: ops.concatenate([a, b]),
    "cross_rows": lambda ops, a, b: ops.cross(a[0], b[0]),
    "squared_difference": lambda ops, a, b: ops.square(ops.subtract(a, b)),
    "stack_both": lambda ops, a, b: ops.stack([a, b]),
    "swapaxes0": lambda ops, a: ops.swapaxes(a, 0, 1),
    "vdot": lambda ops, a, b: ops.vdot(a[0], b[0]),
    "where_true": lambda ops, a, b: ops.where(np.ones((3, 3), bool), a, b),
}


def asked() -> Iterator[tuple[str, list[Any]]]:
    """(a function's name, its calls with one dtype after the other): each call takes `ops` and what
    makes a tensor of an array.
    """
    for names, count in ((ONE, 1), (TWO, 2)):
        for name in names.split():
            yield name, [_call(name, dtypes) for dtypes in _tuples(count)]


def _tuples(count: int) -> list[tuple[str, ...]]:
    if count == 1:
        return [(d,) for d in DTYPES]
    return [(a, b) for a in DTYPES for b in (*DTYPES, "int", "float")]


def _call(name: str, dtypes: tuple[str, ...]) -> Any:
    def call(ops: Any, tensor: Any) -> Any:
        numbers = {"int": 2, "float": 2.0}
        given = [numbers[d] if d in numbers else tensor(np.eye(3).astype(d)) for d in dtypes]
        if name in SPECIAL:
            return SPECIAL[name](ops, *given)
        return getattr(ops, name)(*given)

    return call
