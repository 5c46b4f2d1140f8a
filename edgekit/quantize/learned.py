"""Ranges that quantization-aware training has learned, where calibration would find others."""

from __future__ import annotations

from collections.abc import Container, Mapping

from edgekit.errors import QuantizationError
from edgekit.ir import Graph

from .calibrate import Range
from .tied import tied_groups

__all__ = ["complete_ranges"]


def complete_ranges(
    graph: Graph,
    float_outputs: Container[str],
    seen: Mapping[str, Range],
    learned: Mapping[str, Range],
) -> tuple[dict[str, Range], list[str]]:
    """A range for every activation that an int8 node reads or computes, and lines for the report.

    Values that share a scale share what was learned of any of them; `seen`, from calibration, is
    for groups of which nothing was. Without `learned` the result is `seen`. Raises
    QuantizationError, listing all layers, where neither knows a range that is needed.
    """
    if not learned:
        return dict(seen), []
    needed = _needed(graph, float_outputs)
    producers = graph.producers()
    found: dict[str, Range] = dict(seen)
    missing: list[str] = []
    calibrated: list[str] = []
    count = 0
    for group in tied_groups(graph, float_outputs):
        known = [learned[name] for name in group if name in learned]
        if known:
            union = known[0]
            for one in known[1:]:
                union = union.union(one)
            found.update(dict.fromkeys(group, union))
            count += len(group)
        elif any(name in needed for name in group):
            layers = [producers[name].name if name in producers else name for name in group]
            (calibrated if seen else missing).extend(dict.fromkeys(layers))
    if missing:
        raise QuantizationError(
            "training has not learned the ranges inside of these layers: "
            f"{', '.join(dict.fromkeys(missing))}; give calibration data for them (typical "
            "inputs), or keep the layers in float (keep_float)"
        )
    notes = [f"the ranges of {count} activations were learned in training"]
    if calibrated:
        names = ", ".join(dict.fromkeys(calibrated))
        notes.append(f"the ranges inside of these layers come from calibration: {names}")
    return found, notes


def _needed(graph: Graph, float_outputs: Container[str]) -> set[str]:
    """The float32 activations that int8 nodes read or compute."""
    found: set[str] = set()
    for node in graph.nodes:
        if node.outputs[0] not in float_outputs:
            found.update(node.outputs)
            found.update(i for i in node.inputs if i is not None)
    activations = {value.name for value in graph.activations() if value.dtype == "float32"}
    return found & activations
