"""Gradients that come back through an activation on their way into a product."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import activations
from .strides import aligned

__all__ = ["OPEN", "Gate", "Gates", "even", "opened"]

_FUNCTIONS = {"relu": "Relu", "relu6": "Relu6"}


class Gate(NamedTuple):
    """Which elements of a gradient pass: those at which an activation's `output` has a slope.

    The output lies in memory as the gradient does. Kernels of products read both, so that the
    gradient behind the activation is never written.
    """

    output: Any
    activation: str  # "relu" or "relu6"

    def passed(self, g: Any) -> Any:
        """The gradient of what went into the activation, as an array of its own."""
        return activations.backward(_FUNCTIONS[self.activation], g, self.output, self.output)


def opened(
    gate: Gate | None, g: Any, *others: Any, itself: bool = False
) -> tuple[Any, Gate | None]:
    """The gradient and its gate as a product takes them: as they are where all arrays are of one
    dtype, else (or with `itself`) the gradient that has passed, and no gate.
    """
    if gate is None:
        return g, None
    if not itself and all(x.dtype == g.dtype for x in (gate.output, *others)):
        return g, gate
    return gate.passed(g), None


Gates = tuple[Gate | None, Gate | None]
"""Those of both operands of a product."""

OPEN: Gates = (None, None)


def even(whole: bool, gate: Gate | None) -> bool:
    """Whether vectors fit: those of the operand are `whole`, and so are those of its gate."""
    return whole and (gate is None or aligned(gate.output))
