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
        high = np.flatnonzero(scores > least)
        found = _taken(_Boxes(boxes[high]), scores[high], attrs["most"], limit, least, sigma)
        for output in (places, values, count):
            output.fill(0)
        places[: len(found)] = [high[box] for _, box in found]
        values[: len(found)] = [score for score, _ in found]
        count.fill(len(found))

    step.call(suppress)


class _Boxes:
    """Boxes by two corners, as their ends along both axes, and their areas."""

    def __init__(self, corners: Floats) -> None:
        pairs = corners.reshape(-1, 2, 2)
        self.low = np.ascontiguousarray(pairs.min(axis=1).T)
        self.high = np.ascontiguousarray(pairs.max(axis=1).T)
        sides = self.high - self.low
        self.areas: Floats = sides[0] * sides[1]
        self.flat = np.flatnonzero(~(self.areas > 0))

    def overlap(self, box: int) -> Floats:
        """Intersection over union of one box with all; 0 where either has no area."""
        if not self.areas[box] > 0:
            return np.zeros(len(self.areas), np.float32)
        sides = np.minimum(self.high, self.high[:, box, np.newaxis])
        sides -= np.maximum(self.low, self.low[:, box, np.newaxis])
        np.maximum(sides, np.float32(0.0), out=sides)
        shared: Floats = sides[0] * sides[1]
        union = self.areas[box] + self.areas
        union -= shared
        np.divide(shared, union, shared)
        shared[self.flat] = 0.0
        return shared


def _taken(
    boxes: _Boxes,
    scores: Floats,
    most: int,
    limit: np.float32,
    least: np.float32,
    sigma: np.float32,
) -> list[tuple[float, int]]:
    """Scores and boxes in the order in which they are taken."""
    heap = _heap(scores.tolist())
    most, gone = min(most, len(heap)), np.zeros(len(scores), bool)
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
            overlaps.append(boxes.overlap(box))
            np.logical_or(gone, overlaps[-1] >= limit, out=gone)
        if score > least:
            heap.append((score, box, seen_now))
            _rise(heap, len(heap) - 1, heap[-1])
    return taken


def _faded(score: float, lines: list[float], sigma: np.float32) -> float:
    scale, faded = np.float32(-0.5) / sigma, np.float32(score)
    for line in reversed(lines):
        shared = np.float32(line)
        faded *= np.float32(math.exp(float(scale * shared * shared)))
    return float(faded)


def _heap(scores: list[float]) -> list[Candidate]:
    """The boxes, put in one by one in their order."""
    heap: list[Candidate] = []
    for box, score in enumerate(scores):
        hole = box
        heap.append((score, box, 0))
        while hole and heap[(hole - 1) // 2][0] < score:
            heap[hole], hole = heap[(hole - 1) // 2], (hole - 1) // 2
        heap[hole] = (score, box, 0)
    return heap


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
