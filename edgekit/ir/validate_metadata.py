"""What a graph promises beside its nodes: that its metadata fits it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from .graph import ARITHMETICS, DTYPES, Array, Graph, TestVector

__all__ = ["metadata_problems"]


def metadata_problems(graph: Graph) -> list[str]:
    """Broken promises of the metadata of a graph that is valid otherwise."""
    metadata = graph.metadata
    found = []
    if metadata.arithmetic not in ARITHMETICS:
        found.append(f"arithmetic {metadata.arithmetic!r} is none of {ARITHMETICS}")
    if not all(isinstance(label, str) for label in metadata.labels):
        found.append("labels must be text")
    texts = [text for entry in metadata.provenance.items() for text in entry]
    if not all(isinstance(text, str) for text in texts):
        found.append("provenance must map text to text")
    found += _preprocessing_problems(graph)
    accuracy = metadata.accuracy
    if accuracy is not None:
        numbers = (accuracy.float_value, accuracy.int8_value, accuracy.max_drop or 0.0)
        if not all(math.isfinite(number) for number in numbers) or accuracy.samples < 0:
            found.append(f"accuracy must be finite, of 0 samples or more, received {accuracy}")
    for position, vector in enumerate(metadata.test_vectors):
        found += [f"test vector {position}: {p}" for p in _vector_problems(graph, vector)]
    return found


def _preprocessing_problems(graph: Graph) -> list[str]:
    rule = graph.metadata.preprocessing
    if rule is None:
        return []
    found = []
    if not rule.mean or not rule.std or {len(rule.mean), len(rule.std)} - {1, _channels(graph)}:
        found.append(
            f"preprocessing takes 1 number or one per channel ({_channels(graph)}), "
            f"received {len(rule.mean)} means and {len(rule.std)} deviations"
        )
    finite = all(math.isfinite(number) for number in (*rule.mean, *rule.std))
    if not finite or any(number <= 0 for number in rule.std):
        found.append("preprocessing: means must be finite, deviations finite and above zero")
    return found


def _channels(graph: Graph) -> int | None:
    """The last dimension of the first input."""
    shape = graph.value(graph.inputs[0]).shape if graph.inputs else ()
    return shape[-1] if shape else None


def _vector_problems(graph: Graph, vector: TestVector) -> Iterator[str]:
    for what, names, arrays in (
        ("inputs", graph.inputs, vector.inputs),
        ("outputs", graph.outputs, vector.outputs),
    ):
        if set(names) != set(arrays):
            yield f"{what} {_listed(arrays)}, the graph has {_listed(names)}"
        else:
            yield from _array_problems(graph, arrays)
    activations = {value.name for value in graph.activations()}
    foreign = [name for name in vector.checksums if name not in activations]
    if foreign:
        yield f"checksums of {_listed(foreign)}, which the graph does not compute"
    if not all(0 <= checksum < 2**32 for checksum in vector.checksums.values()):
        yield "a CRC-32 lies in 0..4294967295"


def _array_problems(graph: Graph, arrays: Mapping[str, Array]) -> Iterator[str]:
    """Arrays have the dtype and shape of their values, and one batch size between them."""
    batches = set()
    for name, array in arrays.items():
        value = graph.value(name)
        if value.shape[:1] == (None,):
            batches |= set(array.shape[:1])
        pairs = zip(value.shape, array.shape, strict=False)
        fits = len(value.shape) == array.ndim and all(d in (None, n) for d, n in pairs)
        if array.dtype != DTYPES[value.dtype] or not fits or not array.size:
            yield f"{name!r} is {array.dtype}{list(array.shape)}, the graph has {value}"
    if len(batches) > 1:
        yield f"several batch sizes at once: {sorted(batches)}"


def _listed(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(map(repr, list(names)[:10])) or "none"
