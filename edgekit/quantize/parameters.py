"""One scale and zero point for every activation that becomes int8, groups of tied values shared.

A group takes the union of its members' ranges. Some operators fix what they put out (Softmax,
Sigmoid, Tanh): a group that fits into such fixed parameters takes them; where it does not, the
fixed value keeps its own and a Requantize carries it over, with a line in the report.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from edgekit.errors import QuantizationError
from edgekit.frozen import Frozen
from edgekit.ir import Graph, QuantParams, spec

from .calibrate import Range
from .recurrent import cell_params, lstm_layers
from .scales import activation_params, representable
from .tied import tied_groups

__all__ = ["Parameters", "choose_parameters", "fixed_outputs", "group_params"]


class Parameters(Frozen):
    """What the rewriting follows.

    quant: by value name, as the value's readers shall see it.
    fixed: by value name, what its operator puts out, where that differs: a Requantize follows.
    notes: lines for the report.
    """

    quant: Mapping[str, QuantParams]
    fixed: Mapping[str, QuantParams]
    notes: Sequence[str]


def choose_parameters(
    graph: Graph,
    ranges: Mapping[str, Range],
    float_outputs: Mapping[str, str],
    input_range: tuple[float, float] | None = None,
) -> Parameters:
    """Parameters for every activation that an int8 node reads or computes.

    `float_outputs` are the outputs of nodes and the memories that stay in float. Raises
    QuantizationError naming the layer whose range no scale can hold.
    """
    known = dict(ranges)
    if input_range is not None:
        known.update(dict.fromkeys(graph.inputs, Range(*input_range)))
    fixed = fixed_outputs(graph, float_outputs)
    quant: dict[str, QuantParams] = {}
    carried: dict[str, QuantParams] = {}
    notes: list[str] = []
    for group in tied_groups(graph, float_outputs):
        if not all(name in known for name in group):
            continue  # in float, and read by nobody in int8: its range was not learned
        chosen = group_params(group, known, fixed)
        for name in group:
            quant[name] = chosen
            if name in fixed and fixed[name] != chosen:
                carried[name] = fixed[name]
                notes.append(
                    f"{_layer(graph, name)}: its fixed output scale {fixed[name]} does not hold "
                    f"the values that share its scale; requantized to {chosen}"
                )
    for node in lstm_layers(graph, float_outputs):
        quant[node.outputs[2]] = cell_params(known[node.outputs[2]].high)
    notes += _constant_notes(graph, ranges, float_outputs)
    return Parameters(quant, carried, notes)


def fixed_outputs(graph: Graph, float_outputs: Container[str]) -> dict[str, QuantParams]:
    """What operators fix by themselves, by the name of their output."""
    return {
        node.outputs[0]: always
        for node in graph.nodes
        if (always := spec(node.op).output_quant) is not None
        and node.outputs[0] not in float_outputs
    }


def group_params(
    group: Sequence[str], ranges: Mapping[str, Range], fixed: Mapping[str, QuantParams]
) -> QuantParams:
    """The parameters that all values of a group share: those of an operator that fixes its output
    where the union of the ranges fits, else of the union.
    """
    union = ranges[group[0]]
    for name in group[1:]:
        union = union.union(ranges[name])
    for candidate in dict.fromkeys(fixed[name] for name in group if name in fixed):
        # Half a step beyond the last integer still rounds to it; a fixed operator's own upper
        # bound (1.0 for Softmax, whose last step is 255/256) lies one step beyond.
        low, high = representable(candidate)
        step = candidate.scale[0]
        if low - step <= union.low and union.high <= high + step:
            return candidate
    try:
        return activation_params(union.low, union.high)
    except QuantizationError as error:
        raise QuantizationError(f"value {group[0]!r}: {error}") from error


def _constant_notes(
    graph: Graph, ranges: Mapping[str, Range], float_outputs: Mapping[str, str]
) -> list[str]:
    """A line for each activation that never changed during calibration."""
    return [
        f"{_layer(graph, name)}: its output was {found.low:g} throughout calibration; the layer is "
        "dead, or the calibration data say nothing about it"
        for name, found in ranges.items()
        if found.is_constant and name not in float_outputs
    ]


def _layer(graph: Graph, name: str) -> str:
    node = graph.producers().get(name)
    return f"layer {node.name!r}" if node is not None else f"input {name!r}"
