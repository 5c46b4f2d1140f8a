"""From a model to a finished int8 model in one call: load, quantize, gate, save."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgekit import __version__
from edgekit.errors import InputError, QuantizationError
from edgekit.frozen import Frozen, replace
from edgekit.interpreter import record_test_vectors
from edgekit.ir import Graph, Preprocessing, TestVector, Value
from edgekit.ir.graph import Array
from edgekit.ir.quant import LIMITS
from edgekit.quantize import (
    Quantized,
    Range,
    Recipe,
    Report,
    Samples,
    check_gate,
    gather,
    measure,
    quantize,
)

__all__ = ["Converted", "convert", "load_model"]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

VECTOR_SAMPLES = 2


class Converted(Frozen):
    """An int8 model: its graph with all metadata, and the report of the conversion."""

    graph: Graph
    report: Report

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model; the suffix chooses the format: .edge, .onnx or .tflite.

        The file appears whole or not at all; an older file of the name is replaced at the end.
        """
        from edgekit import save

        save(self.graph, path)


def convert(
    model: Any,
    calibration: Any = None,
    *,
    evaluate: tuple[Any, Any] | None = None,
    max_drop: float | None = None,
    labels: Sequence[str] | None = None,
    preprocessing: Preprocessing | None = None,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> Converted:
    """An int8 model from a float one.

    model: a trained `edgekit.train` model, a graph, or the path of a model file.
    calibration: typical inputs, scaled as in training: an array (samples first), a mapping by
        input name, one array per input, or an iterable of samples; 100 are a good number. uint8
        arrays are raw pixels to which `preprocessing` is applied. A model with memories takes
        them, and those of `evaluate`, as consecutive steps of one sequence. A model from
        `edgekit.train.quantization` brings the ranges that it has learned, and its recipe, and
        needs data only where the report of its conversion says so.
    evaluate: inputs and labels (or target values) on which float and int8 are compared; both run
        on the interpreter, int8 in the very arithmetic that the device computes.
    max_drop: how many points (hundredths) of accuracy int8 may lose.
    labels, preprocessing: kept in the model file; they replace what the model brings.

    The same arguments give the same model, byte for byte. Raises QuantizationError for data that
    cannot give a sound model, ShapeError for data that do not fit, AccuracyGateError when the loss
    exceeds `max_drop`.
    """
    learned, own_recipe = learned_of(model)
    recipe = recipe or own_recipe or Recipe()
    _check_max_drop(max_drop, evaluate)
    graph = load_model(model)
    names = _checked_labels(graph, labels)
    rule = preprocessing or graph.metadata.preprocessing
    samples = None if calibration is None else gather(graph, calibration, "calibration", rule)
    inputs, targets = evaluate or (None, None)
    tests = gather(graph, inputs, "evaluation", rule) if evaluate else None
    quantized = quantize(
        graph, samples, recipe, learned=learned, evaluation=tests, preprocessing=rule,
        progress=_stage(progress, "calibrating"),
    )  # fmt: skip
    report = quantized.report
    if tests is not None:
        stage = _stage(progress, "evaluating")
        report = _evaluated(quantized, tests, targets, max_drop, stage)
    metadata = replace(
        quantized.graph.metadata,
        labels=names,
        preprocessing=rule,
        accuracy=report.accuracy,
        provenance=_provenance(graph, recipe, samples, tests, targets, report),
        test_vectors=(),
    )
    finished = replace(quantized.graph, metadata=metadata)
    typical = samples or _spread(quantized)
    metadata = replace(metadata, test_vectors=_test_vectors(finished, typical))
    return Converted(replace(finished, metadata=metadata), report)


def learned_of(model: Any) -> tuple[Mapping[str, Range] | None, Recipe | None]:
    """The ranges that a model (or the file of one) has learned, and the recipe that it has.

    Both None where it was not trained for quantization; QuantizationError where it was not trained.
    """
    if isinstance(model, str | os.PathLike):
        from edgekit.train.saving import holds_class, load_model

        if not holds_class(model, "QuantizedModel"):
            return None, None
        model = load_model(model, compile=False)
    if not hasattr(model, "learned_ranges"):
        return None, None
    learned = model.learned_ranges()
    if not learned:
        raise QuantizationError(
            f"model {model.name!r} has learned no ranges yet: train it with fit(), or show it "
            "typical inputs with observe(x)"
        )
    return learned, model.recipe


def load_model(model: Any) -> Graph:
    """The graph of whatever stands for a model: a graph, a model file, a trained model.

    The provenance of a graph that comes from a file names the SHA-256 of that file.
    """
    if isinstance(model, Graph):
        return model
    if isinstance(model, str | os.PathLike):
        from edgekit import load

        graph = load(model)
        digest = hashlib.sha256(Path(model).read_bytes()).hexdigest()
        provenance = {**graph.metadata.provenance, "source_sha256": digest}
        return replace(graph, metadata=replace(graph.metadata, provenance=provenance))
    from edgekit.train.trace import trace

    return trace(model)


def _evaluated(
    quantized: Quantized,
    tests: Samples,
    targets: Any,
    max_drop: float | None,
    progress: Callable[[int, int], None] | None,
) -> Report:
    """The report with the accuracy of both graphs; AccuracyGateError where int8 lost too much."""
    accuracy = measure(quantized.float_graph, quantized.graph, tests, targets, max_drop, progress)
    report = quantized.report
    check_gate(accuracy, [(row.layer, row.noise) for row in report.layers if row.noise is not None])
    notes = list(report.notes)
    if len(quantized.graph.outputs) > 1:
        notes.append(f"the {accuracy.metric} is that of output {quantized.graph.outputs[0]!r}")
    return replace(report, accuracy=accuracy, notes=notes)


def _check_max_drop(max_drop: float | None, evaluate: tuple[Any, Any] | None) -> None:
    if max_drop is None:
        return
    if evaluate is None:
        raise InputError("max_drop needs evaluation data (evaluate, --evaluate) to be measured on")
    if not max_drop >= 0:
        raise InputError(f"max_drop is a number of points, 0 or more, received {max_drop}")


def _checked_labels(graph: Graph, labels: Sequence[str] | None) -> tuple[str, ...]:
    """Labels as many as classes: the last dimension of the first output."""
    if labels is None:
        return graph.metadata.labels
    if isinstance(labels, str):
        raise InputError(f"labels is a list of names, received the text {labels!r}")
    names = tuple(str(label) for label in labels)
    shape = graph.value(graph.outputs[0]).shape
    classes = shape[-1] if shape else None
    if classes not in (None, len(names)):
        raise InputError(f"{len(names)} labels for a model with {classes} outputs")
    return names


def _provenance(
    graph: Graph,
    recipe: Recipe,
    samples: Samples | None,
    tests: Samples | None,
    targets: Any,
    report: Report,
) -> Mapping[str, str]:
    """Where the model comes from: versions, recipe, digests. No times and no paths."""
    facts = {
        **graph.metadata.provenance,
        "edgekit": __version__,
        "recipe": recipe.as_text(),
        "float_graph_sha256": _graph_digest(graph),
        "calibration_samples": str(samples.count if samples else 0),
        "calibration_sha256": samples.digest() if samples else "",
        "float_layers": json.dumps(dict(report.float_layers)),
        "notes": json.dumps(list(report.notes)),
    }
    if tests is not None:
        answers = np.ascontiguousarray(targets)
        facts["evaluation_samples"] = str(tests.count)
        facts["evaluation_sha256"] = tests.digest()
        facts["targets_sha256"] = hashlib.sha256(answers.tobytes()).hexdigest()
    return facts


def _graph_digest(graph: Graph) -> str:
    """The SHA-256 of the printed graph and of all its constants in order of name."""
    digest = hashlib.sha256(str(graph).encode())
    for value in sorted(graph.constants(), key=lambda value: value.name):
        digest.update(f"{value}".encode())
        digest.update(value.array().astype(value.array().dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def _test_vectors(graph: Graph, samples: Samples) -> tuple[TestVector, ...]:
    """Two calibration samples, then all inputs at their smallest, then at their largest number.

    The device replays them (`edgekit verify`): typical values, and saturation of every layer.
    """
    vectors = []
    for row in range(min(samples.count, VECTOR_SAMPLES)):
        one = {name: samples.arrays[name][row : row + 1] for name in graph.inputs}
        vectors.append({name: _filled(graph.value(name), array) for name, array in one.items()})
    first = dict(vectors[0])
    for largest in (False, True):
        ends = {name: _end(graph.value(name), samples.arrays[name], largest) for name in first}
        vectors.append({name: np.broadcast_to(ends[name], a.shape) for name, a in first.items()})
    return record_test_vectors(graph, vectors)


def _spread(quantized: Quantized) -> Samples:
    """Numbers spread evenly over the learned ranges of the inputs, where there are no samples.

    Inputs that stay in float have none and get numbers from 0 to 1; those that count, zeros.
    """
    rng = np.random.Generator(np.random.PCG64(0))
    arrays: dict[str, Array] = {}
    count = VECTOR_SAMPLES
    for name in quantized.float_graph.inputs:
        value, (low, high) = (
            quantized.float_graph.value(name),
            quantized.ranges.get(name, (0.0, 1.0)),
        )
        numbers = rng.uniform(low, high, count * value.elements // (value.shape[0] or 1))
        shape = (count, *(size or 1 for size in value.shape[1:]))
        arrays[name] = numbers.reshape(shape).astype(value.dtype)
    return Samples(arrays, count, "learned")


def _filled(value: Value, sample: Array) -> Array:
    """One sample, repeated where the graph fixes a larger batch."""
    return np.repeat(sample, value.shape[0] or 1, axis=0)


def _end(value: Value, samples: Array, largest: bool) -> Array:
    """The smallest or largest stored integer of a quantized input, or number of another one."""
    if value.dtype in LIMITS and value.quant is not None:
        return np.array(LIMITS[value.dtype][largest], value.dtype)
    return np.array(samples.max() if largest else samples.min(), value.dtype)


def _stage(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress(what, done, total)
