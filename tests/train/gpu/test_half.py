"""Policies of 16 bits on the simulated GPU: stored in 16 bits, added up in float32."""

from __future__ import annotations

import numpy as np
import pytest

import edgekit.keras as keras
from edgekit.errors import EdgekitError
from edgekit.train import GradientTape, Sequential, dtype_policies, layers, losses, optimizers
from edgekit.train.backend import asarray, device, to_numpy
from edgekit.train.optimizers import LossScaleOptimizer
from edgekit.train.primitive import recording
from edgekit.train.tensor import Variable
from tests.train.gpu import networks
from tests.train.half_model import POLICIES, half_model
from tests.train.keras_goldens import arrays, numbered

pytest.importorskip("ml_dtypes")
ROUNDING = {"mixed_bfloat16": 2.0**-8, "bfloat16": 2.0**-8, "mixed_float16": 2.0**-11}


def model_of(policy):
    model = half_model(keras, policy)
    model.set_weights(numbered(arrays("half"), f"{policy}/weight"))
    return model


@pytest.mark.parametrize("policy", POLICIES)
def test_outputs_and_gradients_are_near_those_of_keras(policy, gpu):
    golden, rounding = arrays("half"), ROUNDING[policy]
    model = model_of(policy)
    with recording() as records, GradientTape() as tape:
        outputs = model(asarray(golden["x"]), training=True)
        loss = losses.SparseCategoricalCrossentropy()(asarray(golden["y"]), outputs) * 64.0
    found = tape.gradient(loss, model.trainable_variables)
    half = policy.removeprefix("mixed_")
    products = ("conv2d", "depthwise_conv2d", "dense")
    for record in records:
        inner = "shares" not in record.scope and record.primitive.name in products
        assert not inner or {a.dtype.name for a in record.arrays} == {half}, record.place
    expected = numbered(golden, f"{policy}/gradient")
    largest = max(np.abs(g).max() for g in expected)  # some are zero but for rounding
    for g, e, v in zip(found, expected, model.trainable_variables, strict=True):
        difference = np.abs(g.numpy().astype(np.float32) / 64 - e).max()
        assert difference / largest < 8 * rounding, v.name
    inference = model(asarray(golden["x"])).numpy()
    assert np.abs(inference - golden[f"{policy}/outputs"]).max() < 2 * rounding


@pytest.mark.parametrize("policy", POLICIES)
def test_it_trains_as_on_the_host(policy, request):
    random = np.random.default_rng(1)
    x = random.normal(size=(64, 8, 8, 2)).astype(np.float32)
    y = (x.mean(axis=(1, 2))[:, 0] > 0).astype(np.int64)

    def trained(one):
        keras.utils.set_random_seed(2)
        model = half_model(keras, one)
        model.compile(
            optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )  # fmt: skip
        history = model.fit(x, y, batch_size=16, epochs=3, verbose=0, shuffle=False).history
        return model, history["loss"]

    _, expected = trained("float32")
    request.getfixturevalue("gpu")
    model, found = trained(policy)
    assert isinstance(model.optimizer, LossScaleOptimizer) == (policy == "mixed_float16")
    assert int(model.optimizer.iterations) == 12
    np.testing.assert_allclose(found, expected, rtol=20 * ROUNDING[policy])
    assert all(v.dtype == np.float32 for v in model.trainable_variables)


