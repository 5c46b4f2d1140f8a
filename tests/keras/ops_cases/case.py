"""How a case of `keras.ops` is written.

A case calls functions of `keras.ops` with fixed arguments. Keras' own functions run it for the
values and dtypes, and on PyTorch in float64 for the derivatives; so nothing here imports edgekit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Case", "Cases", "outputs_of", "weights_of"]


class Case(NamedTuple):
    """`function(ops, *inputs)` gives tensors; `slopes` says who knows its derivatives: "torch",
    "differences" (central ones, where Keras on PyTorch has none), or "" where there are none.
    """

    function: Callable[..., Any]
    inputs: list[Any]
    slopes: str
    symbolic: str  # why it is no part of a functional model, "" where it is
    fixed: bool  # the first axis must be known
    rtol: float


class Cases(dict[str, Case]):
    """The cases of one family by their labels."""

    def add(
        self,
        name: str,
        *args: Any,
        label: str = "",
        slopes: str = "torch",
        symbolic: str = "",
        fixed: bool = False,
        rtol: float = 2e-6,
        **options: Any,
    ) -> None:
        """A call of one function; the floating arrays among `args` are followed."""
        leaves = [x for x in _leaves(args) if isinstance(x, np.ndarray)]

        def function(ops: Any, *inputs: Any) -> Any:
            return getattr(ops, name)(*_filled(args, iter(inputs)), **options)

        self.enter(label or name, function, leaves, slopes, symbolic, fixed, rtol)

    def enter(
        self,
        label: str,
        function: Callable[..., Any],
        inputs: list[Any],
        slopes: str = "torch",
        symbolic: str = "",
        fixed: bool = False,
        rtol: float = 2e-6,
    ) -> None:
        """A function of `ops` and its inputs."""
        while label in self:
            label += "'"
        followed = any(x.dtype.kind == "f" for x in inputs)
        self[label] = Case(function, inputs, slopes if followed else "", symbolic, fixed, rtol)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _filled(value: Any, inputs: Iterator[Any]) -> Any:
    """`value` with the inputs in the places of its arrays."""
    if isinstance(value, list | tuple):
        return type(value)(_filled(item, inputs) for item in value)
    return next(inputs) if isinstance(value, np.ndarray) else value


def outputs_of(made: Any) -> list[Any]:
    """All outputs of a function, in one list."""
    if isinstance(made, dict):
        made = [made[key] for key in sorted(made)]
    return [x for x in _leaves(made if isinstance(made, list | tuple) else [made]) if x is not None]


def weights_of(shape: Any) -> np.ndarray:
    """Numbers that tell the elements of a result apart."""
    size = int(np.prod(shape))
    return np.cos(np.arange(size, dtype=np.float64) * 1.7 + 0.3).reshape(tuple(shape))
