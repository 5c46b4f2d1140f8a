"""NonMaxSuppression: the best boxes, none of which overlaps too much with a better one.

Boxes wait in a heap, the best first. One that overlaps with a box taken before by `most_overlap` or
more is gone. If there is a sigma, the score of any other becomes, for each box taken since it was
last looked at, the latest first, f32(score * f32(exp(f32(-0.5 / sigma) * overlap * overlap))). A
box whose score did not change is taken; one whose score is still above `least_score` waits again.
So a box without an area, which overlaps with nothing and not with itself, is taken again and again.

Boxes of one score are in no order but the heap's own: it is that of LiteRT, which is C++'s.
"""

from __future__ import annotations

import math

import numpy as np

from ..step import Floats, Step
from . import kernel
from .detection import overlap

__all__: list[str] = []

Candidate = tuple[float, int, int]
"""Score, box, and how many boxes had been taken when it was last looked at."""


@kernel("NonMaxSuppression", "float32")
def non_max_suppression(step: Step) -> None:
    boxes, scores = step.input(0), step.input(1)
    places, values, count = (step.output(i) for i in range(3))
    attrs = step.attrs
    limit, sigma = np.float32(attrs["most_overlap"]), np.float32(attrs["sigma"])
    least = np.float32(attrs["least_score"])

    def suppress() -> None:
        sides = np.sort(boxes.reshape(-1, 2, 2), axis=1).reshape(-1, 4)
        taken = _taken(sides, scores, attrs["most"], limit, least, sigma)
        for output in (places, values, count):
            output.fill(0)
        places[: len(taken)] = [box for _, box in taken]
        values[: len(taken)] = [score for score, _ in taken]
        count.fill(len(taken))

    step.call(suppress)


def _taken(
    boxes: Floats,
    scores: Floats,
    most: int,
    limit: np.float32,
    least: np.float32,
    sigma: np.float32,
) -> list[tuple[float, int]]:
    """Scores and boxes in the order in which they are taken."""
    heap: list[Candidate] = []
    for box in np.flatnonzero(scores > least).tolist():
        _push(heap, (float(scores[box]), box, 0))
    most, gone = min(most, len(heap)), np.zeros(len(boxes), bool)
    taken: list[tuple[float, int]] = []
    overlaps: list[Floats] = []
    while heap and len(taken) < most:
        before, box, seen = _pop(heap)
        if gone[box]:
            continue
        score, seen_now = before, len(taken)
        if sigma > 0:
            score = _faded(before, [float(line[box]) for line in overlaps[seen:]], sigma)
        if score == before:
            taken.append((score, box))
            overlaps.append(overlap(boxes[box], boxes))
            np.logical_or(gone, overlaps[-1] >= limit, out=gone)
        if score > least:
            _push(heap, (score, box, seen_now))
    return taken


def _faded(score: float, lines: list[float], sigma: np.float32) -> float:
    scale, faded = np.float32(-0.5) / sigma, np.float32(score)
    for line in reversed(lines):
        shared = np.float32(line)
        faded *= np.float32(math.exp(float(scale * shared * shared)))
    return float(faded)


def _push(heap: list[Candidate], candidate: Candidate) -> None:
    heap.append(candidate)
    _rise(heap, len(heap) - 1, candidate)


def _rise(heap: list[Candidate], hole: int, candidate: Candidate) -> None:
    while hole > 0 and heap[(hole - 1) // 2][0] < candidate[0]:
        heap[hole] = heap[(hole - 1) // 2]
        hole = (hole - 1) // 2
    heap[hole] = candidate


def _pop(heap: list[Candidate]) -> Candidate:
    """The hole that the first one leaves goes down to the end; there the last one is put in."""
    first, last = heap[0], heap.pop()
    size, hole = len(heap), 0
    if not size:
        return first
    while 2 * hole + 2 < size:
        child = 2 * hole + 2
        if heap[child][0] < heap[child - 1][0]:
            child -= 1
        heap[hole], hole = heap[child], child
    if 2 * hole + 2 == size:
        heap[hole], hole = heap[size - 1], size - 1
    _rise(heap, hole, last)
    return first
