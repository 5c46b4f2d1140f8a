"""The model of quantization-aware training: its steps, its normalizations, its files."""

from __future__ import annotations

import numpy as np
import pytest

import edgekit
from edgekit.errors import InputError, QuantizationError, UnsupportedOperator
from edgekit.train import Input, Model, Sequential, backend, layers, load_model
from edgekit.train.quantization import QuantizedModel, Recipe, operators, quantize_model
from edgekit.train.tape import GradientTape

from .networks import made, trained


def rounded(x, low, high):
    """Independent of the code under test: asymmetric steps with a whole zero point."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255
    zero = np.rint(-128 - low / scale)
    return (np.clip(np.rint(x / scale) + zero, -128, 127) - zero) * scale


def rounded_columns(w):
    scale = np.abs(w).max(axis=0) / 127
    return np.rint(w / scale) * scale


def dense_and_norm() -> tuple[Sequential, np.ndarray]:
    model = Sequential(
        [Input((6,)), layers.Dense(4, use_bias=False), layers.BatchNormalization(), layers.ReLU()]
    )
    rng = np.random.default_rng(1)
    for variable in model.weights:
        variable.assign(rng.uniform(0.5, 1.5, variable.shape).astype(np.float32))
    return model, rng.normal(size=(32, 6)).astype(np.float32)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_step_of_training_by_hand(frozen):
    """In float64: the weight is rounded at the scale of the moving statistics, the batch's own
    normalize, unless they are frozen. 1e-4 of the range is float32's rounding.
    """
    model, x = dense_and_norm()
    aware = quantize_model(model)
    aware.batch_norm_frozen = frozen
    w, gamma, beta, mean, variance = (
        v.astype(np.float64) for v in (model.get_weights()[i] for i in (0, 1, 2, 3, 4))
    )
    factor = gamma / np.sqrt(variance + 1e-3)
    inputs = rounded(x.astype(np.float64), x.min(), x.max())
    y = inputs @ (rounded_columns(w * factor) / factor)
    if not frozen:
        mean, variance = y.mean(axis=0), y.var(axis=0)
    y = np.maximum((y - mean) / np.sqrt(variance + 1e-3) * gamma + beta, 0)
    expected = rounded(y, y.min(), y.max())
    found = aware(x, training=True).numpy()
    step = y.max() / 255
    assert np.abs(found - expected).max() < 1.01 * step
    assert np.mean(np.abs(found - expected) < 1e-4 * y.max()) > 0.98


def moving(model):
    return [v.numpy().copy() for v in model.non_trainable_weights if "moving" in v.name]


def test_statistics_move_until_they_are_frozen():
    aware, x, y = trained("separable", epochs=1, freeze_batch_norm_after=2)
    first = moving(aware)
    aware.fit(x, y, epochs=2, initial_epoch=1, verbose=0)
    second = moving(aware)
    assert len(first) == 6
    assert all((old != new).any() for old, new in zip(first, second, strict=True))
    aware.fit(x, y, epochs=4, initial_epoch=2, verbose=0)
    for old, new in zip(second, moving(aware), strict=True):
        np.testing.assert_array_equal(old, new)


def test_frozen_training_computes_what_inference_does():
    model, x = dense_and_norm()
    aware = quantize_model(model, calibration=x, momentum=0.0)
    aware.batch_norm_frozen = True
    first = aware(x, training=True).numpy()
    np.testing.assert_array_equal(first, aware(x, training=False).numpy())


def test_every_weight_is_trained():
    aware, x, _ = trained("separable", epochs=1)
    for frozen in (False, True):
        aware.batch_norm_frozen = frozen
        with GradientTape() as tape:
            loss = (aware(x, training=True) * x[:, 0, 0, :1]).sum()
        found = tape.gradient(loss, aware.trainable_variables)
        for variable, gradient in zip(aware.trainable_variables, found, strict=True):
            assert np.abs(gradient.numpy()).max() > 0, variable.name


def test_ranges_follow_the_batches():
    model, _, _ = made("subclassed")
    aware = quantize_model(model, momentum=0.75)
    for largest in (1.0, 2.0, 4.0):
        x = np.linspace(-largest, largest, 40, dtype=np.float32).reshape(4, 10)
        aware(x, training=True)
    low, high = aware.learned_ranges()[aware.plan.values[0]]
    assert high == pytest.approx((1.0 * 0.75 + 2.0 * 0.25) * 0.75 + 4.0 * 0.25)
    assert low == -high
    ranges = aware.ranges.numpy().copy()
    aware.predict(x * 100, verbose=0)
    np.testing.assert_array_equal(aware.ranges.numpy(), ranges)


def test_copies_leave_the_float_model_alone():
    model, x, y = made("separable")
    model.get_layer("first").trainable = False
    before = model.get_weights()
    aware = quantize_model(model)
    assert not aware.get_layer("first").trainable
    aware.compile("adam", "mse")
    aware.fit(x, y, epochs=1, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(before[0], aware.get_layer("first").get_weights()[0])


@pytest.mark.parametrize("name", ["separable", "over_time", "masked", "frames"])
def test_files(name, tmp_path):
    recipe = Recipe(arithmetic="fixedpoint")
    aware, x, y = trained(name, recipe=recipe, freeze_batch_norm_after=7, momentum=0.9)
    path = tmp_path / "aware.keras"
    aware.save(path)
    again = load_model(path)
    assert isinstance(again, QuantizedModel)
    assert (again.recipe, again.freeze_batch_norm_after, again.momentum) == (recipe, 7, 0.9)
    np.testing.assert_array_equal(again.predict(x, verbose=0), aware.predict(x, verbose=0))
    edgekit.convert(aware).save(tmp_path / "first.edge")
    edgekit.convert(again).save(tmp_path / "second.edge")
    assert (tmp_path / "first.edge").read_bytes() == (tmp_path / "second.edge").read_bytes()
    from_file = edgekit.convert(path)
    assert str(from_file.graph) == str(edgekit.convert(aware).graph)
    if name == "separable":
        return  # its dropout goes on with other random numbers
    for model in (aware, again):
        edgekit.train.set_random_seed(1)
        model.fit(x, y, epochs=1, verbose=0)
    for one, two in zip(aware.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_what_cannot_be():
    model, _, _ = made("subclassed")
    with pytest.raises(QuantizationError, match="learned no ranges yet: train it"):
        edgekit.convert(quantize_model(model))
    with pytest.warns(UserWarning, match="no ranges yet: its activations are not rounded"):
        quantize_model(model)(np.ones((2, 10), np.float32))
    with pytest.raises(QuantizationError, match="give typical inputs"):
        edgekit.convert(model)
    with pytest.raises(QuantizationError, match="did you mean 'shared'"):
        quantize_model(model, Recipe(keep_float=["sharet"]))
    with pytest.raises(InputError, match="already"):
        quantize_model(quantize_model(model))
    with pytest.raises(InputError, match="momentum"):
        quantize_model(model, momentum=1.0)


def test_layers_of_which_the_inside_is_not_learned(monkeypatch):
    """They are named, they need calibration data, and the report says which ranges come from it."""
    monkeypatch.delitem(operators.ELEMENTWISE, "Sigmoid")
    model = Sequential([Input((5,)), layers.Dense(4, "silu", name="inside"), layers.Dense(2)])
    x = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    with pytest.warns(UserWarning, match="does not round inside of these layers.*: inside; to"):
        aware = quantize_model(model, calibration=x)
    assert set(aware.plan.unlearned.values()) == {"inside"}
    with pytest.raises(QuantizationError, match="inside of these layers: inside; give calibration"):
        edgekit.convert(aware)
    report = edgekit.convert(aware, x).report
    assert "the ranges inside of these layers come from calibration: inside" in report.notes


class Fickle(layers.Layer):
    def call(self, inputs, training=None):
        return inputs if training else inputs * 2.0


def test_models_that_do_other_things_in_training():
    x = Input((4,))
    aware = quantize_model(Model(x, Fickle(name="fickle")(layers.Dense(3)(x))))
    with pytest.raises(UnsupportedOperator, match="'multiply' in layer 'fickle'"):
        aware(np.ones((2, 4), np.float32), training=True)


@pytest.mark.parametrize("name", ["pictures", "masked", "frames"])
def test_on_a_device(name, request):
    """As on the host; only the order of sums may differ."""
    aware, x, _ = trained(name)
    expected, ranges = aware.predict(x, verbose=0), aware.ranges.numpy().copy()
    request.getfixturevalue("gpu")
    # ranges are observed on the host, which no graph can do
    with pytest.warns(RuntimeWarning, match="operation by operation"):
        on_device, _, _ = trained(name)
    np.testing.assert_allclose(backend.to_numpy(on_device.ranges), ranges, rtol=0.02, atol=1e-3)
    np.testing.assert_allclose(on_device.predict(x, verbose=0), expected, atol=0.02)
