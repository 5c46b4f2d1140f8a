"""The accuracy gate: what a model scores, in float and in int8, on the arithmetic that ships."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.errors import AccuracyGateError, InputError, ShapeError
from edgekit.interpreter import Interpreter
from edgekit.interpreter.arithmetic import dequantize
from edgekit.ir import Accuracy, Graph

from .calibrate import Progress
from .samples import Samples

__all__ = ["check_gate", "measure", "measure_alone", "score"]

Array = NDArray[Any]


def measure(
    float_graph: Graph,
    int8_graph: Graph,
    samples: Samples,
    targets: Any,
    max_drop: float | None = None,
    progress: Progress | None = None,
) -> Accuracy:
    """The score of both graphs on the same data, each run by the interpreter.

    The first output is scored. Raises ShapeError or InputError where the targets do not fit it.
    """
    wanted = _one_per_sample(samples, targets)
    total = 2 * samples.count

    def shifted(offset: int) -> Progress | None:
        return None if progress is None else lambda done, _: progress(offset + done, total)

    real = predictions(float_graph, samples, shifted(0))
    metric, float_value = score(real, wanted)
    coarse = predictions(int8_graph, samples, shifted(samples.count))
    _, int8_value = score(coarse, wanted)
    return Accuracy(metric, float_value, int8_value, samples.count, max_drop)


def measure_alone(
    graph: Graph, samples: Samples, targets: Any, progress: Progress | None = None
) -> tuple[str, float]:
    """The metric and the score of one graph; errors are those of `measure`."""
    wanted = _one_per_sample(samples, targets)
    return score(predictions(graph, samples, progress), wanted)


def _one_per_sample(samples: Samples, targets: Any) -> Array:
    wanted = np.asarray(targets)
    if wanted.shape[:1] != (samples.count,):
        raise ShapeError(
            f"evaluation: {samples.count} samples, but targets of shape {list(wanted.shape)}"
        )
    return wanted


def predictions(graph: Graph, samples: Samples, progress: Progress | None = None) -> Array:
    """The first output for every sample, as real numbers."""
    interpreter = Interpreter(graph)
    output = graph.value(graph.outputs[0])
    parts = []
    for start, real, batch in samples.batches(graph):
        with np.errstate(all="ignore"):
            found = interpreter.run(batch)[output.name]
        parts.append(
            found[:real] if output.quant is None else dequantize(found, output.quant)[:real]
        )
        if progress is not None:
            progress(start + real, samples.count)
    return np.concatenate(parts)


def score(outputs: Array, targets: Array) -> tuple[str, float]:
    """`("accuracy", fraction right)` for class labels, `("r2", 1 - error / variance)` otherwise.

    Labels are whole numbers, one per sample (or per position: outputs without their last axis),
    or one-hot rows of the outputs' shape; an output of one column is a binary score, right above
    0.5 (a probability: all outputs lie in 0..1) or above 0. Anything else of the outputs' own
    shape is a regression target, scored by the share of the targets' variance that is explained.
    """
    classes = outputs.shape[-1] if outputs.ndim > 1 else 1
    if targets.shape == (*outputs.shape[:-1], 1) and classes > 1:
        targets = targets[..., 0]
    if classes > 1 and targets.shape == outputs.shape[:-1]:
        labels = _labels(targets, classes)
        return "accuracy", float(np.mean(outputs.argmax(axis=-1) == labels))
    if classes == 1 and targets.size == outputs.size and _binary(targets):
        threshold = 0.5 if outputs.min() >= 0 and outputs.max() <= 1 else 0.0
        right = (outputs.reshape(-1) > threshold) == (targets.reshape(-1) > 0)
        return "accuracy", float(np.mean(right))
    if classes > 1 and targets.shape == outputs.shape and _one_hot(targets):
        return "accuracy", float(np.mean(outputs.argmax(axis=-1) == targets.argmax(axis=-1)))
    if targets.size == outputs.size and len(targets) == len(outputs):
        return "r2", _explained(outputs, targets)
    raise ShapeError(
        f"evaluation targets of shape {list(targets.shape)} do not fit outputs of shape "
        f"{list(outputs.shape)}: expected labels {list(outputs.shape[:-1])} or values "
        f"{list(outputs.shape)}"
    )


def check_gate(accuracy: Accuracy, noise: Sequence[tuple[str, float]]) -> None:
    """Raise AccuracyGateError where int8 lost more than `max_drop` points (hundredths).

    `noise` are layers with their signal-to-noise ratio; the message names the worst.
    """
    if accuracy.max_drop is None:
        return
    drop = 100 * (accuracy.float_value - accuracy.int8_value)
    if drop <= accuracy.max_drop + 1e-9:
        return
    worst = sorted((pair for pair in noise if pair[1] == pair[1]), key=lambda pair: pair[1])[:5]
    table = "".join(f"\n  {name}: {decibels:.1f} dB" for name, decibels in worst)
    raise AccuracyGateError(
        f"{accuracy.metric} fell from {100 * accuracy.float_value:.2f} % in float to "
        f"{100 * accuracy.int8_value:.2f} % in int8 on {accuracy.samples} samples: "
        f"{drop:.2f} points lost, {accuracy.max_drop:g} allowed. Nothing was written. "
        "Calibrate with more and more typical samples, keep the worst layers in float "
        f"(keep_float, --keep-float), or allow more. Lowest signal-to-noise ratios:{table}"
    )


def _labels(targets: Array, classes: int) -> Array:
    if targets.dtype.kind == "f":
        if not (targets == np.rint(targets)).all():
            raise InputError("evaluation labels are class numbers, received fractions")
        targets = targets.astype(np.int64)
    if targets.dtype.kind not in "iub":
        raise InputError(f"evaluation labels are class numbers, received {targets.dtype}")
    low, high = int(targets.min()), int(targets.max())
    if low < 0 or high >= classes:
        raise InputError(
            f"evaluation labels lie in {low}..{high}, but the model has classes 0..{classes - 1}"
        )
    return targets


def _binary(targets: Array) -> bool:
    return bool(np.isin(targets, (0, 1)).all())


def _one_hot(targets: Array) -> bool:
    return _binary(targets) and bool((targets.sum(axis=-1) == 1).all())


def _explained(outputs: Array, targets: Array) -> float:
    """`1 - sum (y - t)^2 / sum (t - mean of its column)^2`, in float64."""
    y = outputs.reshape(len(outputs), -1).astype(np.float64)
    t = targets.reshape(len(targets), -1).astype(np.float64)
    if not np.isfinite(t).all():
        raise InputError("evaluation targets hold numbers that are not finite")
    spread = float(np.sum((t - t.mean(axis=0)) ** 2))
    if spread == 0.0:
        raise InputError("evaluation targets are all alike: their error has no scale to judge by")
    return 1.0 - float(np.sum((y - t) ** 2)) / spread
