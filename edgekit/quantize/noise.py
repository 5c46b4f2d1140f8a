"""How far each layer of an int8 graph is from its float original: the signal-to-noise ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.interpreter import Interpreter
from edgekit.interpreter.arithmetic import dequantize
from edgekit.ir import Graph

from .samples import Samples

__all__ = ["signal_to_noise"]

Array = NDArray[Any]
SAMPLES = 32


def signal_to_noise(float_graph: Graph, int8_graph: Graph, samples: Samples) -> Mapping[str, float]:
    """`10 log10(sum f^2 / sum (f - q)^2)` in decibels for every activation both graphs compute.

    f is the float value, q the int8 value as a real number, both over the first samples, the
    errors of earlier layers included. Infinite where they are equal, NaN where f is all zero,
    minus infinity where int8 has led to a number that is not finite.
    """
    signal: dict[str, float] = {}
    noise: dict[str, float] = {}
    first, second = Interpreter(float_graph), Interpreter(int8_graph)
    expected: dict[str, Array] = {}

    def remember(name: str, array: Array) -> None:
        expected[name] = array.astype(np.float64)

    def compare(name: str, array: Array) -> None:
        if name not in expected or expected[name].shape != array.shape:
            return
        quant = int8_graph.value(name).quant
        real = array if quant is None else dequantize(array, quant)
        signal[name] = signal.get(name, 0.0) + float(np.sum(expected[name] ** 2))
        with np.errstate(all="ignore"):
            noise[name] = noise.get(name, 0.0) + float(np.sum((expected[name] - real) ** 2))

    for _, _, batch in samples.first(SAMPLES).batches(float_graph):
        expected.clear()
        with np.errstate(all="ignore"):
            first.run(batch, observe=remember)
        with np.errstate(all="ignore"):
            second.run(batch, observe=compare)
    return {name: _decibels(signal[name], noise[name]) for name in signal}


def _decibels(signal: float, noise: float) -> float:
    if signal == 0.0:
        return math.nan
    if not math.isfinite(noise):
        return -math.inf
    return math.inf if noise == 0.0 else 10 * math.log10(signal / noise)
