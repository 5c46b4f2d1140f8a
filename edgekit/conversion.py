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
from edgekit.ir import Graph, Preprocessing
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
from edgekit.quantize.gate import measure_alone
from edgekit.quantize.kept import keep
from edgekit.quantize.placement import is_quantized
from edgekit.quantize.vectors import recorded_vectors

__all__ = ["Converted", "convert", "load_model"]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


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
    """An int8 model from a float one; a model that is quantized already keeps its integers.

    model: a trained `edgekit.train` model, a graph, or the path of a model file.
    calibration: typical inputs, scaled as in training: an array (samples first), a mapping by
        input name, one array per input, an iterable of samples or a function that gives one (as
        TFLite's representative_dataset); 100 are a good number. uint8 arrays are raw pixels to
        which `preprocessing` is applied. A model with memories takes them, and those of
        `evaluate`, as consecutive steps of one sequence. A model from
        `edgekit.train.quantization` brings the ranges that it has learned, and its recipe, and
        needs data only where the report of its conversion says so. A model that is quantized
        already, in whole or in part, needs none: every scale stays, and every bit of its outputs.
    evaluate: inputs and labels (or target values) on which float and int8 are compared; both run
        on the interpreter, int8 in the very arithmetic that the device computes.
        A model that is quantized already is measured alone: a note of the report says its score.
    max_drop: how many points (hundredths) of accuracy int8 may lose.
    labels, preprocessing: kept in the model file; they replace what the model brings.

    The same arguments give the same model, byte for byte. Raises InputError for arguments that
    cannot be used, QuantizationError for data that cannot give a sound model and for choices that
    a quantized model does not leave, ShapeError for data that do not fit, AccuracyGateError when
    the loss exceeds `max_drop`.
    """
    _check_kinds(evaluate, preprocessing, recipe)
    learned, own_recipe = learned_of(model)
    recipe = recipe or own_recipe
    _check_max_drop(max_drop, evaluate)
    graph = load_model(model, recipe.arithmetic if recipe else None)
    names = _checked_labels(graph, labels)
    rule = preprocessing or graph.metadata.preprocessing
    samples = None if calibration is None else gather(graph, calibration, "calibration", rule)
    inputs, targets = evaluate or (None, None)
    tests = gather(graph, inputs, "evaluation", rule) if evaluate else None
    kept = is_quantized(graph)
    if kept:
        _check_max_drop_of_kept(graph, max_drop)
        quantized = keep(graph, samples, recipe)
    else:
        quantized = quantize(
            graph, samples, recipe, learned=learned, evaluation=tests, preprocessing=rule,
            progress=_stage(progress, "calibrating"),
        )  # fmt: skip
    report = quantized.report
    if tests is not None:
        stage = _stage(progress, "evaluating")
        if kept:
            report = _measured_alone(quantized, tests, targets, stage)
        else:
            report = _evaluated(quantized, tests, targets, max_drop, stage)
    facts = _provenance(graph, recipe, samples, tests, targets, report)
    said = {"labels": names, "preprocessing": rule, "provenance": facts}
    return Converted(_finished(quantized, samples, accuracy=report.accuracy, **said), report)


def _finished(quantized: Quantized, samples: Samples | None, **said: Any) -> Graph:
    """The graph with what its metadata shall say, and the test vectors recorded on it."""
    metadata = replace(quantized.graph.metadata, test_vectors=(), **said)
    graph = replace(quantized.graph, metadata=metadata)
    vectors = recorded_vectors(graph, quantized, samples)
    return replace(graph, metadata=replace(metadata, test_vectors=vectors))


def learned_of(model: Any) -> tuple[Mapping[str, Range] | None, Recipe | None]:
    """The ranges that a model (or the file of one) has learned, and the recipe that it has.

    Both None where it was not trained for quantization; QuantizationError where it was not trained.
    """
    if isinstance(model, str | os.PathLike):
        if os.path.splitext(model)[1].lower() != ".keras":  # others need nothing of training
            return None, None
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


def load_model(model: Any, arithmetic: str | None = None) -> Graph:
    """The graph of whatever stands for a model: a graph, a model file, a trained model.

    `arithmetic` is for a `.tflite` file that is quantized already, which does not name its own.
    The provenance of a graph that comes from a file names the SHA-256 of that file.
    """
    if isinstance(model, Graph):
        return model
    if isinstance(model, str | os.PathLike):
        from edgekit import load

        graph = load(model, arithmetic=arithmetic)
        digest = hashlib.sha256(Path(model).read_bytes()).hexdigest()
        provenance = {**graph.metadata.provenance, "source_sha256": digest}
        return replace(graph, metadata=replace(graph.metadata, provenance=provenance))
    if not callable(model):
        raise InputError(
            "expected a trained model, a graph or the path of a file, received "
            f"{type(model).__name__}"
        )
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


def _measured_alone(
    quantized: Quantized,
    tests: Samples,
    targets: Any,
    progress: Callable[[int, int], None] | None,
) -> Report:
    """The report with the score of a model that came quantized; a float one is not there."""
    metric, score = measure_alone(quantized.graph, tests, targets, progress)
    note = (
        f"{metric} {100 * score:.2f} % on {tests.count} samples; the float model that this one was "
        "made from is not there to compare with"
    )
    return replace(quantized.report, notes=[*quantized.report.notes, note])


def _check_kinds(evaluate: Any, preprocessing: Any, recipe: Any) -> None:
    """Raise InputError for what is of another kind than the argument's name lets expect."""
    if evaluate is not None and not isinstance(evaluate, tuple | list):
        received = type(evaluate).__name__
        raise InputError(f"evaluate is a pair, inputs and labels, received {received}")
    if evaluate is not None and len(evaluate) != 2:
        raise InputError(f"evaluate is a pair, inputs and labels, received {len(evaluate)} things")
    for name, given, kind, text in (
        ("preprocessing", preprocessing, Preprocessing, "edgekit.ir.Preprocessing(mean, std)"),
        ("recipe", recipe, Recipe, "edgekit.quantize.Recipe"),
    ):
        if given is not None and not isinstance(given, kind):
            raise InputError(f"{name} is an {text}, received {type(given).__name__}")


def _check_max_drop_of_kept(graph: Graph, max_drop: float | None) -> None:
    if max_drop is not None:
        raise InputError(
            f"max_drop compares with the float model, but {graph.name!r} is quantized already; "
            "leave max_drop (--max-drop) out, or convert the float model that it was made from"
        )


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
    recipe: Recipe | None,
    samples: Samples | None,
    tests: Samples | None,
    targets: Any,
    report: Report,
) -> Mapping[str, str]:
    """Where the model comes from: versions, recipe, digests. No times and no paths.

    One that was quantized already keeps what it says of that, and gets no recipe.
    """
    facts = {
        "edgekit": __version__,
        "float_layers": json.dumps(dict(report.float_layers)),
        "notes": json.dumps(list(report.notes)),
    }
    if is_quantized(graph):
        return {**facts, **graph.metadata.provenance}
    facts = {**graph.metadata.provenance, **facts}
    facts["recipe"] = (recipe or Recipe()).as_text()
    facts["float_graph_sha256"] = _graph_digest(graph)
    facts["calibration_samples"] = str(samples.count if samples else 0)
    facts["calibration_sha256"] = samples.digest() if samples else ""
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


def _stage(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress(what, done, total)