def test_losses_are_scaled_only_where_float16_is_mixed_in(gpu):
    def compiled(policy, **options):
        model = Sequential([layers.Input((3,)), layers.Dense(2, dtype=policy)])
        model.compile("sgd", "mse", **options)
        return model.optimizer

    assert isinstance(compiled("mixed_float16"), LossScaleOptimizer)
    assert isinstance(compiled("mixed_bfloat16"), optimizers.SGD)
    assert isinstance(compiled("float32"), optimizers.SGD)
    assert isinstance(compiled("mixed_float16", auto_scale_loss=False), optimizers.SGD)
    own = LossScaleOptimizer(optimizers.SGD())
    model = Sequential([layers.Input((3,)), layers.Dense(2, dtype="mixed_float16")])
    model.compile(own, "mse")
    assert model.optimizer is own


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_optimizers_read_gradients_of_16_bits(dtype, gpu):
    """The same as of the same numbers in float32, to the bit."""
    random = np.random.default_rng(0)
    gradients = [random.normal(size=s).astype(dtype) for s in ((40, 30), (7,))]
    found = []
    for kind in (dtype, "float32"):
        weights = [Variable(asarray(np.ones(g.shape, np.float32))) for g in gradients]
        optimizer = optimizers.Adam(0.1, global_clipnorm=1.0)
        for _ in range(3):
            optimizer.apply([asarray(g.astype(kind)) for g in gradients], weights)
        found.append([to_numpy(v) for v in weights])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_the_optimizer_keeps_weights_in_16_bits_too(policy, gpu):
    """After the first step no weight is converted, whoever changes it."""
    random = np.random.default_rng(0)
    x, y = (asarray(random.normal(size=s).astype(np.float32)) for s in ((6, 5), (6, 2)))
    options = {"dtype": policy, "kernel_constraint": "non_neg"}
    model = Sequential([layers.Input((5,)), layers.Dense(4, **options), layers.Dense(2, **options)])
    model.compile(optimizers.SGD(0.1), "mse")
    half = policy.removeprefix("mixed_")

    def kinds():
        with recording() as records:
            model.train_on_batch(x, y)
        inner = [r for r in records if r.primitive.name in ("held", "stored")]
        for record in inner:
            found = to_numpy(record.output)
            assert found.dtype.name == half
        return {record.primitive.name for record in inner}

    assert kinds() == {"stored"}
    assert kinds() == {"held"}
    for change in (
        lambda: None,
        lambda: model.layers[0].kernel.assign(np.full((5, 4), 0.3, np.float32)),
        lambda: model.set_weights([w * 0.5 for w in model.get_weights()]),
    ):
        change()
        expected = [to_numpy(v).astype(half) for v in model.trainable_variables]
        with recording() as records:
            model(x)
        found = [to_numpy(r.output) for r in records if r.primitive.name == "held"]
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)
        assert kinds() == {"held"}
    with GradientTape(persistent=True) as tape:
        loss = (model(x) * model(x)).sum()
    model.layers[0].kernel.assign(np.zeros((5, 4), np.float32))
    with pytest.raises(EdgekitError, match="changed"):
        tape.gradient(loss, model.trainable_variables)


@pytest.mark.parametrize(
    ("name", "policy"), [("resnet8", "mixed_float16"), ("dscnn", "mixed_bfloat16")]
)
def test_networks_of_the_benchmark(name, policy, gpu):
    """All steps but two from a graph, nothing waited for, and the losses near those of float32."""
    x, y = networks.samples(name, 12)

    def losses_of(one):
        dtype_policies.set_dtype_policy(one)
        try:
            model = networks.compiled(name)
        finally:
            dtype_policies.set_dtype_policy(None)
        found = model.fit(x, y, batch_size=4, epochs=2, verbose=0, shuffle=False).history["loss"]
        return model, found

    with device("cpu"):
        _, expected = losses_of("float32")
    model, found = losses_of(policy)
    assert model._gpu_loop.step("train_step").refusal is None
    assert gpu.graph_launches == 4
    assert len(gpu.waits) <= 6, gpu.waits  # at the ends of epochs, and while it is made ready
    assert int(model.optimizer.iterations) == 6
    np.testing.assert_allclose(found, expected, rtol=0.1)


def test_layers_that_do_not_compute_in_16_bits_get_float32(gpu):
    class Doubling(layers.Layer):
        def call(self, inputs):
            assert inputs.dtype == np.float32
            return inputs * 2.0

    model = Sequential(
        [layers.Input((4,)), layers.Dense(3, dtype="mixed_bfloat16"),
         Doubling(dtype="mixed_bfloat16"), layers.Dense(1, dtype="mixed_bfloat16")]
    )  # fmt: skip
    x = asarray(np.ones((2, 4), np.float32))
    with GradientTape() as tape:
        y = model(x)
        assert y.dtype.name == "bfloat16"
        total = (y * y).sum()
    assert all(g is not None for g in tape.gradient(total, model.trainable_variables))
