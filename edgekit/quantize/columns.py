"""Columns of a table: what one scale for all of them leaves to each.

An input has one scale. In a table a column from 3 to 8 beside one from 600 to 3000 falls into one
step of it, and no layer behind can bring it back. Three things are done about it:

1. Layers that treat the columns of an input each for itself, with constants (Normalization, or a
   Rescaling per column: Add, Sub, Mul, Div), stay in float, where that leaves the poorest column
   more steps. The input stays float32 with them.
2. `Recipe.int8_inputs` forbids 1.
3. Whatever column then has fewer than FEWEST_STEPS is named in the report.

In training for quantization there are no data yet: 1 goes by the constants of the layers
(`implied_columns`), then and when such a model is converted.

A column that holds one number throughout calibration says nothing about its range and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgekit.frozen import Frozen
from edgekit.ir import Graph, Node, attributes

from .calibrate import Array
from .parameters import Parameters
from .recipe import Recipe
from .samples import Samples
from .scales import activation_params

__all__ = [
    "FEWEST_STEPS",
    "Columns",
    "columns_of",
    "implied_columns",
    "leading_layers",
    "poor_columns",
]

FEWEST_STEPS = 16
"""With 16 steps rounding adds noise of 2 % of a column's range (1/16, over the root of 12): as much
as a four-bit sensor has. The noise of other columns is that of up to 255 steps."""
CLEARLY_MORE = 1.5
DEVIATIONS = 2.0
LISTED = 8
OPERATIONS = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}


class Columns(Frozen):
    """The smallest and the largest number in each column of a value."""

    low: Array
    high: Array

    def steps(self, scale: float) -> Array:
        """How many steps each column spans; infinite for one that holds one number."""
        width = self.high - self.low
        return np.where(width > 0, width / scale, np.inf)

    def scale(self) -> float:
        """The scale that all columns share when nothing else has a say."""
        return activation_params(float(self.low.min()), float(self.high.max())).scale[0]

    def described(self, steps: Array) -> str:
        """The columns with too few steps: `column 0 (3 to 8: 0.4 steps), ...`."""
        few = np.flatnonzero(steps < FEWEST_STEPS)
        shown = [
            f"column {c} ({self.low[c]:.4g} to {self.high[c]:.4g}: {steps[c]:.1f} steps)"
            for c in few[:LISTED]
        ]
        rest = len(few) - len(shown)
        return ", ".join(shown) + (f" and {rest} more" if rest else "")


def columns_of(graph: Graph, samples: Samples | None) -> dict[str, Columns]:
    """The columns (last axis) of the float32 inputs, and of what their leading layers give.

    Leading layers are those of rule 1 above, as far as nothing else reads what they read. Without
    samples the columns are those of `implied_columns`.
    """
    if samples is None:
        return implied_columns(graph)
    found: dict[str, Columns] = {}
    readers = graph.consumers()
    for name in graph.inputs:
        array = samples.arrays[name]
        if graph.value(name).dtype != "float32" or array.ndim < 2 or not array.size:
            continue
        if array.ndim > 2 and not all(node.op in OPERATIONS for node in readers[name]):
            continue  # nothing depends on it, and pictures are large
        rows = array.reshape(-1, array.shape[-1])
        low, high = rows.min(axis=0), rows.max(axis=0)
        found.update(_spanned(graph, name, low.astype(np.float64), high.astype(np.float64)))
    return found


def implied_columns(graph: Graph) -> dict[str, Columns]:
    """As `columns_of`, from the constants of the leading layers alone.

    They bring each column to one size: what they map to the numbers from -2 to 2, two deviations
    behind a Normalization, is its range. Inputs without such layers are left out.
    """
    found: dict[str, Columns] = {}
    for name in graph.inputs:
        value = graph.value(name)
        if value.dtype != "float32" or len(value.shape) < 2 or not value.shape[-1]:
            continue
        zero, one = np.zeros(value.shape[-1]), np.ones(value.shape[-1])
        *before, (offset, end) = _followed(graph, name, zero, one).values()
        if before and (end != offset).all():
            low, high = ((y - offset) / (end - offset) for y in (-DEVIATIONS, DEVIATIONS))
            found.update(_spanned(graph, name, low, high))
    return found


def _spanned(graph: Graph, name: str, one: Array, other: Array) -> dict[str, Columns]:
    followed = _followed(graph, name, one, other)
    return {value: Columns(np.minimum(*e), np.maximum(*e)) for value, e in followed.items()}


def _followed(graph: Graph, name: str, one: Array, other: Array) -> dict[str, tuple[Array, Array]]:
    """What becomes of two rows of an input in its leading layers, by value; first the input's."""
    found = {name: (one, other)}
    readers = graph.consumers()
    waiting = [name]
    while waiting:
        source = waiting.pop()
        made = {n.outputs[0]: _mapped(graph, n, found[source]) for n in readers[source]}
        known = {output: ends for output, ends in made.items() if ends is not None}
        if source not in graph.exits and len(known) == len(made):
            found.update(known)
            waiting += known
    return found


