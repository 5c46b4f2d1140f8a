"""Test vectors: what a device replays to say whether it computes what was converted."""

from __future__ import annotations

import math

import numpy as np

from edgekit.interpreter import record_test_vectors
from edgekit.ir import Graph, TestVector, Value
from edgekit.ir.graph import Array
from edgekit.ir.quant import LIMITS

from .pipeline import Quantized
from .samples import Samples, fed_dtype

__all__ = ["recorded_vectors"]

VECTOR_SAMPLES = 2


def recorded_vectors(
    graph: Graph, quantized: Quantized, samples: Samples | None
) -> tuple[TestVector, ...]:
    """Two samples, then all inputs at their smallest, then at their largest number.

    The device replays them (`edgekit verify`): typical values, and saturation of every layer.
    Without samples, the inputs are those of the vectors that the model brings, or numbers spread
    over the ranges of the inputs.
    """
    brought = quantized.float_graph.metadata.test_vectors
    if samples is None and brought:
        return record_test_vectors(graph, [vector.inputs for vector in brought])
    samples = samples or _spread(quantized)
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
    """Numbers spread evenly over the known ranges of the inputs, where there are no samples.

    Inputs that stay in float have none and get numbers from 0 to 1; those that count, zeros.
    """
    rng = np.random.Generator(np.random.PCG64(0))
    arrays: dict[str, Array] = {}
    count = VECTOR_SAMPLES
    for name in quantized.float_graph.inputs:
        value = quantized.float_graph.value(name)
        low, high = quantized.ranges.get(name, (0.0, 1.0))
        shape = (count, *(size or 1 for size in value.shape[1:]))
        numbers = rng.uniform(low, high, math.prod(shape))
        arrays[name] = numbers.reshape(shape).astype(fed_dtype(value))
    return Samples(arrays, count, "learned")


def _filled(value: Value, sample: Array) -> Array:
    """One sample, repeated where the graph fixes a larger batch; a number where it has none."""
    if not value.shape:
        return sample.reshape(())
    return np.repeat(sample, value.shape[0] or 1, axis=0)


def _end(value: Value, samples: Array, largest: bool) -> Array:
    """The smallest or largest stored integer of a quantized input, or number of another one."""
    if value.dtype in LIMITS and value.quant is not None:
        return np.array(LIMITS[value.dtype][largest], value.dtype)
    return np.array(samples.max() if largest else samples.min(), value.dtype)
