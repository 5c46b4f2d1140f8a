"""Calls of recurrent layers: what they have in common with inference, and the integer Lstm."""

from __future__ import annotations

from typing import Any, Protocol

from edgekit.errors import UnsupportedOperator
from edgekit.train.backend import array_module
from edgekit.train.primitive import Primitive, scope_state
from edgekit.train.tensor import Tensor, wrap

from .lstm import rounded_inputs, rounded_lstm
from .pieces import RECURRENT
from .scales import Scales
from .steps import Lstm, Step

__all__ = ["check_call", "kernel_axes", "run_lstm"]


class Observer(Protocol):
    """What a rewriter knows, and what it learns."""

    scales: Scales
    learning: bool
    widening: bool

    def observed(self, value: Any, x: Tensor) -> Tensor:
        """Take note of the range of a value."""


def check_call(step: Step, primitive: Primitive, inputs: Any) -> None:
    """Raise UnsupportedOperator for a mask that was not there in inference."""
    mask = RECURRENT[primitive.name] - 1
    if mask < len(inputs) and inputs[mask] is not None and not _has(step, mask):
        raise UnsupportedOperator(
            f"layer {scope_state.scope!r} is given a mask that it has not in inference: what is "
            "quantized must be computed alike in training and in inference"
        )


def kernel_axes(step: Step) -> tuple[int, ...] | None:
    """Along which axes the scales of one gate's kernel differ; None for a layer in float.

    Where each gate has a dropout mask of its own for the inputs, their products with the kernel
    are made gate by gate, by calls that inference has not.
    """
    one = step.times[0] if step.times else step
    if one.lstm is not None:
        return ()
    return (1,) if one.piece is not None else None


def _has(step: Step, position: int) -> bool:
    piece = step.piece
    if piece is None:
        return step.lstm is None
    places = [*piece.sources.values(), *(place for place, _ in piece.weights.values())]
    return position in places


def run_lstm(rewriter: Observer, step: Lstm, primitive: Primitive, inputs: Any, attrs: Any) -> Any:
    """Output and what is saved, with 16-bit gates and cell and an int8 state. Where no range is
    known yet the batch is seen without them first, as by `observe`.
    """
    scales = rewriter.scales
    seen = bool(scales.of(step.y)) and scales.of_cell(step.cell) is not None
    if rewriter.widening or not seen:
        output, saved = primitive.call_saving(*inputs, **attrs)
        rewriter.observed(step.y, wrap(saved[2][1:]))
        rewriter.observed(step.cell, _both_ways(saved[3][1:]))
        if rewriter.widening or not rewriter.learning:
            return output, saved
    (quant,), x_quant = scales.of(step.y), scales.of(step.x)[-1]
    cell_scale = scales.of_cell(step.cell)
    assert cell_scale is not None
    output, saved = rounded_lstm.call_saving(
        *rounded_inputs(inputs, x_quant, quant, cell_scale),
        hidden_scale=quant.scale[0], hidden_zero_point=quant.zero_point[0],
        cell_scale=cell_scale, **attrs,
    )  # fmt: skip
    if seen:
        _, (_, _, reached, shown) = saved
        rewriter.observed(step.y, wrap(shown))
        rewriter.observed(step.cell, _both_ways(reached * reached.dtype.type(cell_scale)))
    return output, saved


def _both_ways(x: Any) -> Tensor:
    """The largest magnitude and its negative: the range of a symmetric scale."""
    largest = array_module(x).abs(x).max()
    return wrap(array_module(x).stack([-largest, largest]))
