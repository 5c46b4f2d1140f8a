"""Kernels of a GPU that memory bounds: microseconds of each beside the least its traffic takes.

    python benchmarks/gpu_passes.py [network ...]

For each normalization, depthwise convolution, pooling and loss of the networks, both ways, as
graphs of many launches. Normalizations are measured by one kernel and by several, whatever their
rows: where the two meet is what `FEW_ROWS` of `edgekit/train/gpu/batch_norm.py` should be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from gpu_products import microseconds, on_gpu
from training_sides.gpu import RUNS
from training_sides.limits import bandwidth
from training_sides.networks import NETWORKS, our_network

__all__ = ["Pass", "line", "main", "passes"]


class Pass(NamedTuple):
    """One pass over memory; `floats` are read and written."""

    layer: str
    kind: str
    shape: tuple[int, ...]
    floats: int
    run: Callable[[], Any]


def _random(*shape: int) -> Any:
    import cupy

    return cupy.asarray(np.random.default_rng(1).standard_normal(shape).astype(np.float32))


def passes(network: str, batch: int) -> Iterator[Pass]:
    """The passes of a step, layer by layer, and its loss."""
    shape, layers = NETWORKS[network]
    model = our_network(shape, layers)
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "BatchNormalization":
            yield from _normalization(layer.name, (batch, *layer.input.shape[1:]))
        elif kind == "DepthwiseConv2D":
            yield from _depthwise(layer, batch)
        elif kind in ("MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D"):
            yield from _pooling(layer, batch)
    yield from _loss(batch, model.output.shape[-1])


def _both_ways(
    name: str, primitive: str, x: Any, *inputs: Any, extra: int = 0, **attrs: Any
) -> Iterator[Pass]:
    """Forward and back; extra: further floats that the way back reads."""
    from edgekit.train.tensor import PRIMITIVES

    rule: Any = PRIMITIVES[primitive]
    found = rule.forward(x, *inputs, **attrs)
    y, saved = found if rule.saves else (found, None)
    more = {"saved": saved} if rule.saves else {}
    if rule.backward_asks_needs:
        more["needs"] = tuple(v is not None and v.dtype.kind == "f" for v in (x, *inputs))
    g = _random(*y.shape)
    yield Pass(name, "forward", x.shape, x.size + y.size, lambda: rule.forward(x, *inputs, **attrs))
    yield Pass(
        name, "back", x.shape, 2 * x.size + y.size + extra,
        lambda: rule.backward(g, y, x, *inputs, **attrs, **more),
    )  # fmt: skip


def _normalization(name: str, shape: tuple[int, ...]) -> Iterator[Pass]:
    from edgekit.train.gpu import batch_norm

    x, gamma, beta = _random(*shape), _random(shape[-1]), _random(shape[-1])
    for words, rows in (("one kernel", sys.maxsize), ("several", 0)):

        def within(run: Callable[[], Any], rows: int = rows) -> Callable[[], Any]:
            def limited() -> Any:
                before, batch_norm.FEW_ROWS = batch_norm.FEW_ROWS, rows
                try:
                    return run()
                finally:
                    batch_norm.FEW_ROWS = before

            return limited

        for one in _both_ways(
            name, "batch_norm_activation", x, gamma, beta, None, extra=x.size, activation="relu"
        ):
            yield one._replace(kind=f"{one.kind}, {words}", run=within(one.run))


def _depthwise(layer: Any, batch: int) -> Iterator[Pass]:
    x = _random(batch, *layer.input.shape[1:])
    kernel = _random(*layer.weights[0].shape)
    bias = _random(x.shape[-1]) if layer.use_bias else None
    attrs = {"strides": tuple(layer.strides), "padding": layer.padding}
    inputs = (kernel,) if bias is None else (kernel, bias)
    yield from _both_ways(layer.name, "depthwise_conv2d", x, *inputs, extra=x.size, **attrs)


def _pooling(layer: Any, batch: int) -> Iterator[Pass]:
    x = _random(batch, *layer.input.shape[1:])
    if "Global" in type(layer).__name__:
        yield from _both_ways(layer.name, "global_average_pool2d", x)
        return
    primitive = "max_pool2d" if "Max" in type(layer).__name__ else "average_pool2d"
    size, strides = tuple(layer.pool_size), tuple(layer.strides)
    attrs = {"pool_size": size, "strides": strides, "padding": layer.padding}
    yield from _both_ways(layer.name, primitive, x, **attrs)


def _loss(batch: int, classes: int) -> Iterator[Pass]:
    import cupy

    labels = cupy.asarray(np.arange(batch) % classes)
    yield from _both_ways("loss", "softmax_cross_entropy", _random(batch, classes), labels)


def line(one: Pass, found: float, bytes_per_second: float) -> str:
    """One line of the table."""
    bound = 1e6 * 4 * one.floats / bytes_per_second
    shape = "x".join(map(str, one.shape))
    return f"{one.layer[:24]:24} {one.kind:20}{shape:>16}{found:>9.2f}{bound:>9.2f}"


def main(arguments: Iterable[str]) -> None:
    parser = argparse.ArgumentParser(prog="gpu_passes.py")
    parser.add_argument("networks", nargs="*", choices=[[], *dict(RUNS)])
    given = parser.parse_args(list(arguments))
    if not on_gpu():
        return
    moved = bandwidth()
    print(
        "microseconds; {:11}{:20}{:>16}{:>9}{:>9}".format("layer", "pass", "shape", "took", "bound")
    )
    for network, batch in RUNS:
        if not given.networks or network in given.networks:
            print(f"\n{network} b{batch}")
            for one in passes(network, batch):
                print(line(one, microseconds(one.run), moved), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
