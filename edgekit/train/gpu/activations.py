"""Activation functions on the GPU, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.ops import activations
from edgekit.train.primitive import Primitive

from .kernel import STORAGE, Kernel, contiguous, empty, kernel, type_name
from .rules import on_gpu

__all__ = ["kernels"]

_SOURCE = "activations.cu"
# the function in sources/activations.cu, and which attribute is its parameter, with its default
_FUNCTIONS: dict[Primitive, tuple[str, str, float]] = {
    activations.relu: ("Relu", "", 0.0),
    activations.relu6: ("Relu6", "", 0.0),
    activations.leaky_relu: ("LeakyRelu", "negative_slope", 0.3),
    activations.elu: ("Elu", "alpha", 1.0),
    activations.sigmoid: ("Sigmoid", "", 0.0),
    activations.tanh: ("Tanh", "", 0.0),
    activations.softplus: ("Softplus", "", 0.0),
    activations.silu: ("Silu", "", 0.0),
    activations.hard_sigmoid: ("HardSigmoid", "", 0.0),
    activations.hard_silu: ("HardSilu", "", 0.0),
    activations.gelu: ("Gelu", "", 0.0),
}


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    functions = [name for name, _, _ in _FUNCTIONS.values()] + ["GeluByTanh"]
    return [
        kernel(_SOURCE, f"activation_{way}<{t}, {function}>")
        for way in ("forward", "backward")
        for function in functions
        for t in STORAGE.values()
    ]


def forward(function: str, x: Any, parameter: float = 0.0) -> Any:
    """`function` of sources/activations.cu, of every element."""
    x = contiguous(x)
    y = empty(x.shape, x.dtype)
    run = kernel(_SOURCE, f"activation_forward<{type_name(x.dtype)}, {function}>")
    run.over(x.size, x, np.float32(parameter), y)
    return y


def backward(function: str, g: Any, x: Any, y: Any, parameter: float = 0.0) -> Any:
    """`g` times the slope of `function` where it went from `x` to `y`."""
    g, x, y = contiguous(g), contiguous(x), contiguous(y)
    gx = empty(y.shape, y.dtype)
    run = kernel(_SOURCE, f"activation_backward<{type_name(y.dtype)}, {function}>")
    run.over(y.size, g, x, y, np.float32(parameter), gx)
    return gx


def _register(rule_of: Primitive, function: str, attribute: str, default: float) -> None:
    def chosen(attrs: dict[str, Any]) -> tuple[str, float]:
        by_tanh = "ByTanh" if attrs.get("approximate") else ""
        return function + by_tanh, float(attrs.get(attribute, default))

    @on_gpu(rule_of)
    def rule(x: Any, **attrs: Any) -> Any:
        name, parameter = chosen(attrs)
        y = forward(name, x, parameter)
        return (y, None) if rule_of.saves else y

    @rule.vjp
    def _(g: Any, y: Any, x: Any, **attrs: Any) -> tuple[Any]:
        name, parameter = chosen(attrs)
        return (backward(name, g, x, y, parameter),)


for _rule, (_function, _attribute, _default) in _FUNCTIONS.items():
    _register(_rule, _function, _attribute, _default)
