"""How the case of a primitive is written, and its inputs.

A case is (id, primitive, inputs, attributes). An input is a shape (normal numbers), ("positive",
shape), ("probability", shape), ("class", shape, classes), ("bool", shape), or None. Nothing is
computed here, so that the script that makes the goldens can read the cases without edgekit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Case", "Cases", "make_inputs", "second_weight"]

Case = tuple[str, str, list[Any], dict[str, Any]]


class Cases(list[Case]):
    """The cases of one family."""

    def add(self, identifier: str, primitive: str, *inputs: Any, **attrs: Any) -> None:
        if any(identifier == known[0] for known in self):
            raise ValueError(f"case {identifier!r} is there twice")
        self.append((identifier, primitive, list(inputs), attrs))


def make_inputs(identifier: str, inputs: list[Any]) -> list[np.ndarray | None]:
    """Inputs of a case, the same every time; exact in float32."""
    rng = np.random.default_rng(list(identifier.encode()))
    made: list[np.ndarray | None] = []
    for given in inputs:
        if given is None:
            made.append(None)
        elif given and given[0] == "class":
            made.append(rng.integers(0, given[2], given[1]).astype(np.int32))
        elif given and given[0] == "bool":
            made.append(rng.integers(0, 2, given[1]).astype(bool))
        elif given and given[0] == "positive":
            made.append(_exact(rng.uniform(0.5, 2.0, given[1])))
        elif given and given[0] == "probability":
            x = rng.uniform(0.1, 1.0, given[1])
            made.append(_exact(x / x.sum(axis=-1, keepdims=True)))
        else:
            made.append(_exact(rng.normal(size=given)))
    return made


def second_weight(shape: tuple[int, ...]) -> np.ndarray:
    """The weights of a gradient's elements in the sum that is differentiated once more."""
    size = int(np.prod(shape))
    return np.cos(np.arange(size, dtype=np.float64) * 1.7 + 0.3).reshape(shape)


def _exact(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32).astype(np.float64)
