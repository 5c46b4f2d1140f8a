"""int8 weights with float activations, against LiteRT.

Single layers have equal bits in both runtimes, but for DepthwiseConv2D in the default one: its
optimized kernel adds in another order, within two float32 steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, Metadata, per_channel, per_tensor
from edgekit.ir.graph import ARITHMETICS
from tests import litert

OPERATORS = ("Dense", "Conv2D", "DepthwiseConv2D")


def layer(op: str, rng: np.random.Generator, arithmetic: str) -> tuple[Graph, dict[str, Any]]:
    """A layer of random geometry, and an input whose samples differ in size and offset."""
    batch, channels, outputs, size = (int(n) for n in rng.integers((1, 1, 1, 1), (4, 20, 20, 4)))
    attrs: dict[str, Any] = {"activation": ("none", "relu", "relu6")[int(rng.integers(3))]}
    if op == "Dense":
        shape = (batch, channels) if rng.integers(2) else (batch, 3, channels)
        window, axis = (outputs, channels), 0
        attrs["asymmetric"] = bool(rng.integers(2))
    else:
        side, stride = int(rng.integers(4, 10)), int(rng.integers(1, 3))
        shape, attrs["strides"] = (batch, side, side, channels), (stride, stride)
        window, axis = (outputs, size, size, channels), 0
        if op == "DepthwiseConv2D":
            window, axis = (1, size, size, channels * int(rng.integers(1, 3))), 3
        if stride == 1 and rng.integers(2):
            before = (size - 1) // 2
            attrs["pads"] = (before, before, size - 1 - before, size - 1 - before)
    builder = GraphBuilder(op)
    scales = rng.uniform(0.002, 0.02, window[axis]).astype(np.float32)
    if rng.integers(6) == 0:
        scales[:] = scales[0]  # LiteRT's reference kernels look whether they differ
    one = op != "DepthwiseConv2D" and rng.integers(2)
    quant = per_tensor(scales[0]) if one else per_channel(scales, axis)
    weight = rng.integers(-127, 128, window).astype(np.int8)
    names = [builder.input("x", (None, *shape[1:])), builder.constant(weight, "weight", quant)]
    if rng.integers(4):
        bias = rng.normal(size=window[axis]).astype(np.float32)
        names.append(builder.constant(bias, "bias"))
    result = builder.add(op, *names, name="layer", **attrs)
    sizes = np.exp(rng.uniform(-4, 4, (batch, *[1] * (len(shape) - 1))))
    x = rng.normal(size=shape) * sizes + rng.normal()
    graph = builder.finish([result], Metadata(arithmetic=arithmetic))
    return graph, {"x": x.astype(np.float32)}


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("op", OPERATORS)
def test_layers(op: str, arithmetic: str, seed: int) -> None:
    graph, inputs = layer(op, np.random.default_rng([seed, len(op)]), arithmetic)
    (found,) = Interpreter(graph).run(inputs).values()
    runtime = litert.RUNTIMES[arithmetic]
    (wanted,) = litert.run(tflite_bytes(graph), inputs, runtime).values()
    if (op, arithmetic) == ("DepthwiseConv2D", "float32"):
        most = np.abs(wanted).max()
        np.testing.assert_allclose(found, wanted, rtol=3e-7, atol=3e-7 * most)
    else:
        np.testing.assert_array_equal(found, wanted)


def rows(kind: str) -> Any:
    """Rows of numbers whose rounding is easy, one-sided, on halves, or none at all."""
    rng = np.random.default_rng(len(kind))
    x = rng.normal(size=(500, 64)) * np.exp(rng.uniform(-12, 12, (500, 1)))
    if kind == "positive":
        x = np.abs(x)
    elif kind == "negative":
        x = -np.abs(x)
    elif kind == "shifted":
        x = x + rng.uniform(-3, 3, (500, 1))
    elif kind == "halves":
        x = np.rint(rng.uniform(-1, 1, (500, 64)) * 255) / 2 * rng.choice([1, 0.5], (500, 1))
    elif kind == "half a step":  # at which the real 0 lies: the zero point is rounded from a half
        steps = rng.uniform(-100, 100, (500, 64))
        low = np.rint(rng.uniform(100, 150, 500)) + 0.5
        steps[:, 0], steps[:, 1] = -low, 255 - low
        x = steps * rng.uniform(0.01, 0.02, (500, 1))
    elif kind == "zeros":
        x = np.where(np.arange(500)[:, np.newaxis] % 2, x, 0.0)
    return x.astype(np.float32)


KINDS = ["plain", "positive", "negative", "shifted", "halves", "half a step", "zeros"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_rounding_of_rows(arithmetic: str, asymmetric: bool, kind: str) -> None:
    """A weight of 127 on the diagonal shows every rounded number."""
    builder = GraphBuilder("Dense")
    weight = (np.eye(64) * 127).astype(np.int8)
    names = builder.input("x", (None, 64)), builder.constant(weight, "weight", per_tensor(1 / 127))
    result = builder.add("Dense", *names, name="layer", asymmetric=asymmetric)
    graph = builder.finish([result], Metadata(arithmetic=arithmetic))
    x = rows(kind)
    wanted = litert.run(tflite_bytes(graph), {"x": x}, litert.RUNTIMES[arithmetic])["layer"]
    np.testing.assert_array_equal(Interpreter(graph).run(x)["layer"], wanted)


def test_long_rows_stay_exact() -> None:
    """2000 products of up to 255 * 127 do not fit float32; every order of adding gives the same."""
    rng, builder = np.random.default_rng(0), GraphBuilder("Dense")
    weight = rng.integers(100, 128, (3, 2000)).astype(np.int8)
    names = builder.input("x", (None, 2000)), builder.constant(weight, "weight", per_tensor(0.01))
    graph = builder.finish([builder.add("Dense", *names, name="layer")])
    x = rng.uniform(0, 1, (2, 2000)).astype(np.float32)
    wanted = litert.run(tflite_bytes(graph), {"x": x})["layer"]
    np.testing.assert_array_equal(Interpreter(graph).run(x)["layer"], wanted)


def test_other_operators_are_refused() -> None:
    builder = GraphBuilder("TransposeConv2D")
    weight = np.ones((3, 2, 2, 4), np.int8)
    names = (
        builder.input("x", (None, 4, 4, 4)),
        builder.constant(weight, "weight", per_tensor(0.1)),
    )
    result = builder.add("TransposeConv2D", *names, name="up", size=(8, 8), strides=(2, 2))
    with pytest.raises(UnsupportedOperator, match="'up'.*int8 weights"):
        Interpreter(builder.finish([result]))
