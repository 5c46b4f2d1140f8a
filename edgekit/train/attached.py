"""What is known of a tensor besides its values, for as long as the tensor lives."""

from __future__ import annotations

import weakref
from typing import Any

__all__ = ["Attached"]


class Attached:
    """Tensor -> something, by identity; an entry goes with its tensor.

    `weakref.WeakKeyDictionary` asks whether keys are equal, and equality of tensors is a tensor.
    """

    def __init__(self) -> None:
        self._held: dict[int, tuple[Any, Any]] = {}

    def __setitem__(self, tensor: Any, value: Any) -> None:
        key = id(tensor)
        self._held[key] = (weakref.ref(tensor, lambda _: self._held.pop(key, None)), value)

    def get(self, tensor: Any, default: Any = None) -> Any:
        found = self._held.get(id(tensor))
        return default if found is None else found[1]
