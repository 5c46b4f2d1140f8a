"""Products with their activation in one kernel, and gradients that come back through it."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train import Model, Sequential, backend, layers, set_random_seed
from edgekit.train.names import clear_session
from edgekit.train.ops.activated import activated_conv2d, activated_dense
from edgekit.train.ops.math import mean, square
from edgekit.train.primitive import recording
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import wrap
from edgekit.train.trace import trace
from tests.train.device import on_device, peek

from .products import own_kernels, random

__all__ = ["own_kernels"]


@pytest.fixture(params=["float32", "float16"])
def dtype(request):
    """Words of four bytes and of two: what kernels of products close gates in."""
    return np.dtype(request.param)


def equal(found, expected):
    np.testing.assert_array_equal(peek(found), peek(expected))


@pytest.mark.parametrize("activation", ["relu", "relu6"])
@pytest.mark.parametrize("shape", [((6, 16), (16, 24)), ((5, 7), (7, 9))], ids=["even", "odd"])
def test_a_gated_gradient_of_dense_is_the_one_that_has_passed(gpu, dtype, activation, shape):
    from edgekit.train.gpu.dense import _gradients
    from edgekit.train.gpu.gates import Gate

    x, kernel = (random(s, dtype, i) for i, s in enumerate(shape))
    bias = random(shape[1][1:], dtype, 3)
    there = on_device(x), on_device(kernel * dtype.type(2)), on_device(bias)
    y = activated_dense.forward(*there, activation=activation)
    g = on_device(random(y.shape, dtype, 4))
    gate = Gate(y, activation)
    gpu.launches.clear()
    gated = _gradients(g, *there, (True,) * 3, gate)
    assert not any("activation" in name for name in gpu.launches)
    for found, expected in zip(gated, _gradients(gate.passed(g), *there, (True,) * 3), strict=True):
        equal(found, expected)


@pytest.mark.parametrize("activation", ["relu", "relu6"])
@pytest.mark.parametrize("case", ["vectors", "few channels", "groups"])
def test_a_gated_gradient_of_a_convolution_is_the_one_that_has_passed(gpu, dtype, activation, case):
    from .test_conv import IMAGES

    shape, size, attrs = IMAGES[case]
    x, kernel, bias = (random(s, dtype, i) for i, s in enumerate((shape, size, size[-1:])))
    there = on_device(x), on_device(kernel), on_device(bias)
    attrs = {**attrs, "activation": activation}
    y = activated_conv2d.forward(*there, **attrs)
    g = on_device(random(y.shape, dtype, 4))
    gpu.launches.clear()
    gated = activated_conv2d.backward(g, y, *there, needs=(True,) * 3, **attrs)
    assert not any("activation" in name for name in gpu.launches)
    passed = peek(g) * ((peek(y) > 0) & ~((peek(y) >= 6) & (activation == "relu6")))
    ones = on_device(np.ones_like(peek(y)))
    expected = activated_conv2d.backward(
        on_device(passed.astype(dtype)), ones, *there, needs=(True,) * 3, **attrs
    )
    for found, right in zip(gated, expected, strict=True):
        equal(found, right)


LAYERS = {
    "dense": (lambda: layers.Dense(5, activation="relu"), (3, 8), "activated_dense"),
    "dense relu6": (lambda: layers.Dense(5, activation="relu6"), (3, 8), "activated_dense"),
    "conv1d": (
        lambda: layers.Conv1D(4, 3, padding="causal", activation="relu"), (2, 6, 4),
        "activated_conv2d",
    ),
    "conv2d": (
        lambda: layers.Conv2D(4, 3, strides=2, activation="relu"), (2, 6, 7, 4), "activated_conv2d",
    ),
    "conv2d with the channels first": (
        lambda: layers.Conv2D(4, 3, data_format="channels_first", activation="relu"), (2, 4, 6, 7),
        "conv2d",
    ),
    "conv2d without": (lambda: layers.Conv2D(4, 3), (2, 6, 7, 4), "conv2d"),
    "dense tanh": (lambda: layers.Dense(5, activation="tanh"), (3, 8), "dense"),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYERS)
def test_layers_choose_it_while_only_tapes_listen(gpu, case):
    make, shape, name = LAYERS[case]
    layer, x = make(), wrap(on_device(random(shape)))
    with GradientTape() as tape:
        y = layer(x)
    assert name in [record.primitive.name for record in tape.records]
    with recording() as records:
        again = layer(x)
    assert not any(record.primitive.name.startswith("activated") for record in records)
    np.testing.assert_allclose(peek(y.data), peek(again.data), rtol=0, atol=1e-6)


def stack():
    return Sequential(
        [
            layers.Input((8, 8, 4)),
            layers.Conv2D(6, 3),
            layers.ReLU(),
            layers.Conv2D(5, 3),
            layers.ReLU(max_value=6),
            layers.Flatten(),
            layers.Dense(7),
            layers.Activation("relu"),
            layers.Dense(3),
            layers.Activation("tanh"),
        ]
    )


def graph():
    """One ReLU stands alone: what goes into it goes elsewhere too."""
    x = layers.Input((6, 4))
    y = layers.ReLU()(layers.Conv1D(4, 3, padding="same")(x))
    z = layers.Dense(4)(y)
    y = layers.Add()([layers.ReLU()(z), z])
    return Model(x, layers.ReLU()(layers.Dense(3)(y)))


@pytest.mark.parametrize(("build", "joined"), [(stack, 3), (graph, 2)])
def test_an_activation_behind_a_product_becomes_a_part_of_it(gpu, build, joined):
    def differentiated(x):
        clear_session()
        set_random_seed(3)
        model = build()
        with GradientTape() as tape:
            y = model(x, training=True)
            loss = mean(square(y))
        names = [record.primitive.name for record in tape.records]
        return model, y, tape.gradient(loss, model.trainable_variables), names

    x = random((2, *build().input_shape[1:]))
    model, y, gradients, names = differentiated(wrap(on_device(x)))
    assert sum(name.startswith("activated") for name in names) == joined
    with backend.device("cpu"):
        _, expected, right, names = differentiated(wrap(x))
    assert not any(name.startswith("activated") for name in names)
    np.testing.assert_allclose(peek(y.data), expected.data, rtol=0, atol=1e-5)
    for found, wanted in zip(gradients, right, strict=True):
        scale = 3e-5 * np.abs(wanted.data).max()  # 1e-5 for each product that it went through
        np.testing.assert_allclose(peek(found.data), wanted.data, rtol=0, atol=scale)
    assert not any("activated" in str(node) for node in trace(model).nodes)


def test_layers_that_keep_their_outputs_differently_stay_apart(gpu):
    model = Sequential(
        [layers.Input((6,)), layers.Dense(4, dtype="mixed_float16"), layers.ReLU(dtype="float32")]
    )
    with GradientTape() as tape:
        y = model(wrap(on_device(random((2, 6)))), training=True)
        square(y).sum()
    assert y.dtype == "float32"
    assert not any(r.primitive.name.startswith("activated") for r in tape.records)
