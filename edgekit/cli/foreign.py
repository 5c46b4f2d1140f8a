"""What stands in a TFLite file that cannot be run here: said by the file alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .table import aligned

if TYPE_CHECKING:
    from edgekit.importers.tflite.file import Subgraph, Tensor, TfliteFile

__all__ = ["tflite_sections"]

Section = tuple[str, list[str]]


def tflite_sections(path: Path) -> list[Section]:
    """Titles with their lines. Raises ModelFormatError for a damaged file."""
    from edgekit.importers.tflite import read_tflite

    file = read_tflite(path)
    sections = []
    for graph in file.subgraphs:
        title = f"subgraph {graph.index} {graph.name!r}" if len(file.subgraphs) > 1 else ""
        sections += [(title, list(_ends(graph))), ("layers", _layers(graph))]
    sections += [("operators", _operators(file)), ("constants", _constants(file))]
    if file.signatures:
        sections.append(("signatures", list(_signatures(file))))
    return sections


def _ends(graph: Subgraph) -> Iterator[str]:
    for kind, indices in (("input ", graph.inputs), ("output", graph.outputs)):
        yield from (f"{kind}  {_text(graph.tensors[index])}" for index in indices)


def _text(tensor: Tensor) -> str:
    sizes = ", ".join("?" if size == -1 else str(size) for size in tensor.signature)
    scale = ""
    if len(tensor.scales) == 1 and len(tensor.zero_points) == 1:
        scale = f" {tensor.scales[0]:.6g}@{tensor.zero_points[0]}"
    elif len(tensor.scales):
        scale = f" {len(tensor.scales)} scales along {tensor.quantized_dimension}"
    return f"{tensor.name}:{tensor.dtype}[{sizes}]{scale}"


def _layers(graph: Subgraph) -> list[str]:
    rows = [("layer", "operator", "version", "dtype", "output", "constants")]
    for op in graph.operators:
        held = sum(len(graph.tensors[i].data) for i in op.inputs if i >= 0)
        output = graph.tensors[op.outputs[0]] if op.outputs else None
        name = output.name.split(";")[0] if output is not None else "-"
        dtype = output.dtype if output is not None else "-"
        shape = "x".join(map(str, output.shape)) if output is not None else "-"
        rows.append((name, op.code, str(op.version), dtype, shape, f"{held:,}"))
    return aligned(rows, right=(2, 5))


def _operators(file: TfliteFile) -> list[str]:
    """How often each occurs, and whether it can be read."""
    from edgekit.importers.tflite import can_read

    found: Counter[tuple[str, str]] = Counter()
    for graph in file.subgraphs:
        for op in graph.operators:
            kind = "" if can_read(op) else "custom, not known" if op.is_custom else "not known"
            found[op.code, kind] += 1
    rows = [(str(count), code, kind) for (code, kind), count in sorted(found.items())]
    return aligned(rows, right=(0,))


def _constants(file: TfliteFile) -> list[str]:
    sizes: Counter[str] = Counter()
    for graph in file.subgraphs:
        for tensor in graph.tensors:
            if tensor.is_constant:
                sizes[tensor.dtype] += len(tensor.data)
    rows = [(dtype, f"{size:,} bytes") for dtype, size in sorted(sizes.items())]
    return aligned([*rows, ("all", f"{sizes.total():,} bytes")], right=(1,))


def _signatures(file: TfliteFile) -> Iterator[str]:
    for signature in file.signatures:
        inputs, outputs = (
            ", ".join(name for name, _ in ends) for ends in (signature.inputs, signature.outputs)
        )
        yield f"{signature.key}({inputs}) -> {outputs}"
