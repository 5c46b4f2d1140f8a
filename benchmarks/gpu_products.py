"""Products and convolutions on a GPU: every tile and cut, beside the choice that is made.

    python benchmarks/gpu_products.py [--precision tf32] [--dtype float16] [network ...]

For each layer of the networks with weights, its forward product and both gradients: microseconds
of the plan that `edgekit.train.gpu.tiles` chooses, of the fastest plan there is (and which one that
is), of cuDNN or cuBLASLt where they are installed, and the least that arithmetic and traffic take.
What is launched is captured into a graph of many, so that the host does not count. The last lines
add up each network: how far the choice is from the best says whether the constants of `tiles.py`
are right, and the column behind it whether the libraries are worth asking.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from training_sides.gpu import RUNS
from training_sides.limits import bandwidth, rate
from training_sides.networks import NETWORKS, our_network

from edgekit.errors import EdgekitError

__all__ = [
    "Problem",
    "Times",
    "candidates",
    "line",
    "measured",
    "microseconds",
    "on_gpu",
    "problems",
]

REPEATS = 20  # in a graph


class Problem(NamedTuple):
    """One product: rows, columns and depth; `run(plan)` computes it, None choosing the plan."""

    layer: str
    kind: str
    size: tuple[int, int, int]
    run: Callable[[Any], Any]
    tiles: tuple[Any, ...]
    can_split: bool
    floats: int  # read and written

    @property
    def flop(self) -> float:
        return 2.0 * math.prod(self.size)


class Times(NamedTuple):
    """Microseconds; `vendor` is that of NVIDIA's libraries, None where none does it."""

    chosen: float
    best: float
    best_plan: Any
    vendor: float | None
    bound: float


def problems(network: str, batch: int, dtype: Any = np.float32) -> Iterator[Problem]:
    """The products of a step: forward, the kernel's gradient, and the input's but for the first."""
    shape, layers = NETWORKS[network]
    first = True
    for layer in our_network(shape, layers).layers:
        kind = type(layer).__name__
        if kind == "Dense":
            yield from _of_dense(layer, batch, dtype, first)
        elif kind == "Conv2D":
            yield from _of_convolution(layer, batch, dtype, first)
        first = first and kind not in ("Dense", "Conv2D", "DepthwiseConv2D")


def _random(shape: Any, dtype: Any) -> Any:
    import cupy

    return cupy.asarray(np.random.default_rng(1).standard_normal(shape).astype(dtype))


def _of_dense(layer: Any, batch: int, dtype: Any, first: bool) -> Iterator[Problem]:
    inputs, outputs = layer.kernel.shape
    x, kernel = _random((batch, inputs), dtype), _random((inputs, outputs), dtype)
    yield from _three(layer.name, x, kernel, _random((batch, outputs), dtype), first)


def _three(name: str, x: Any, kernel: Any, g: Any, first: bool) -> Iterator[Problem]:
    """The products of a matrix of inputs and one of weights."""
    from edgekit.train.gpu.matmul import matmul
    from edgekit.train.gpu.tiles import TILES

    floats = x.size + kernel.size + g.size
    pairs = [("forward", x, kernel), ("kernel", x.T, g)] + [("input", g, kernel.T)] * (not first)
    for kind, a, b in pairs:
        size = (a.shape[0], b.shape[1], a.shape[1])

        def run(using: Any, a: Any = a, b: Any = b) -> Any:
            return matmul(a, b, using=using)

        yield Problem(name, kind, size, run, TILES, True, floats)


