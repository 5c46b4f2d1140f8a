"""Activation functions on the GPU."""

from __future__ import annotations

from typing import Any

from edgekit.train.ops import activations

from .kernel import STORAGE, Kernel, contiguous, empty, kernel, type_name
from .rules import on_gpu

__all__ = ["kernels"]

_SOURCE = "activations.cu"


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    names = ("relu_forward", "relu_backward")
    return [kernel(_SOURCE, f"{name}<{t}>") for name in names for t in STORAGE.values()]


@on_gpu(activations.relu)
def relu(x: Any) -> Any:
    x = contiguous(x)
    y = empty(x.shape, x.dtype)
    kernel(_SOURCE, f"relu_forward<{type_name(x.dtype)}>").over(x.size, x, y)
    return y


@relu.vjp
def _(g: Any, y: Any, x: Any) -> Any:
    g, y = contiguous(g), contiguous(y)
    gx = empty(y.shape, y.dtype)
    kernel(_SOURCE, f"relu_backward<{type_name(y.dtype)}>").over(y.size, g, y, gx)
    return (gx,)
