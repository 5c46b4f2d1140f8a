"""Ranges of activations, found by running the float graph on calibration data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgekit.errors import QuantizationError
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph

from .recurrent import CellRanges
from .samples import Samples

__all__ = ["Progress", "Range", "calibrate"]

Array = NDArray[Any]
Progress = Callable[[int, int], None]
"""Called with the number of samples done and of all samples."""


class Range(NamedTuple):
    """The smallest and the largest number that a value held, as float32 numbers."""

    low: float
    high: float

    @property
    def is_constant(self) -> bool:
        """It held one number only: the layer is dead, or the data say nothing about it."""
        return self.low == self.high

    def union(self, other: Range) -> Range:
        return Range(min(self.low, other.low), max(self.high, other.high))


def calibrate(
    graph: Graph, samples: Samples, progress: Progress | None = None
) -> Mapping[str, Range]:
    """The range of every activation of a float graph over all samples.

    Raises QuantizationError where the data hold a number that is not finite (naming input and
    sample) or where one arises inside (naming the first layer, too).
    """
    check_finite(graph, samples)
    ranges = {name: _range(samples.arrays[name]) for name in graph.inputs}
    interpreter, cells = Interpreter(graph), CellRanges(graph)

    def observe(name: str, array: Array) -> None:
        if name in samples.arrays or not array.size:
            return
        cells.see(name, array)
        seen = _range(array)
        ranges[name] = ranges[name].union(seen) if name in ranges else seen

    for start, real, batch in samples.batches(graph):
        with np.errstate(all="ignore"):
            interpreter.run(batch, observe=observe)
            for name in graph.inputs:
                cells.see(name, batch[name])
        if not all(np.isfinite(bound) for seen in ranges.values() for bound in seen):
            raise _not_finite_inside(graph, interpreter, samples, start)
        if progress is not None:
            progress(start + real, samples.count)
    ranges.update({name: Range(-limit, limit) for name, limit in cells.largest.items()})
    return ranges


def check_finite(graph: Graph, samples: Samples) -> None:
    """Raise QuantizationError naming every input that holds NaN or infinity, with one sample."""
    problems = []
    for name in graph.inputs:
        array = samples.arrays[name]
        finite = np.isfinite(array).all(axis=tuple(range(1, array.ndim)))
        bad = np.flatnonzero(~finite)
        if len(bad):
            number = array[bad[0]][~np.isfinite(array[bad[0]])].flat[0]
            problems.append(
                f"input {name!r}: sample {bad[0]} holds {number} "
                f"({len(bad)} of {samples.count} samples are affected)"
            )
    if problems:
        raise QuantizationError(
            f"the {samples.what} data hold numbers that are not finite in float32: "
            f"{'; '.join(problems)}; remove or repair these samples"
        )


def _range(array: Array) -> Range:
    """NaN anywhere makes both bounds NaN, so that one look at the bounds finds it."""
    return Range(float(array.min()) + 0.0, float(array.max()) + 0.0)  # no negative zero


def _not_finite_inside(
    graph: Graph, interpreter: Interpreter, samples: Samples, start: int
) -> QuantizationError:
    """The sample and the first layer at which a number stops being finite."""
    layers = {output: node for node in graph.nodes for output in node.outputs}
    interpreter.reset_all_variables()
    for begin, real, batch in samples.batches(graph):
        if begin != start:
            if graph.states and begin < start:  # what came before is remembered
                with np.errstate(all="ignore"):
                    interpreter.run(batch)
            continue
        found: list[tuple[str, Array]] = []

        def observe(name: str, array: Array, found: list[tuple[str, Array]] = found) -> None:
            if not found and not np.isfinite(array).all():
                found.append((name, array.copy()))

        with np.errstate(all="ignore"):
            interpreter.run(batch, observe=observe)
        if found:
            name, array = found[0]
            row = np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))[0]
            node = layers.get(name)
            layer = f"layer {node.name!r} ({node.op})" if node else f"value {name!r}"
            return QuantizationError(
                f"{samples.what} sample {start + min(int(row), real - 1)}: {layer} computes a "
                "number that is not finite, first of all layers; look at its weights and at the "
                "scale of the data"
            )
    return QuantizationError("calibration met numbers that are not finite")
