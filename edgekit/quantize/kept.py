"""A model that is quantized already stays as it is: its integers, its scales and its rounding."""

from __future__ import annotations

import numpy as np

from edgekit.errors import QuantizationError
from edgekit.interpreter.arithmetic import dequantize
from edgekit.ir import Graph, Node, Value, validate
from edgekit.ir.passes import drop_dead_channels
from edgekit.ir.quant import LIMITS

from .calibrate import Range
from .pipeline import Quantized, constant_bytes, dropped_notes
from .recipe import Recipe
from .report import Report, layer_reports
from .samples import Samples

__all__ = ["keep"]

MEETING = ("Quantize", "Dequantize")
"""Operators that stand where integers and float meet; they are neither."""


def keep(graph: Graph, samples: Samples | None, recipe: Recipe | None) -> Quantized:
    """A quantized graph without the channels that make no difference, and its report.

    Every output has the bits that it had. Calibration data set no ranges, which a line of the
    report says. Raises QuantizationError for choices that only the conversion of a float model
    leaves.
    """
    validate(graph)
    if recipe is not None:
        _check_choices(graph, recipe)
    smaller = drop_dead_channels(graph)
    ranges = {value.name: _range(value) for value in graph.activations() if _has_range(value)}
    notes = ["the model was quantized already: its integers and scales stay as they are"]
    if samples is not None:
        notes.append("calibration data set no range here; verify replays the first of them")
    notes += dropped_notes(graph, smaller)
    in_float = {
        node.name: _reason(graph, node)
        for node in graph.nodes
        if graph.value(node.outputs[0]).dtype == "float32" and node.op not in MEETING
    }
    layers = layer_reports(graph, graph, ranges, {})
    size, accuracy = constant_bytes(smaller), graph.metadata.accuracy
    report = Report(layers, in_float, notes, None, size, accuracy)
    return Quantized(smaller, graph, ranges, report)


def _reason(graph: Graph, node: Node) -> str:
    weights = {graph.value(n).dtype for n in node.inputs if n and graph.value(n).quant is not None}
    stored = f", with weights in {', '.join(sorted(weights))}" if weights else ""
    return f"in float in the model as it came{stored}"


def _check_choices(graph: Graph, recipe: Recipe) -> None:
    """Every choice that cannot be made any more, all of them at once."""
    made_for = graph.metadata.arithmetic
    wrong = []
    if recipe.keep_float:
        wrong.append("keep_float (--keep-float)")
    if recipe.input_range is not None:
        wrong.append("input_range (--input-range)")
    if recipe.int8_inputs:
        wrong.append("int8_inputs (--int8-inputs)")
    if recipe.arithmetic != made_for:
        wrong.append(f"arithmetic {recipe.arithmetic!r} (--arithmetic; it is {made_for!r})")
    if wrong:
        raise QuantizationError(
            f"model {graph.name!r} is quantized already, which these choices would have to change: "
            f"{', '.join(wrong)}; leave them out, or convert the float model that it was made from"
        )


def _has_range(value: Value) -> bool:
    return value.quant is not None and value.quant.axis is None and value.dtype in LIMITS


def _range(value: Value) -> Range:
    """The real numbers that the smallest and the largest integer stand for."""
    assert value.quant is not None
    low, high = dequantize(np.array(LIMITS[value.dtype]), value.quant)
    return Range(float(low), float(high))
