"""Is calibration data what the model was made for? Wrong scaling is the classic mistake.

Pixels 0..255 for a model trained on 0..1 give ranges 255 times too wide: nothing fails, and the
int8 model answers noise. Four rules, each with its own evidence, find it:

1. Evaluation data: their range differs from that of calibration by more than ten times.
2. Preprocessing: raw 0..255 after `(raw - mean) / std` lies elsewhere by more than ten times.
3. Batch normalization: its stored mean and variance are those of the training data; what
   calibration shows spreads more than ten times wider, or less than a tenth as wide.
4. Whole numbers like pixels that drive a classifier's scores more than 100 apart on half of all
   samples: a trained network does that only to data much larger than those it learned from.

`Recipe.input_range` overrules 1 to 4: calibration must then lie within it, and fill a tenth of it.
Whole numbers like pixels without any evidence against them leave a line in the report.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgekit.errors import QuantizationError
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, Preprocessing, attributes

from .calibrate import Array, Range
from .recipe import Recipe
from .samples import Samples

__all__ = ["check_inputs"]

RATIO = 10.0
MARGIN = 100.0
SAMPLES = 64
SPREAD_ROWS = 16
ADVICE = (
    "calibrate with data scaled exactly like the training data, or state the real range with "
    "input_range (--input-range LOW HIGH)"
)


def check_inputs(
    graph: Graph,
    calibration: Samples,
    recipe: Recipe,
    evaluation: Samples | None = None,
    preprocessing: Preprocessing | None = None,
) -> list[str]:
    """Raise QuantizationError where calibration data cannot be what the model was made for.

    `graph` is the float graph as it came, batch normalization not folded. Returns lines for the
    report: what is doubtful but not certainly wrong.
    """
    seen = {name: _range(array) for name, array in calibration.arrays.items()}
    if recipe.input_range is not None:
        _check_stated_range(seen, Range(*recipe.input_range))
        return []
    if evaluation is not None:
        others = {name: _range(array) for name, array in evaluation.arrays.items()}
        _check_ratio(seen, others, "evaluation data")
    if preprocessing is not None and not calibration.preprocessed:
        mean, std = np.array(preprocessing.mean), np.array(preprocessing.std)
        bounds = np.concatenate([(0 - mean) / std, (255 - mean) / std])
        expected = Range(float(bounds.min()), float(bounds.max()))
        _check_ratio(seen, dict.fromkeys(seen, expected), "preprocessing of pixels 0 to 255")
    _check_batch_norm(graph, calibration, seen)
    pixels = [name for name, array in calibration.arrays.items() if _like_pixels(array)]
    if not pixels:
        return []
    _check_scores(graph, calibration, pixels, seen)
    return [
        f"input {name!r}: calibration holds whole numbers {_text(seen[name])}, which is right only "
        "for a model that was trained on unscaled pixels"
        for name in pixels
    ]


def _check_stated_range(seen: Mapping[str, Range], stated: Range) -> None:
    for name, found in seen.items():
        slack = 1e-3 * (stated.high - stated.low)
        if found.low < stated.low - slack or found.high > stated.high + slack:
            raise QuantizationError(
                f"input {name!r}: calibration data lie in {_text(found)}, outside the stated "
                f"input range {_text(stated)}; correct one of them"
            )
        if (found.high - found.low) * RATIO < stated.high - stated.low:
            raise QuantizationError(
                f"input {name!r}: calibration data lie in {_text(found)} and fill less than a "
                f"tenth of the stated input range {_text(stated)}; correct one of them"
            )


def _check_ratio(seen: Mapping[str, Range], others: Mapping[str, Range], source: str) -> None:
    for name, found in seen.items():
        here, there = _size(found), _size(others[name])
        if here > RATIO * there or there > RATIO * here:
            raise QuantizationError(
                f"input {name!r}: calibration data lie in {_text(found)}, but the {source} in "
                f"{_text(others[name])}; {ADVICE}"
            )


def _check_batch_norm(graph: Graph, calibration: Samples, seen: Mapping[str, Range]) -> None:
    """Compare what the first batch normalization stores with what it receives."""
    node = next((node for node in graph.nodes if node.op == "BatchNorm"), None)
    if node is None:
        return
    stored = [graph.value(str(name)) for name in node.inputs[3:5]]
    if not all(value.is_constant for value in stored) or (stored[1].array() == 1).all():
        return  # a variance as initialized: nothing was learned, so nothing can be said
    mean, variance = (value.array().astype(np.float64) for value in stored)
    name = str(node.inputs[0])
    received = _observed(graph, calibration, [name])[name]
    rows = received.reshape(-1, received.shape[-1]).astype(np.float64)
    epsilon = attributes(node)["epsilon"]
    # Around the stored mean a single row says enough to find what is too large; what is too
    # small shows in the spread alone, and a spread needs some rows.
    distance = np.median((((rows - mean) ** 2).mean(axis=0) + epsilon) / (variance + epsilon))
    spread = np.median((rows.var(axis=0) + epsilon) / (variance + epsilon))
    if distance > RATIO**2 or (len(rows) >= SPREAD_ROWS and spread < RATIO**-2):
        ratio = float(np.sqrt(distance if distance > RATIO**2 else spread))
        ranges = ", ".join(f"{key!r} {_text(value)}" for key, value in seen.items())
        raise QuantizationError(
            f"layer {node.name!r} receives numbers that spread {ratio:.3g} times as wide "
            f"as those the model was trained on (calibration data: {ranges}); {ADVICE}"
        )


def _check_scores(
    graph: Graph, calibration: Samples, pixels: list[str], seen: Mapping[str, Range]
) -> None:
    """Scores of a classifier far beyond what training leaves: the data are too large."""
    producers = graph.producers()
    for output in graph.outputs:
        last = producers.get(output)
        if last is None or last.op not in ("Softmax", "Sigmoid"):
            continue
        name = str(last.inputs[0])
        scores = _observed(graph, calibration, [name])[name]
        if last.op == "Softmax" and scores.shape[-1] > 1:
            two = np.sort(scores, axis=-1)[..., -2:]
            margins = two[..., 1] - two[..., 0]
        else:
            margins = np.abs(scores)
        if float(np.median(margins)) > MARGIN:
            which = ", ".join(f"{name!r} {_text(seen[name])}" for name in pixels)
            raise QuantizationError(
                f"calibration data are whole numbers like pixels ({which}) and drive the scores "
                f"before {last.name!r} {float(np.median(margins)):.0f} apart: the model was "
                f"trained on smaller numbers; {ADVICE}"
            )


def _observed(graph: Graph, samples: Samples, names: list[str]) -> dict[str, Array]:
    """What some values hold over the first samples, one array each, samples first."""
    parts: dict[str, list[Array]] = {name: [] for name in names}
    some = samples.first(SAMPLES)
    for name in names:
        if name in some.arrays:
            parts[name] = [some.arrays[name]]
    wanted = {name for name in names if not parts[name]}
    if wanted:
        interpreter = Interpreter(graph)

        def observe(name: str, array: Array) -> None:
            if name in wanted:
                parts[name].append(array.copy())

        for _, _, batch in some.batches(graph):
            with np.errstate(all="ignore"):
                interpreter.run(batch, observe=observe)
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def _like_pixels(array: Array) -> bool:
    """Whole numbers from 0 to 255 of which some pass 2."""
    low, high = array.min(), array.max()
    return bool(low >= 0 and 2 < high <= 255 and (array == np.rint(array)).all())


def _range(array: Array) -> Range:
    return Range(float(array.min()), float(array.max()))


def _size(found: Range) -> float:
    return max(abs(found.low), abs(found.high))


def _text(found: Range) -> str:
    return f"{found.low:.4g} to {found.high:.4g}"