def _of_convolution(layer: Any, batch: int, dtype: Any, first: bool) -> Iterator[Problem]:
    from edgekit.train.gpu import conv, conv_products

    shape = (batch, *layer.input.shape[1:])
    size = layer.kernel.shape
    x, kernel = _random(shape, dtype), _random(size, dtype)
    g = _random((batch, *layer.output.shape[1:]), dtype)
    attrs = (layer.strides, layer.padding, layer.dilation_rate, layer.groups)
    window = conv._of_images(x, kernel, *attrs)
    if window.pointwise:
        rows = x.reshape(-1, size[2]), kernel.reshape(size[2], -1), g.reshape(-1, size[3])
        yield from _three(layer.name, *rows, first)
        return
    floats, tiles = x.size + kernel.size + g.size, conv_products.TILES[2]
    depth = window.taps * window.channels

    def forward(using: Any) -> Any:
        return conv_products.forward(x, kernel, window, using=using)

    def kernel_gradient(using: Any) -> Any:
        return conv_products.kernel_gradient(x, g, size, window, using=using)

    def input_gradient(using: Any) -> Any:
        return conv_products.input_gradient(g, kernel, window, using=using)

    rows = (window.pixels, window.features, depth)
    yield Problem(layer.name, "forward", rows, forward, tiles, True, floats)
    turned = (depth, window.features, window.pixels)
    yield Problem(layer.name, "kernel", turned, kernel_gradient, tiles, True, floats)
    if not first:
        plain = all(axis.stride == 1 for axis in window.axes)
        back = (batch * math.prod(shape[1:3]), window.channels, window.taps * window.features)
        if not plain:  # each pixel meets some of the taps
            back = (*back[:2], -(-back[2] // math.prod(layer.strides)))
        yield Problem(layer.name, "input", back, input_gradient, tiles, plain, floats)


def candidates(problem: Problem) -> list[Any]:
    """Every plan for a problem."""
    from edgekit.train.gpu.tiles import DEPTH_UNIT, PARTS, Plan

    units = max(1, -(-problem.size[2] // DEPTH_UNIT))
    found = []
    for parts in PARTS if problem.can_split else (1,):
        if parts <= units:
            deep = -(-units // parts)
            found.append((-(-units // deep), deep * DEPTH_UNIT))
    return [Plan(tile, *cut) for tile in problem.tiles for cut in dict.fromkeys(found)]


def microseconds(run: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Of one of many launches in a graph, the middle of five measurements."""
    import cupy

    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        run()
        stream.begin_capture()
        for _ in range(repeats):
            run()
        graph = stream.end_capture()
        found = []
        for _ in range(6):  # the first one uploads it
            stream.synchronize()
            start = time.perf_counter()
            graph.launch(stream)
            stream.synchronize()
            found.append((time.perf_counter() - start) * 1e6 / repeats)
    return statistics.median(found[1:])


def measured(
    problem: Problem, flop_per_second: float, bytes_per_second: float, itemsize: int = 4
) -> Times:
    """The times of a problem. A sum over parts costs its kernel too."""
    from edgekit.train.gpu.libraries import use_libraries

    with use_libraries(cudnn=False, cublas=False):
        chosen = microseconds(lambda: problem.run(None))
        tried = [(microseconds(partial(problem.run, p)), p) for p in candidates(problem)]
    best, plan = min(tried, key=lambda one: one[0])
    vendor = None
    if _has_libraries():
        vendor = microseconds(lambda: problem.run(None))
    bound = max(problem.flop / flop_per_second, itemsize * problem.floats / bytes_per_second)
    return Times(chosen, best, plan, vendor, 1e6 * bound)


def _has_libraries() -> bool:
    from edgekit.train.gpu.libraries import report

    return "in use" in report().values()


def line(problem: Problem, times: Times) -> str:
    """One line of the table."""
    size = "x".join(map(str, problem.size))
    tile = f"{times.best_plan.tile.rows}x{times.best_plan.tile.columns} / {times.best_plan.parts}"
    library = "-" if times.vendor is None else f"{times.vendor:.2f}"
    return (
        f"{problem.layer[:22]:22} {problem.kind:8}{size:>18}{times.chosen:>9.2f}{times.best:>9.2f}"
        f"{tile:>14}{library:>9}{times.bound:>8.2f}"
    )


def on_gpu() -> bool:
    """Compute on the GPU from here on; False where there is none, and it is printed why."""
    from edgekit.train import backend

    try:
        backend.set_device("gpu")
    except (EdgekitError, RuntimeError) as error:  # without cupy, and without a GPU
        print(f"left out: {error}")
        return False
    return True


def main(arguments: Iterable[str]) -> None:
    parser = argparse.ArgumentParser(prog="gpu_products.py")
    parser.add_argument("networks", nargs="*", choices=[[], *dict(RUNS)])
    parser.add_argument("--precision", choices=["tf32", "ieee"], default="ieee")
    parser.add_argument("--dtype", choices=["float32", "float16"], default="float32")
    given = parser.parse_args(list(arguments))
    from edgekit.train import set_float32_precision

    if not on_gpu():
        return
    set_float32_precision(given.precision)
    dtype = np.dtype(given.dtype)
    flop, moved = rate(), bandwidth()
    heads = ("layer", "product", "rows x columns x k", "chosen", "best", "tile/parts", "library")
    print("microseconds; {:22}{:8}{:>14}{:>7}{:>9}{:>14}{:>9}   bound".format(*heads))
    for network, batch in RUNS:
        if given.networks and network not in given.networks:
            continue
        print(f"\n{network} b{batch}")
        sums = np.zeros(4)
        for problem in problems(network, batch, dtype):
            times = measured(problem, flop, moved, dtype.itemsize)
            print(line(problem, times), flush=True)
            sums += (times.chosen, times.best, times.vendor or 0.0, times.bound)
        print("together: chosen {:.1f}, best {:.1f}, library {:.1f}, bound {:.1f}".format(*sums))


if __name__ == "__main__":
    main(sys.argv[1:])
