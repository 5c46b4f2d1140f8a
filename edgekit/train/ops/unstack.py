"""A sequence taken apart into its steps, with a gradient that costs what the steps hold.

Indexing each step by itself would make zeros of the whole sequence for each of them.
"""

from __future__ import annotations

from typing import Any

from edgekit.train.backend import array_module
from edgekit.train.primitive import Primitive, recorders, scope_state
from edgekit.train.tape import GradientTape

from .shape import pad

__all__ = ["unstack"]


class _Steps:
    """Gradients of some steps of one sequence; sums are taken in place."""

    def __init__(self, shape: tuple[int, ...], index: int, gradient: Any) -> None:
        self.shape = shape
        self.found = {index: gradient}

    def __add__(self, other: _Steps) -> _Steps:
        for index, gradient in other.found.items():
            known = self.found.get(index)
            self.found[index] = gradient if known is None else known + gradient
        return self

    def whole(self) -> Any:
        first = next(iter(self.found.values()))
        made = array_module(first).zeros(self.shape, first.dtype)
        for index, gradient in self.found.items():
            made[:, index] = gradient
        return made


def _same(x: Any) -> Any:
    return x


def _step(x: Any, *, index: int) -> Any:
    return x[:, index]


# they are no operators of a graph: a trace sees indexing
_sequence = Primitive(_same, "sequence", saves=False, differentiable=True)
_step_of = Primitive(_step, "step", saves=False, differentiable=True)


@_sequence.vjp(reads_inputs=False)
def _(g: Any, y: Any, x: Any) -> Any:
    return (g.whole() if isinstance(g, _Steps) else g,)


@_sequence.nested_vjp
def _(g: Any, y: Any, x: Any) -> Any:
    return (g,)


@_step_of.vjp(reads_inputs=False)
def _(g: Any, y: Any, x: Any, *, index: int) -> Any:
    return (_Steps(x.shape, index, g),)


@_step_of.nested_vjp
def _(g: Any, y: Any, x: Any, *, index: int) -> Any:
    around = ((0, 0), (index, x.shape[1] - index - 1), *(((0, 0),) * (len(x.shape) - 2)))
    return (pad(g.reshape(x.shape[0], 1, *x.shape[2:]), paddings=around),)


def unstack(x: Any) -> list[Any]:
    """The steps of (batch, time, ...), each (batch, ...)."""
    listening = recorders()
    count = x.shape[1]
    rewritten = scope_state.rewriter is not None  # which knows the calls that a trace sees
    if rewritten or not listening or not all(isinstance(r, GradientTape) for r in listening):
        return [x[:, t] for t in range(count)]
    sequence = _sequence(x)
    return [_step_of(sequence, index=t) for t in range(count)]
