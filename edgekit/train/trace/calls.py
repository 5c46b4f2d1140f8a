"""What a rule of the trace sees of a recorded call, and the table that the rules stand in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

__all__ = ["RULES", "Call", "Rule", "Shape", "rule"]

Shape = tuple[int | None, ...]


class Call(Protocol):
    """What a rule sees of one recorded call."""

    attrs: dict[str, Any]

    @property
    def shape(self) -> Shape:
        """The shape of the output; None where the batch is."""

    def shape_of(self, position: int) -> Shape:
        """The shape of an input; None where the batch is."""

    def value(self, position: int) -> str:
        """The name of an input in the graph; a constant is entered as it is."""

    def times(self, position: int) -> tuple[str, ...]:
        """The names of an input whose times were folded into the batch, one for each time."""

    def constant(self, position: int) -> np.ndarray | None:
        """The array of an input that does not depend on the model's input, else None."""

    def weight(self, position: int, layout: Callable[[np.ndarray], np.ndarray]) -> str:
        """A constant input in another layout; raises UnsupportedOperator where it is computed."""

    def part(self, position: int, layout: Callable[[Any], Any]) -> str:
        """A new constant made of a weight by slices and swapped axes, which tensors know too."""

    def given(self, position: int) -> bool:
        """Is there such an input, and is it not None?"""

    def number(self, value: float | Sequence[float] | np.ndarray) -> str:
        """A new constant of the rule's own."""

    def dtype_of(self, position: int) -> str:
        """The dtype of an input."""

    def integers(self, values: Sequence[int] | np.ndarray) -> str:
        """A new int32 constant of the rule's own."""

    def add(self, op: str, *inputs: str | None, **attrs: Any) -> str:
        """A node of the layer; returns the name of its result."""

    def add_all(self, op: str, *inputs: str | None, **attrs: Any) -> tuple[str, ...]:
        """A node with several results; returns their names."""


Rule = Callable[[Call], Any]  # the name of the result; several where times are apart
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter a rule for the primitives of these names."""

    def enter(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return enter
