"""What the functions of `keras.ops` take: tensors with values or without, arrays, numbers."""

from __future__ import annotations

from typing import Any

from edgekit.train.tensor import Tensor

__all__ = ["as_tensor"]


def as_tensor(x: Any) -> Any:
    """`x` as a tensor; one without values stays what it is."""
    return x if hasattr(x, "__symbolic_call__") or isinstance(x, Tensor) else Tensor(x)
