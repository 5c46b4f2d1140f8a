"""A float graph in, an int8 graph out: each line of `quantize` is one module of this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgekit.frozen import Frozen, replace
from edgekit.ir import Graph, Preprocessing, validate
from edgekit.ir.passes import drop_dead_channels, prepare
from edgekit.ir.passes.store_tables import store_tables

from .calibrate import Progress, Range, calibrate, check_finite
from .input_check import check_inputs
from .noise import signal_to_noise
from .parameters import choose_parameters
from .placement import check_keep_float, float_nodes
from .recipe import Recipe
from .report import Report, layer_reports
from .rewrite import rewrite
from .samples import Samples, gather

__all__ = ["Quantized", "quantize"]


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
    evaluation: Samples | None = None,
    preprocessing: Preprocessing | None = None,
    progress: Progress | None = None,
) -> Quantized:
    """The graph with int8 weights and activations, ranges from `calibration` (see `gather`).

    `evaluation` are inputs to compare the scale of the calibration data with. `progress` is
    called after each batch. Raises QuantizationError where the data cannot give a sound model.
    """
    recipe = recipe or Recipe()
    validate(graph)
    samples = calibration
    if not isinstance(samples, Samples):
        samples = gather(graph, calibration, "calibration", preprocessing)
    for data in (samples, *([] if evaluation is None else [evaluation])):
        check_finite(graph, data)
    prepared = prepare(graph)
    check_keep_float(graph, prepared, recipe)
    in_float = float_nodes(prepared, recipe)
    notes = check_inputs(graph, samples, recipe, evaluation, preprocessing)
    ranges = calibrate(prepared, samples, progress)
    parameters = choose_parameters(prepared, ranges, in_float, recipe.input_range)
    rewritten = rewrite(prepared, parameters, in_float)
    metadata = replace(graph.metadata, arithmetic=recipe.arithmetic)
    full = store_tables(replace(rewritten.graph, metadata=metadata))
    validate(full)
    noise = signal_to_noise(prepared, full, samples)
    smaller = drop_dead_channels(full)
    validate(smaller)
    notes = [*notes, *_sample_notes(samples), *parameters.notes, *rewritten.notes]
    notes += _dropped_notes(full, smaller)
    report = Report(
        layer_reports(prepared, full, ranges, noise),
        _float_layers(prepared, in_float),
        notes,
        constant_bytes(graph),
        constant_bytes(smaller),
    )
    return Quantized(smaller, prepared, ranges, report)


def constant_bytes(graph: Graph) -> int:
    """The bytes of all constants."""
    return sum(value.array().nbytes for value in graph.constants())


def _float_layers(graph: Graph, in_float: Mapping[str, str]) -> dict[str, str]:
    """Reasons by the name of the layer; `layer (value)` where a layer has several nodes."""
    found: dict[str, str] = {}
    for output, reason in in_float.items():
        name = graph.producers()[output].name
        found[f"{name} ({output})" if name in found else name] = reason
    return found


def _dropped_notes(full: Graph, smaller: Graph) -> Sequence[str]:
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


def _sample_notes(samples: Samples) -> Sequence[str]:
    notes = []
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
