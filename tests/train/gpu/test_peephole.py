"""Layers that run as one on the simulated GPU: what they compute, and where they stay apart."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import edgekit
from edgekit.train import Model, Sequential, backend, layers, set_random_seed
from edgekit.train.names import clear_session
from edgekit.train.ops.math import mean, square
from edgekit.train.primitive import recording
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import wrap
from edgekit.train.trace import trace
from tests.train.device import on_device, peek


def stack():
    return Sequential(
        [
            layers.Input((6, 5, 3)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.BatchNormalization(scale=False),
            layers.Activation("relu"),
            layers.BatchNormalization(center=False),
            layers.ReLU(max_value=6),
            layers.BatchNormalization(),
        ]
    )


def residual(plus):
    def build():
        x = layers.Input((6, 5, 4))
        y = layers.ReLU()(layers.BatchNormalization()(x))
        z = layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(y))
        y = layers.ReLU()(z + y if plus else layers.Add()([y, z]))
        a, b = layers.BatchNormalization()(y), layers.BatchNormalization()(y)
        return Model(x, layers.ReLU()(layers.Add()([a, b])))

    return build


def apart():
    """Nothing can be joined: outputs are used twice, or there is another activation."""
    x = layers.Input((6, 5, 4))
    a = layers.BatchNormalization()(x)
    b = layers.ReLU()(a)
    c = layers.LeakyReLU()(layers.BatchNormalization()(b))
    d = layers.ReLU(activity_regularizer="l2")(layers.BatchNormalization()(c))
    return Model(x, layers.ReLU()(layers.Multiply()([layers.BatchNormalization()(d), a])))


# network, calls of the joined primitive with an activation
NETWORKS = {
    "stack": (stack, 3),
    "residual": (residual(plus=False), 3),
    "residual by +": (residual(plus=True), 3),
    "apart": (apart, 0),
}


def step(model, x):
    """(loss, gradients by name, moving statistics) of one step of training."""
    with GradientTape() as tape:
        y = model(x, training=True)
        weights = np.cos(np.arange(y.shape[-1], dtype=np.float32))
        loss = mean(square(y * weights))
    gradients = tape.gradient(loss, model.trainable_variables)
    found = {v.path: g for v, g in zip(model.trainable_variables, gradients, strict=True)}
    return loss, found, {v.path: v for v in model.non_trainable_variables}


def built(name):
    clear_session()  # so that layers have the same names
    set_random_seed(3)
    return NETWORKS[name][0]()


def data(model):
    shape = (7, *model.input_shape[1:])
    return (np.random.default_rng(1).normal(size=shape) * 3 + 1).astype(np.float32)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_step_is_that_of_the_host(gpu, name):
    with backend.device("cpu"):
        on_host = built(name)
        expected = step(on_host, data(on_host))
    model = built(name)
    found = step(model, on_device(data(model)))
    np.testing.assert_allclose(peek(found[0].data), expected[0].numpy(), rtol=1e-5)
    for mine, wanted in zip(found[1:], expected[1:], strict=True):
        assert_close(mine.values(), wanted.values(), 2e-5)


def assert_close(found, expected, tolerance):
    """Relative to the largest of all: what comes before a normalization has a gradient of 0."""
    found, expected = [peek(v.data) for v in found], [v.numpy() for v in expected]
    limit = tolerance * max(np.abs(v).max() for v in expected)
    for mine, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=0, atol=limit)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_runs_as_one(gpu, name):
    model = built(name)
    x = wrap(on_device(data(model)))
    model(x, training=True)
    gpu.launches.clear()
    with GradientTape() as tape:
        model(x, training=True)
    joined = [r.attrs["activation"] for r in tape.records if r.primitive.name.startswith("batch")]
    assert sum(map(bool, joined)) == NETWORKS[name][1]
    kernels = Counter(launch.partition("<")[0] for launch in gpu.launches)
    norms = sum(isinstance(layer, layers.BatchNormalization) for layer in model.layers)
    assert kernels["batch_norm_of_few"] == norms == len(joined)
    assert gpu.waits == []


@pytest.mark.parametrize("name", NETWORKS)
def test_others_see_the_layers_one_by_one(gpu, name):
    """A trace, and inference."""
    with backend.device("cpu"):
        on_host = built(name)
        with recording() as expected:
            on_host(data(on_host), training=True)
    model = built(name)
    x = wrap(on_device(data(model)))
    with recording() as records:
        model(x, training=True)
    assert [r.primitive.name for r in records] == [r.primitive.name for r in expected]
    assert [r.scope for r in records] == [r.scope for r in expected]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_graph_is_that_of_the_host(gpu, tmp_path, name):
    def written(model):
        edgekit.save(trace(model), tmp_path / "model.edge")
        return (tmp_path / "model.edge").read_bytes()

    with backend.device("cpu"):
        on_host = built(name)
        expected = written(on_host)
        values = on_host.get_weights()
    model = built(name)
    model(wrap(on_device(data(model))), training=True)
    model.set_weights(values)
    assert written(model) == expected


def test_gradients_of_gradients(gpu):
    def curvature(model, x):
        with GradientTape() as outer:
            with GradientTape() as inner:
                loss = mean(square(model(x, training=True)))
            first = inner.gradient(loss, model.trainable_variables)
            total = sum(((g * g).sum() for g in first[1:]), start=(first[0] * first[0]).sum())
        return outer.gradient(total, model.trainable_variables)

    with backend.device("cpu"):
        on_host = built("stack")
        expected = curvature(on_host, wrap(data(on_host)))
    model = built("stack")
    found = curvature(model, wrap(on_device(data(model))))
    assert_close(found, expected, 1e-4)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("training", [False, True])
def test_by_moving_statistics(gpu, name, training):
    """Inference, and training with frozen normalizations: outputs and gradients of the host."""

    def run(model, x):
        random = np.random.default_rng(2)
        for v in model.variables:
            v.assign(random.uniform(0.5, 1.5, v.shape).astype(np.float32))
        for layer in model.layers:
            layer.trainable = not isinstance(layer, layers.BatchNormalization)
        with GradientTape() as tape:
            tape.watch(x)
            y = model(x, training=training)
            loss = mean(square(y))
        return [y, tape.gradient(loss, x)]

    with backend.device("cpu"):
        on_host = built(name)
        expected = run(on_host, wrap(data(on_host)))
    model = built(name)
    found = run(model, wrap(on_device(data(model))))
    for mine, wanted in zip(found, expected, strict=True):
        assert_close([mine], [wanted], 1e-5)
    kernels = Counter(launch.partition("<")[0] for launch in gpu.launches)
    norms = sum(isinstance(layer, layers.BatchNormalization) for layer in model.layers)
    assert kernels["batch_norm_given"] == norms
    assert gpu.waits == []


def test_a_frozen_layer_keeps_its_statistics(gpu):
    model = built("stack")
    for layer in model.layers:
        layer.trainable = False
    before = [peek(v.data) for v in model.variables]
    model(wrap(on_device(data(model))), training=True)
    for value, v in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(peek(v.data), value)