def _mapped(graph: Graph, node: Node, ends: tuple[Array, Array]) -> tuple[Array, Array] | None:
    """What an elementwise layer with a constant makes of two rows; None for any other node."""
    if node.op not in OPERATIONS or attributes(node).get("activation", "none") != "none":
        return None
    values = [graph.value(str(name)) for name in node.inputs]
    constants = [value for value in values if value.is_constant]
    if len(constants) != 1 or (node.op == "Div" and values[0].is_constant):
        return None
    width = len(ends[0])
    if constants[0].elements not in (1, width) or constants[0].shape[-1:] not in ((1,), (width,)):
        return None  # it differs from place to place
    number = constants[0].array().reshape(-1).astype(np.float64)
    apply = OPERATIONS[node.op]
    with np.errstate(all="ignore"):
        if values[0].is_constant:
            mapped = apply(number, ends[0]), apply(number, ends[1])
        else:
            mapped = apply(ends[0], number), apply(ends[1], number)
    return mapped if np.isfinite(mapped).all() else None


def leading_layers(graph: Graph, columns: Mapping[str, Columns], recipe: Recipe) -> dict[str, str]:
    """The outputs of layers that stay in float for the sake of an input's columns, with the reason.

    An input becomes int8 all the same where its layers do not leave the poorest column clearly more
    steps than it has by itself.
    """
    kept: dict[str, str] = {}
    if recipe.int8_inputs:
        return kept
    for name in graph.inputs:
        outputs = _behind(graph, columns, name)
        if not outputs:
            continue
        own = columns[name]
        scale = own.scale()
        if recipe.input_range is not None:
            scale = activation_params(*recipe.input_range).scale[0]
        steps = own.steps(scale)
        last = [columns[o] for o in outputs if not _behind(graph, columns, o)]
        later = min(float(one.steps(one.scale()).min()) for one in last)
        if steps.min() < FEWEST_STEPS and later > CLEARLY_MORE * steps.min():
            reason = (
                f"one scale for all columns of input {name!r} would leave too few steps for "
                f"{own.described(steps)}"
            )
            kept.update(dict.fromkeys(outputs, reason))
    return kept


def _behind(graph: Graph, columns: Mapping[str, Columns], name: str) -> list[str]:
    """The outputs of the leading layers behind a value, in order."""
    found: list[str] = []
    reached = {name}
    for node in graph.nodes:
        if node.outputs[0] in columns and reached & set(node.inputs):
            reached.add(node.outputs[0])
            found.append(node.outputs[0])
    return found


def poor_columns(
    graph: Graph,
    columns: Mapping[str, Columns],
    parameters: Parameters,
    in_float: Mapping[str, str],
) -> Sequence[str]:
    """A line for each table whose columns have too few steps in the scale that it really has.

    A table has rank 2; in sequences and pictures the last axis may well be empty at its ends.
    """
    notes = []
    readers, producers = graph.consumers(), graph.producers()
    for name, own in columns.items():
        if len(graph.value(name).shape) != 2 or name not in parameters.quant:
            continue
        producer = producers.get(name)
        if producer is not None and name not in in_float:
            continue  # it is computed of steps: what was lost was lost before
        if all(node.outputs[0] in in_float for node in readers[name]):
            continue
        steps = own.steps(parameters.quant[name].scale[0])
        if steps.min() < FEWEST_STEPS:
            what = f"input {name!r}" if producer is None else f"layer {producer.name!r}"
            advice = _advice(graph, columns, name)
            notes.append(
                f"{what} has one scale for all columns, and too few steps for "
                f"{own.described(steps)}: {advice}"
            )
    return notes


def _advice(graph: Graph, columns: Mapping[str, Columns], name: str) -> str:
    behind = _behind(graph, columns, name)
    if behind and name in graph.inputs:
        layer = graph.producers()[behind[0]].name
        return (
            "normalize the columns before training and conversion, or let the layers from "
            f"{layer!r} on stay in float (int8_inputs=False, keep_float)"
        )
    return (
        "normalize the columns before training and conversion, or begin the model with a "
        "Normalization layer, which then stays in float"
    )
