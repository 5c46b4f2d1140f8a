"""What bounds a training step on a GPU: the bytes it moves, the arithmetic, the launches."""

from __future__ import annotations

import math
import re
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Cost", "bandwidth", "cost_of", "launch_floor", "nodes_of", "rate"]

_FLOAT = 4  # bytes


class Cost:
    """The arithmetic (FLOP) and the least traffic (bytes) of a step."""

    def __init__(self) -> None:
        self.flop = 0.0
        self.bytes = 0.0

    def milliseconds(self, flop_per_second: float, bytes_per_second: float) -> tuple[float, float]:
        """What the arithmetic and what the traffic would take by themselves."""
        return 1e3 * self.flop / flop_per_second, 1e3 * self.bytes / bytes_per_second


def cost_of(model: Any, batch: int) -> Cost:
    """The cost of forward, backward and Adam, all in float32, nothing of it in caches.

    Every layer reads its inputs and writes its outputs once in each direction. A convolution and a
    dense layer multiply three times as often as forward, and read inputs and gradients twice. A
    batch normalization, with the ReLU after it, reads the batch twice each way, because statistics
    come first. ReLU, bias and addition of gradients cost nothing beside the layers around them.
    """
    cost = Cost()
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in ("InputLayer", "ReLU", "Flatten"):
            continue
        inputs = _numbers(layer.input, batch)
        outputs = _numbers(layer.output, batch)
        if kind in ("Conv2D", "DepthwiseConv2D", "Dense"):
            kernel = math.prod(layer.weights[0].shape)
            channels = layer.output.shape[-1]
            per_output = kernel / channels
            cost.flop += 3 * 2 * outputs * per_output
            cost.bytes += _FLOAT * (3 * inputs + 3 * outputs)
        elif kind == "BatchNormalization":
            cost.flop += 20 * outputs
            cost.bytes += _FLOAT * (3 * inputs + 5 * outputs)
        elif kind == "Add":
            cost.flop += outputs
            cost.bytes += _FLOAT * (inputs + outputs)
        else:  # pooling: forward, and the gradient back to where it came from
            cost.flop += 2 * inputs
            cost.bytes += _FLOAT * 2 * (inputs + outputs)
    parameters = sum(math.prod(v.shape) for v in model.trainable_variables)
    cost.flop += 12 * parameters
    cost.bytes += _FLOAT * 7 * parameters  # weight, gradient and two moments; three written back
    return cost


def _numbers(x: Any, batch: int) -> int:
    tensors = x if isinstance(x, list | tuple) else [x]
    return sum(batch * math.prod(one.shape[1:]) for one in tensors)


def nodes_of(graph: Any) -> int:
    """How many kernels and copies a captured graph holds."""
    if hasattr(graph, "nodes"):
        return len(graph.nodes)
    return len(set(re.findall(r'"(graph_\d+_node_\d+)"', graph.debug_dot_str())))


def _timed(function: Callable[[], Any], times: int) -> float:
    """Seconds of one of several calls, the middle of five measurements."""
    import cupy

    found = []
    stream = cupy.cuda.get_current_stream()
    function()
    for _ in range(5):
        stream.synchronize()
        start = time.perf_counter()
        for _ in range(times):
            function()
        stream.synchronize()
        found.append((time.perf_counter() - start) / times)
    return statistics.median(found)


def launch_floor(kernels: int, times: int = 50) -> float:
    """Milliseconds of a captured graph of so many kernels that do nothing."""
    import cupy

    module = cupy.RawModule(code="__global__ void nothing() {}", name_expressions=("nothing",))
    nothing = module.get_function("nothing")
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        nothing((1,), (32,), ())
        stream.begin_capture()
        for _ in range(kernels):
            nothing((1,), (32,), ())
        graph = stream.end_capture()
        return 1e3 * _timed(lambda: graph.launch(stream), times)


def bandwidth(size: int = 256 << 20, times: int = 20) -> float:
    """Bytes per second of a copy within the device's memory, read and written ones counted."""
    import cupy

    source = cupy.zeros(size // _FLOAT, np.float32)
    target = cupy.empty_like(source)

    def copy() -> None:
        target[...] = source

    return 2 * source.nbytes / _timed(copy, times)


def rate(size: int = 8192, times: int = 10) -> float:
    """FLOP per second of a product of float32 matrices by cuBLAS (in TF32 with CUPY_TF32=1)."""
    import cupy

    a = cupy.ones((size, size), np.float32)
    out = cupy.empty_like(a)
    return 2 * float(size) ** 3 / _timed(lambda: cupy.matmul(a, a, out=out), times)
