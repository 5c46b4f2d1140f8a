"""Say what a model file holds: layers, sizes, memory, what is float and why, its origin."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.errors import UnsupportedOperator

from .foreign import tflite_sections
from .model import is_tflite, open_graph_and_plan, print_other_signatures
from .table import aligned

if TYPE_CHECKING:
    from edgekit.ir import Accuracy, Graph, MemoryPlan, Metadata

__all__ = ["SUMMARY", "add_arguments", "run"]

SUMMARY = "say what is in a model file"
MEETING = ("Quantize", "Dequantize")
"""Operators that stand where int8 and float meet; they are neither."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a model file of any format that can be read")


def run(options: argparse.Namespace) -> int:
    try:
        graph, plan = open_graph_and_plan(options.model)
    except UnsupportedOperator as error:
        if not is_tflite(options.model):
            raise
        _print(f"{options.model.name}: TFLite", options.model, tflite_sections(options.model))
        print("\nwhat cannot be run")
        for line in str(error).split("\n"):
            print(f"  {line}")
        return 0
    print_other_signatures(options.model)
    _print(f"{options.model.name}: {graph.name}", options.model, _sections(graph, plan))
    return 0


def _sections(graph: Graph, plan: MemoryPlan) -> Sequence[tuple[str, Iterable[str]]]:
    return (
        ("", _ends(graph)),
        ("layers", _layers(graph, plan)),
        ("operators", _operators(graph)),
        ("constants", _constants(graph)),
        ("memory for one sample", _memory(graph, plan)),
        ("in float", _in_float(graph)),
        ("Edge TPU, by its published rules", _edge_tpu(graph)),
        ("accuracy", _accuracy(graph.metadata.accuracy)),
        ("model", _metadata(graph.metadata)),
        ("provenance", _provenance(graph.metadata.provenance)),
    )


def _print(head: str, path: Path, sections: Sequence[tuple[str, Iterable[str]]]) -> None:
    print(f"{head}, {path.stat().st_size:,} bytes")
    for title, lines in sections:
        print(f"\n{title}" if title else "")
        for line in lines:
            print(f"  {line}")


def _ends(graph: Graph) -> Iterator[str]:
    yield from (f"input   {graph.value(name)}" for name in graph.inputs)
    yield from (f"output  {graph.value(name)}" for name in graph.outputs)


def _layers(graph: Graph, plan: MemoryPlan) -> list[str]:
    rows = [("layer", "operator", "dtype", "output", "constants", "arena at")]
    for node in graph.nodes:
        value = graph.value(node.outputs[0])
        held = sum(
            graph.value(name).array().nbytes
            for name in node.inputs
            if name is not None and graph.value(name).is_constant
        )
        shape = "x".join("?" if d is None else str(d) for d in value.shape)
        slot = plan.slots.get(value.name)
        offset = f"{slot.offset:,}" if slot is not None else "-"
        rows.append((node.name, node.op, value.dtype, shape, f"{held:,}", offset))
    return aligned(rows, right=(4, 5))


def _operators(graph: Graph) -> list[str]:
    counts = Counter(
        (node.op, part.value(node.outputs[0]).dtype)
        for part in (graph, *graph.subgraphs.values())
        for node in part.nodes
    )
    return aligned([(str(n), op, dtype) for (op, dtype), n in sorted(counts.items())], right=(0,))


def _constants(graph: Graph) -> list[str]:
    """Those of the graph and of all its subgraphs; what several of them share counts once."""
    sizes: Counter[str] = Counter()
    seen: set[int] = set()
    for part in (graph, *graph.subgraphs.values()):
        for value in part.constants():
            if id(value.array()) not in seen:
                seen.add(id(value.array()))
                sizes[value.dtype] += value.array().nbytes
    rows = [(dtype, f"{size:,} bytes") for dtype, size in sorted(sizes.items())]
    return aligned([*rows, ("all", f"{sizes.total():,} bytes")], right=(1,))


def _memory(graph: Graph, plan: MemoryPlan) -> list[str]:
    largest = max(graph.activations(), key=lambda value: value.elements)
    return [
        f"activations: {plan.size:,} elements, {4 * plan.size:,} bytes in this interpreter, "
        f"{plan.size:,} where int8 takes one byte",
        f"the largest: {largest.name}, {largest.elements:,} elements",
    ]


def _in_float(graph: Graph) -> list[str]:
    """Layers that compute in float32, with the reasons that the conversion gave."""
    found = [
        node
        for node in graph.nodes
        if graph.value(node.outputs[0]).dtype == "float32" and node.op not in MEETING
    ]
    if not found:
        return ["nothing"]
    if len(found) == len(graph.nodes):
        scaled = {value.name for value in graph.constants() if value.quant is not None}
        stored = sum(not scaled.isdisjoint(node.inputs) for node in graph.nodes)
        if stored:
            return [f"everything computes in float; the weights of {stored} layers are integers"]
        return ["everything: this model is not quantized"]
    reasons = _json_object(graph.metadata.provenance.get("float_layers", "{}"))
    return [
        f"{node.name} ({node.op}): {reasons.get(node.name, 'the model does not say why')}"
        for node in found
    ]


def _edge_tpu(graph: Graph) -> list[str]:
    """What of the model, as a `.tflite` file, its compiler would leave to the processor."""
    from edgekit.export.tflite.edge_tpu import edge_tpu_problems

    if not any(value.dtype in ("int8", "uint8") for value in graph.activations()):
        return ["nothing maps: this model computes in float"]
    return edge_tpu_problems(graph) or ["everything maps"]


def _accuracy(accuracy: Accuracy | None) -> list[str]:
    if accuracy is None:
        return ["not measured"]
    limit = "no limit" if accuracy.max_drop is None else f"limit {accuracy.max_drop:g} points"
    drop = 100 * (accuracy.float_value - accuracy.int8_value)
    return [
        f"{accuracy.metric} on {accuracy.samples:,} samples: "
        f"float {accuracy.float_value:.2%}, int8 {accuracy.int8_value:.2%} "
        f"({abs(drop):.2f} points {'lost' if drop >= 0 else 'gained'}, {limit})"
    ]


def _metadata(metadata: Metadata) -> Iterator[str]:
    yield f"arithmetic: {metadata.arithmetic}"
    labels = metadata.labels
    more = f" and {len(labels) - 10} more" if len(labels) > 10 else ""
    yield f"labels: {', '.join(labels[:10])}{more}" if labels else "labels: none"
    rule = metadata.preprocessing
    if rule is None:
        yield "preprocessing: none"
    else:
        mean, std = (" ".join(f"{n:g}" for n in numbers) for numbers in (rule.mean, rule.std))
        yield f"preprocessing: (raw - {mean}) / {std}"
    yield f"test vectors: {len(metadata.test_vectors)}"


def _provenance(provenance: Mapping[str, str]) -> list[str]:
    rows = [(k, v) for k, v in sorted(provenance.items()) if k not in ("float_layers", "notes")]
    notes = _json_list(provenance.get("notes", "[]"))
    lines = aligned(rows) if rows else ["none"]
    return [*lines, *(f"note: {note}" for note in notes)]


def _json_object(text: str) -> dict[str, str]:
    """What a file says is not trusted to be what a converter wrote."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _json_list(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return found if isinstance(found, list) else []
