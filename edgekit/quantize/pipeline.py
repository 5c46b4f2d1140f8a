"""A float graph in, an int8 graph out: each line of `quantize` is one module of this room."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from edgekit.errors import QuantizationError
from edgekit.frozen import Frozen, replace
from edgekit.ir import Graph, Preprocessing, validate
from edgekit.ir.passes import drop_dead_channels, prepare, store_tables
from edgekit.ir.passes.loops import unroll_loops

from .calibrate import Progress, Range, calibrate, check_finite
from .columns import columns_of, implied_columns, poor_columns
from .input_check import check_inputs
from .learned import complete_ranges
from .noise import signal_to_noise
from .parameters import choose_parameters
from .placement import check_keep_float, float_nodes
from .recipe import Recipe
from .report import Report, layer_reports
from .rewrite import rewrite
from .samples import Samples, gather

__all__ = ["Quantized", "constant_bytes", "dropped_notes", "quantize"]


class Quantized(Frozen):
    """The int8 graph, the float graph that it stands for (folded and fused), and the report."""

    graph: Graph
    float_graph: Graph
    ranges: Mapping[str, Range]
    report: Report


def quantize(
    graph: Graph,
    calibration: object,
    recipe: Recipe | None = None,
    *,
    learned: Mapping[str, Range] | None = None,
    compare: bool = True,
    evaluation: Samples | None = None,
    preprocessing: Preprocessing | None = None,
    progress: Progress | None = None,
) -> Quantized:
    """The graph with int8 weights and activations, ranges from `calibration` (see `gather`).

    `learned` are ranges by value name that training has found: they go before those of the
    calibration, which may then be None. `compare=False` leaves the signal-to-noise ratios out.
    `evaluation` are inputs to compare the scale of the calibration data with. `progress` is
    called after each batch. Raises QuantizationError where the data cannot give a sound model.
    """
    recipe = recipe or Recipe()
    validate(graph)
    samples = _checked(graph, _samples(graph, calibration, preprocessing, learned), evaluation)
    unrolled = unroll_loops(graph)
    prepared = prepare(unrolled)
    check_keep_float(unrolled, prepared, recipe)
    columns = columns_of(prepared, samples)
    # the layers that were int8 in training
    in_float = float_nodes(prepared, recipe, implied_columns(prepared) if learned else columns)
    notes: list[str] = []
    seen: Mapping[str, Range] = {}
    if samples is not None:
        notes += check_inputs(graph, samples, recipe, evaluation, preprocessing)
        seen = calibrate(prepared, samples, progress)
    ranges, lines = complete_ranges(prepared, in_float, seen, learned or {})
    parameters = choose_parameters(prepared, ranges, in_float, recipe.input_range)
    notes += poor_columns(prepared, columns, parameters, in_float)
    rewritten = rewrite(prepared, parameters, in_float)
    metadata = replace(graph.metadata, arithmetic=recipe.arithmetic)
    full = store_tables(replace(rewritten.graph, metadata=metadata))
    validate(full)
    noise = signal_to_noise(prepared, full, samples) if samples and compare else {}
    smaller = drop_dead_channels(full)
    validate(smaller)
    notes += [*_graph_notes(graph, unrolled), *_sample_notes(samples), *lines, *parameters.notes]
    notes += [*rewritten.notes, *dropped_notes(full, smaller), *_infinite_notes(prepared, noise)]
    layers, kept = layer_reports(prepared, full, ranges, noise), _float_layers(prepared, in_float)
    report = Report(layers, kept, notes, constant_bytes(graph), constant_bytes(smaller))
    return Quantized(smaller, prepared, ranges, report)


def constant_bytes(graph: Graph) -> int:
    """The bytes of all constants."""
    return sum(value.array().nbytes for value in graph.constants())


def _float_layers(graph: Graph, in_float: Mapping[str, str]) -> dict[str, str]:
    """Reasons by the name of the layer; `layer (value)` where a layer has several nodes."""
    found: dict[str, str] = {}
    for node in graph.nodes:
        output = node.outputs[0]
        if output in in_float:
            name = f"{node.name} ({output})" if node.name in found else node.name
            found[name] = in_float[output]
    for state in graph.states:
        if state.value in in_float:
            found[f"memory {state.value}"] = in_float[state.value]
    return found


def dropped_notes(full: Graph, smaller: Graph) -> Sequence[str]:
    """A line for each layer that lost channels which are zero whatever the input."""
    kept = {node.outputs[0] for node in smaller.nodes}
    notes = []
    for node in full.nodes:
        output = node.outputs[0]
        if node.op not in ("Conv2D", "Dense"):
            continue
        before = full.value(output).shape[-1] or 0
        after = (smaller.value(output).shape[-1] or 0) if output in kept else 0
        if after < before:
            notes.append(
                f"layer {node.name!r}: {before - after} of {before} channels are zero for every "
                "input and were removed"
            )
    return notes


def _graph_notes(graph: Graph, unrolled: Graph) -> Sequence[str]:
    left = {node.name for node in unrolled.nodes}
    loops = [n.name for n in graph.nodes if n.op == "While" and n.name not in left]
    notes = [f"layer {name!r}: the loop was written out step by step" for name in loops]
    if graph.states:
        notes.append(
            "the model keeps memories: the calibration samples were taken as consecutive steps of "
            "one sequence"
        )
    return notes


def _infinite_notes(graph: Graph, noise: Mapping[str, float]) -> Sequence[str]:
    """A line for the first layer that int8 makes infinite where float is not."""
    for node in graph.nodes:
        if any(noise.get(output) == -math.inf for output in node.outputs):
            return [
                f"layer {node.name!r} ({node.op}) computes numbers that are not finite since its "
                "inputs have 256 steps, as a logarithm of 0 does: keep the layers before it in "
                "float (keep_float)"
            ]
    return []


def _samples(
    graph: Graph,
    calibration: object,
    preprocessing: Preprocessing | None,
    learned: Mapping[str, Range] | None,
) -> Samples | None:
    """The calibration data; none are needed where ranges were learned in training."""
    if calibration is None and learned is None:
        raise QuantizationError(
            f"model {graph.name!r} computes in float, and the ranges of its activations come from "
            "calibration data: give typical inputs, scaled as in training, 100 are a good number "
            "(calibration, --calibration FILE). Without data it runs in float: save it as it is "
            "(edgekit export MODEL -o model.edge)"
        )
    if calibration is None or isinstance(calibration, Samples):
        return calibration
    return gather(graph, calibration, "calibration", preprocessing)


def _checked(graph: Graph, samples: Samples | None, evaluation: Samples | None) -> Samples | None:
    for data in (samples, evaluation):
        if data is not None:
            check_finite(graph, data)
    return samples


def _sample_notes(samples: Samples | None) -> Sequence[str]:
    notes: list[str] = []
    if samples is None:
        return notes
    if samples.preprocessed:
        notes.append(
            f"the {samples.what} data are raw uint8: the model's preprocessing was applied"
        )
    if samples.count < 10:
        notes.append(
            f"only {samples.count} calibration samples: ranges are likely too narrow; "
            "100 typical ones are a good number"
        )
    return notes
