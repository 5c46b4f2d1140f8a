"""How the case of a layer is written, and its inputs.

A case is (name, class, arguments, inputs) or (name, class, arguments, inputs, options). The class
is a name, or a function that gets the module `layers` (of Keras, or of edgekit.train: they have
the same names) and the arguments, and returns the layer: for layers that take layers. An input is
a shape (normal numbers), ("positive", shape), ("int", shape, upper) or ("bool", shape). Options:

    "training": True    the output in training, the weights after it, and the gradients there
    "gradients": False  where Keras has none
    "call": {...}       keyword arguments of the call; {"mask": ("bool", shape)} makes an array
    "symbolic": False   where the inputs alone are not all that the call needs
    "tolerance": 1e-4   instead of 1e-5, with the reason beside it
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

__all__ = ["IMAGE", "SEQUENCE", "VOLUME", "LayerCase", "make_arrays"]

IMAGE = (2, 7, 6, 4)
SEQUENCE = (2, 9, 4)
VOLUME = (2, 5, 6, 4, 2)


class LayerCase:
    """A case of a layer, its parts by name."""

    def __init__(self, case: tuple[Any, ...]) -> None:
        self.name, self.cls, self.arguments, self.inputs = case[:4]
        self.options: dict[str, Any] = case[4] if len(case) > 4 else {}

    @property
    def training(self) -> bool:
        return bool(self.options.get("training", False))

    @property
    def gradients(self) -> bool:
        return bool(self.options.get("gradients", True))

    def make(self, layers: Any) -> Any:
        """The layer, of Keras or of edgekit.train."""
        if callable(self.cls):
            return self.cls(layers, **self.arguments)
        return getattr(layers, self.cls)(**self.arguments)

    def call_arguments(self) -> dict[str, Any]:
        """Keyword arguments of the call, with masks as arrays."""
        rng = np.random.default_rng(zlib.crc32(f"{self.name}/call".encode()))
        return {
            key: _drawn(rng, value) if isinstance(value, tuple) else value
            for key, value in self.options.get("call", {}).items()
        }


def make_arrays(name: str, inputs: list[Any]) -> list[np.ndarray]:
    """Inputs of the case called `name`, the same whatever other cases there are."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return [_drawn(rng, given) for given in inputs]


def _drawn(rng: np.random.Generator, given: tuple[Any, ...]) -> np.ndarray:
    kind = given[0] if given and isinstance(given[0], str) else ""
    if kind == "int":
        return rng.integers(0, given[2], given[1]).astype(np.int32)
    if kind == "bool":
        drawn = rng.integers(0, 2, given[1]).astype(bool)
        drawn[..., 0] = True  # a row with nothing in it has no output that is defined
        return drawn
    if kind == "positive":
        return rng.uniform(0.5, 2.0, given[1]).astype(np.float32)
    return rng.normal(size=given).astype(np.float32)
