"""The operators of a graph as primitives, for what is computed operator by operator in training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgekit.train.tensor import PRIMITIVES

__all__ = ["ELEMENTWISE", "OPERATORS", "dense"]

Operator = Callable[[Sequence[Any], Mapping[str, Any]], Any]


def _plain(name: str) -> Operator:
    return lambda inputs, attrs: PRIMITIVES[name](*inputs)


def _reduced(name: str) -> Operator:
    return lambda inputs, attrs: PRIMITIVES[name](
        inputs[0], axis=tuple(attrs["axes"]), keepdims=bool(attrs["keepdims"])
    )


def _reshaped(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    return PRIMITIVES["reshape"](inputs[0], shape=tuple(attrs["shape"]))


def _sliced(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    """A window in steps of one, as layers of sequences have it."""
    window = zip(attrs["starts"], attrs["sizes"], strict=True)
    index = tuple(slice(start, None if size == -1 else start + size) for start, size in window)
    return PRIMITIVES["getitem"](inputs[0], index=index)


def dense(x: Any, weight: Any, bias: Any) -> Any:
    """x (..., inputs) times a weight (outputs, inputs)."""
    turned = PRIMITIVES["transpose"](weight)
    return PRIMITIVES["dense"](x, turned, bias) if bias is not None else x @ turned


ELEMENTWISE: dict[str, Operator] = {
    "Add": _plain("add"),
    "Div": _plain("divide"),
    "Exp": _plain("exp"),
    "Log": _plain("log"),
    "Maximum": _plain("maximum"),
    "Mean": _reduced("mean"),
    "Minimum": _plain("minimum"),
    "Mul": _plain("multiply"),
    "ReduceMax": _reduced("max"),
    "Relu": _plain("relu"),
    "Relu6": _plain("relu6"),
    "Reshape": _reshaped,
    "Rsqrt": lambda inputs, attrs: 1.0 / PRIMITIVES["sqrt"](inputs[0]),
    "Sigmoid": _plain("sigmoid"),
    "SquaredDifference": lambda inputs, attrs: PRIMITIVES["square"](inputs[0] - inputs[1]),
    "Sub": _plain("subtract"),
    "Sum": _reduced("sum"),
    "Tanh": _plain("tanh"),
}
"""How the operators that appear inside of one call are computed with derivatives."""

OPERATORS: dict[str, Operator] = {
    **ELEMENTWISE,
    "Concat": lambda inputs, attrs: PRIMITIVES["concat"](*inputs, axis=int(attrs["axis"])),
    "Dense": lambda inputs, attrs: dense(*inputs, *[None] * (3 - len(inputs))),
    "Select": lambda inputs, attrs: PRIMITIVES["where"](inputs[2], inputs[0], inputs[1]),
    "Slice": _sliced,
}
"""The same, and what a recurrent layer is written with beside them."""
