"""Convolutions on the simulated GPU, against those of numpy in float64."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.conv3d import conv3d
from edgekit.train.ops.conv_transpose import conv2d_transpose
from edgekit.train.ops.math import square
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Variable, wrap
from tests.train.device import machine, on_device

from .products import arithmetic, close, own_kernels, random

__all__ = ["own_kernels"]

# input, kernel, attributes
IMAGES = {
    "few channels": ((2, 9, 7, 3), (3, 3, 3, 10), {"padding": "same"}),
    "one channel": ((2, 8, 8, 1), (5, 5, 1, 6), {}),
    "vectors": ((2, 6, 7, 16), (3, 3, 16, 24), {"padding": "same"}),
    "stride": ((2, 9, 8, 8), (3, 3, 8, 16), {"strides": (2, 2), "padding": "same"}),
    "unequal strides": ((1, 11, 9, 4), (5, 2, 4, 8), {"strides": (2, 3)}),
    "dilation": ((1, 12, 11, 8), (3, 3, 8, 8), {"dilations": (2, 3), "padding": "same"}),
    "stride and dilation": (
        (1, 13, 12, 4), (3, 3, 4, 8), {"strides": (2, 4), "dilations": (2, 3), "padding": "same"},
    ),
    "unequal padding": ((1, 6, 6, 4), (3, 4, 4, 8), {"padding": (0, 3, 2, 1), "strides": (2, 2)}),
    "padding beyond the kernel": ((1, 4, 4, 4), (2, 2, 4, 4), {"padding": (3, 2, 4, 3)}),
    "pointwise": ((2, 5, 6, 8), (1, 1, 8, 16), {}),
    "pointwise with stride": ((2, 5, 6, 8), (1, 1, 8, 16), {"strides": (2, 2)}),
    "stride beyond the kernel": ((1, 11, 10, 4), (2, 2, 4, 4), {"strides": (3, 4)}),
    "groups": ((2, 6, 5, 16), (3, 3, 8, 16), {"groups": 2, "padding": "same"}),
    "small groups": ((2, 6, 5, 6), (3, 3, 2, 9), {"groups": 3, "strides": (2, 1)}),
    "one sample, one pixel": ((1, 3, 3, 4), (3, 3, 4, 5), {}),
}  # fmt: skip
VOLUMES = {
    "volume": ((1, 5, 6, 5, 4), (3, 3, 2, 4, 8), {"padding": "same"}),
    "strides": ((2, 6, 5, 4, 3), (2, 3, 2, 3, 5), {"strides": (2, 1, 2)}),
    "dilation": (
        (1, 7, 6, 5, 4), (3, 2, 2, 4, 4), {"dilations": (2, 1, 2), "padding": "same"},
    ),
    "groups": ((1, 4, 4, 4, 4), (2, 2, 2, 2, 6), {"groups": 2}),
}  # fmt: skip

OUR_KERNELS = {
    "conv_forward", "conv_kernel_gradient", "conv_input_gradient", "matmul", "add_parts",
    "channel_sums",
}  # fmt: skip


def differentiated(rule, arrays, attrs, needs=(True, True, True)):
    """(output, gradients of input, kernel and bias) of arrays where they are."""
    y = rule.forward(*arrays, **attrs)
    saved = {}
    if rule.saves:
        y, kept = y
        saved = {"saved": kept}
    g = random(y.shape, np.float32, seed=9)
    g = on_device(g.astype(arrays[0].dtype)) if hasattr(y, "get") else g.astype(arrays[0].dtype)
    return y, rule.backward(g, y, *arrays, needs=needs, **saved, **attrs)


def compare(rule, shapes, attrs, dtype, tolerance):
    arrays = [random(shape, dtype, seed) for seed, shape in enumerate(shapes)]
    y, gradients = differentiated(rule, [on_device(x) for x in arrays], attrs)
    assert {name.partition("<")[0] for name in machine.launches} <= OUR_KERNELS
    rounded = random((1,), dtype).dtype
    exact = [x.astype(np.float64) for x in arrays]
    expected = rule.forward(*exact, **attrs)
    saved = {}
    if rule.saves:
        expected, kept = expected
        saved = {"saved": kept}
    g = random(expected.shape, np.float32, seed=9).astype(rounded).astype(np.float64)
    wanted = rule.backward(g, expected, *exact, needs=(True,) * 3, **saved, **attrs)
    close(y, expected, tolerance)
    for found, right in zip(gradients, wanted, strict=True):
        assert found.shape == right.shape
        assert found.dtype == rounded
        close(found, right, tolerance)


@pytest.mark.parametrize("case", IMAGES)
def test_images(gpu, case):
    shape, kernel, attrs = IMAGES[case]
    compare(conv2d, (shape, kernel, kernel[-1:]), attrs, np.float32, 1e-5)


@pytest.mark.parametrize("kind", ["tf32", "float16"])
@pytest.mark.parametrize("case", ["few channels", "vectors", "stride"])
def test_images_in_other_arithmetic(gpu, kind, case):
    shape, kernel, attrs = IMAGES[case]
    with arithmetic(kind) as (dtype, tolerance):
        compare(conv2d, (shape, kernel, kernel[-1:]), attrs, dtype, tolerance)


@pytest.mark.parametrize("case", VOLUMES)
def test_volumes(gpu, case):
    shape, kernel, attrs = VOLUMES[case]
    compare(conv3d, (shape, kernel, kernel[-1:]), attrs, np.float32, 1e-5)


@pytest.mark.parametrize(
    ("shape", "kernel", "attrs"),
    [
        ((2, 4, 5, 8), (3, 3, 4, 8), {"size": (8, 10), "strides": (2, 2), "before": (0, 1)}),
        ((1, 5, 4, 3), (2, 3, 5, 3), {"size": (9, 6), "dilations": (2, 1)}),
        ((1, 3, 3, 4), (2, 2, 4, 4), {"size": (11, 10), "strides": (4, 3)}),
    ],
)
def test_transposed(gpu, shape, kernel, attrs):
    compare(conv2d_transpose, (shape, kernel, kernel[2:3]), attrs, np.float32, 1e-5)


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("number", [0, 2])
def test_tiles_and_parts(gpu, number, parts):
    """Two groups, and the gradient of the input in phases where it is not cut into parts."""
    from edgekit.train.gpu.conv_products import (
        Axis,
        Window,
        forward,
        input_gradient,
        kernel_gradient,
    )
    from edgekit.train.gpu.tiles import CONV_TILES, Plan

    stride = 1 if parts > 1 else 2
    x, kernel, bias = random((2, 12, 10, 8), seed=1), random((3, 3, 4, 20), seed=2), random(20)
    axes = tuple(Axis(n, (n - 3) // stride + 1, 3, stride, 1, 0) for n in (12, 10))
    window = Window(axes, 2, 4, 10, 2)
    attrs = {"strides": (stride, stride), "groups": 2}
    expected, _ = conv2d.forward(*(a.astype(np.float64) for a in (x, kernel, bias)), **attrs)
    g = random(expected.shape, seed=3)
    exact = (a.astype(np.float64) for a in (g, expected, x, kernel, bias))
    wanted = conv2d.backward(*exact, needs=(True,) * 3, **attrs)
    there = on_device(x), on_device(kernel), on_device(g), on_device(bias)
    x, kernel, g, bias = there
    depth = window.taps * 4, window.pixels, window.taps * 10

    def made(depth):
        part = -(-depth // (64 * parts)) * 64
        return Plan(CONV_TILES[number], -(-depth // part), part)

    close(forward(x, kernel, window, bias, "relu6", made(depth[0])), np.clip(expected, 0, 6), 1e-5)
    gk, gb = kernel_gradient(x, g, kernel.shape, window, True, made(depth[1]))
    gx = input_gradient(
        g, kernel, window, using=made(depth[2]) if parts > 1 else made(10**6)._replace(parts=1)
    )
    for found, right in zip((gx, gk, gb), wanted, strict=True):
        close(found, right, 1e-5)


@pytest.mark.parametrize(
    "needs", [(True, False, False), (False, True, False), (False, False, True)]
)
def test_only_what_is_wanted(gpu, needs):
    shape, kernel, attrs = IMAGES["few channels"]
    arrays = [on_device(random(s, np.float32, i)) for i, s in enumerate((shape, kernel, (10,)))]
    _, gradients = differentiated(conv2d, arrays, attrs, needs)
    assert [g is not None for g in gradients] == list(needs)


def test_gradients_of_gradients_use_the_same_kernels(gpu):
    shape, kernel, _ = IMAGES["vectors"]
    x, weights = wrap(on_device(random(shape))), Variable(on_device(random(kernel, seed=1)))
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = square(conv2d(x, weights)).sum()
        slope = square(inner.gradient(y, x)).sum()
    outer.gradient(slope, weights)
    assert {"conv_forward", "conv_kernel_gradient", "conv_input_gradient"} <= {
        name.partition("<")[0] for name in gpu.launches
    }
