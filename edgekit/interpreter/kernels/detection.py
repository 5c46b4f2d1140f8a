"""DetectionPostProcess: boxes from anchors, then the best that do not overlap too much.

As LiteRT's TFLite_Detection_PostProcess computes it, in float32 but where float64 is said:
    center = f32(f64(t_y) / scale_y * anchor_h + anchor_y), half = f32(0.5 * exp(f64(t_h) /
    scale_h) * anchor_h), a box is center - half .. center + half; x and width alike;
    overlap = intersection / (area + other area - intersection), 0 if either area is not positive.
A box with a higher score goes first, with the same score the one that stands first. It removes
all later ones that overlap with it by more than `most_overlap`.

Regular: for each class by itself, at most `most_per_class`, then the best `most` of all classes.
Otherwise once, by the best score of each box, which then is given for its `most_classes` best
classes. What is left of the outputs is zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..step import Array, Floats, Step
from . import kernel

__all__: list[str] = []

Detections = list[tuple[int, int, np.float32]]
"""Box, class and score."""


@kernel("DetectionPostProcess", "float32", "uint8")
def detection_post_process(step: Step) -> None:
    inputs = [step.input(i) for i in range(3)]
    scales = [_scale(step, i) for i in range(3)]
    outputs = [step.output(i) for i in range(4)]
    attrs = step.attrs
    find = _regular if attrs["regular"] else _fast

    def detect() -> None:
        coded, scores, anchors = (x * s for x, s in zip(inputs, scales, strict=True))
        boxes = _decode(coded[0], anchors, attrs["scales"])
        labels = scores[0, :, scores.shape[2] - attrs["classes"] :]  # without the background
        _write(outputs, boxes, find(boxes, labels, attrs), attrs["most_classes"])

    step.call(detect)


def _scale(step: Step, position: int) -> np.float32:
    if step.dtype(position) == "float32":
        return np.float32(1.0)
    return np.float32(step.input_quant(position).scale[0])


def _decode(coded: Array, anchors: Array, scales: tuple[float, ...]) -> Floats:
    """[n, 4]: top, left, bottom, right, from centers and sizes in terms of the anchors."""
    wide = coded[:, :4].astype(np.float64) / np.array(scales, np.float32).astype(np.float64)
    base = anchors[:, :4].astype(np.float64)
    with np.errstate(over="ignore"):
        centers = (wide[:, :2] * base[:, 2:] + base[:, :2]).astype(np.float32)
        halves = (0.5 * np.exp(wide[:, 2:]) * base[:, 2:]).astype(np.float32)
    boxes: Floats = np.concatenate([centers - halves, centers + halves], axis=1)
    return boxes


def _regular(boxes: Floats, scores: Floats, attrs: Any) -> Detections:
    found: Detections = []
    for label in range(scores.shape[1]):
        own = scores[:, label]
        most = min(attrs["most_per_class"], attrs["most"])
        found += [(box, label, own[box]) for box in _apart(boxes, own, most, attrs)]
        found = sorted(found, key=lambda one: -one[2])[: attrs["most"]]  # equals keep their order
    return found


def _fast(boxes: Floats, scores: Floats, attrs: Any) -> Detections:
    count = min(attrs["most_classes"], scores.shape[1])
    best = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    peaks = scores[np.arange(len(scores)), best[:, 0]]
    kept = _apart(boxes, peaks, attrs["most"], attrs)
    return [(box, int(label), scores[box, label]) for box in kept for label in best[box]]


def _apart(boxes: Floats, scores: Floats, most: int, attrs: Any) -> list[int]:
    """Boxes by falling score, each of which overlaps little with all before it."""
    candidates = np.flatnonzero(scores >= np.float32(attrs["least_score"]))
    order = candidates[np.argsort(-scores[candidates], kind="stable")]
    limit = np.float32(attrs["most_overlap"])
    kept: list[int] = []
    while len(order) and len(kept) < most:
        first, order = order[0], order[1:]
        kept.append(int(first))
        order = order[_overlap(boxes[first], boxes[order]) <= limit]
    return kept


def _overlap(box: Floats, others: Floats) -> Floats:
    """Intersection over union of one box with each of the others."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    sides = np.maximum(high - low, np.float32(0.0))
    shared = sides[:, 0] * sides[:, 1]
    union = area + areas - shared
    valid = (areas > 0) & (area > 0)
    ratio = np.zeros(len(others), np.float32)
    np.divide(shared, union, out=ratio, where=valid)
    return ratio


def _write(outputs: list[Array], boxes: Floats, found: Detections, most_classes: int) -> None:
    places, classes, scores, count = outputs
    for output in outputs:
        output.fill(0.0)
    for place, (box, label, score) in enumerate(found[: classes.shape[1]]):
        places[0, place] = boxes[box]
        classes[0, place], scores[0, place] = label, score
    count[0] = len(found) // most_classes
