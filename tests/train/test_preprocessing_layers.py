"""What the layers that prepare data learn, when they act, and that they go to a device."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit import Interpreter
from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train import Sequential, layers, set_random_seed
from edgekit.train.layers.preprocessing.geometry import rotation_matrices
from edgekit.train.saving import load_model
from edgekit.train.trace import trace

RANDOM = {
    "RandomFlip": {}, "RandomRotation": {"factor": 0.2}, "RandomZoom": {"height_factor": 0.3},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomContrast": {"factor": 0.5}, "RandomBrightness": {"factor": 0.3},
    "RandomCrop": {"height": 5, "width": 4}, "RandomHeight": {"factor": (0.2, 0.9)},
    "RandomWidth": {"factor": (0.2, 0.9)},
    "AugMix": {}, "CutMix": {}, "MixUp": {}, "RandAugment": {},
    "RandomColorDegeneration": {"factor": 0.5}, "RandomElasticTransform": {}, "RandomErasing": {},
    "RandomColorJitter": {"brightness_factor": 0.3, "hue_factor": 0.2, "saturation_factor": 0.6,
                          "contrast_factor": 0.3},
    "RandomGaussianBlur": {"factor": (0.2, 1.0)}, "RandomGrayscale": {},
    "RandomHue": {"factor": 0.5},
    "RandomInvert": {"factor": 0.5}, "RandomPerspective": {"factor": (0.2, 1.0)},
    "RandomPosterization": {"factor": (2, 7)}, "RandomSaturation": {"factor": (0.2, 0.8)},
    "RandomSharpness": {"factor": 0.9}, "RandomShear": {"x_factor": 0.3, "y_factor": 0.2},
    "Solarization": {"addition_factor": 0.3, "threshold_factor": 0.7},
}  # fmt: skip


def pictures(count=6, height=8, width=9):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (count, height, width, 3)).astype("float32")


@pytest.mark.parametrize("axis", [-1, None, (1, 2), 1])
def test_normalization_takes_mean_and_variance_of_the_data(axis):
    x = np.random.default_rng(0).normal(3, 2, (40, 5, 6)).astype("float32")
    kept = () if axis is None else (axis,) if isinstance(axis, int) else axis
    others = tuple(a for a in range(3) if a not in {k % 3 for k in kept})
    expected = (x - x.mean(axis=others, keepdims=True)) / x.std(axis=others, keepdims=True)
    whole, parts = layers.Normalization(axis=axis), layers.Normalization(axis=axis)
    whole.adapt(x)
    parts.adapt([x[:7], x[7:30], x[30:]])
    for layer in (whole, parts):
        np.testing.assert_allclose(layer(x).numpy(), expected, atol=1e-5)
    inverse = layers.Normalization(axis=axis, invert=True)
    inverse.adapt(x)
    np.testing.assert_allclose(inverse(expected.astype("float32")).numpy(), x, atol=1e-4)


def test_what_was_learnt_is_saved(tmp_path):
    x = np.random.default_rng(0).normal(3, 2, (40, 5)).astype("float32")
    normal = layers.Normalization()
    normal.adapt(x)
    model = Sequential([layers.Input((5,)), normal, layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(x).numpy(), model(x).numpy())
    assert [w.shape for w in again.layers[0].weights] == [(5,), (5,), ()]


def test_discretization_finds_bins_of_equal_frequency():
    x = np.random.default_rng(0).permutation(np.arange(1000.0))
    layer = layers.Discretization(num_bins=4)
    layer.adapt(x)
    np.testing.assert_allclose(layer.bin_boundaries, [250, 500, 750], atol=12)
    counts = np.bincount(layer(x.reshape(-1, 1)).numpy().reshape(-1))
    assert counts.min() > 230 and counts.max() < 270
    again = layers.Discretization.from_config(layer.get_config())
    assert again.bin_boundaries == layer.bin_boundaries


@pytest.mark.parametrize("name", RANDOM)
def test_random_layers_act_in_training_only_and_follow_their_seed(name):
    x = pictures()
    made = getattr(layers, name)(**RANDOM[name], seed=3)
    np.testing.assert_array_equal(made(x, training=False).numpy(), x)
    same = getattr(layers, name)(**RANDOM[name], seed=3)
    set_random_seed(5)  # which has no part in it
    first = made(x, training=True).numpy()
    assert first.shape != x.shape or not np.array_equal(first, x)
    set_random_seed(6)
    same = same(x, training=True).numpy()
    np.testing.assert_array_equal(same, first)
    drawn = [made(x, training=True).numpy() for _ in range(6)]
    assert any(d.shape != first.shape or not np.array_equal(d, first) for d in drawn)
    single = made(x[0], training=True).numpy()
    assert single.ndim == 3
    again = type(made).from_config(made.get_config())
    assert again.get_config() == made.get_config()


def test_a_model_changes_pictures_in_fit_and_not_in_predict():
    set_random_seed(1)
    seen = []

    class Spy(layers.Layer):
        def call(self, inputs):
            seen.append(inputs.numpy() if hasattr(inputs, "numpy") else None)
            return inputs

    model = Sequential(
        [
            layers.Input((8, 9, 3)),
            layers.RandomFlip(seed=1),
            Spy(),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    x = pictures() / 255
    model.predict(x, verbose=0)
    np.testing.assert_array_equal(seen[-1], x)
    model.fit(x, np.zeros(6), verbose=0, shuffle=False)
    assert not np.array_equal(seen[-1], x)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turn_is_counter_clockwise(quarters):
    x = pictures(1, 6, 6)
    layer = layers.RandomRotation((0.25 * quarters, 0.25 * quarters), "constant")
    # sine and cosine of float32 move a pixel by 1e-6
    np.testing.assert_allclose(
        layer(x, training=True).numpy()[0], np.rot90(x[0], quarters), atol=1e-2
    )
    maps = rotation_matrices([90.0 * quarters], 6, 6)
    np.testing.assert_allclose(np.abs(maps[0, [0, 1, 3, 4]]).sum(), 2, atol=1e-6)


def test_drawn_amounts_lie_in_their_ranges():
    x = pictures(200, 4, 4)
    zoom = layers.RandomZoom((-0.2, 0.1), (0.0, 0.5), seed=1).get_random_transformation(x)
    assert 0.8 <= zoom["height_zoom"].min() < 0.82 and 1.08 < zoom["height_zoom"].max() <= 1.1
    assert zoom["width_zoom"].min() >= 1.0 and 1.4 < zoom["width_zoom"].max() <= 1.5
    bright = layers.RandomBrightness(0.5, value_range=(0, 1), seed=1).get_random_transformation(x)
    assert -0.5 <= bright["rgb_delta"].min() < -0.45 and 0.45 < bright["rgb_delta"].max() <= 0.5
    contrast = layers.RandomContrast((0.1, 0.4), seed=1).get_random_transformation(x)
    assert 0.9 <= contrast["contrast_factor"].min() < 0.92
    assert 1.35 < contrast["contrast_factor"].max() <= 1.4
    flips = layers.RandomFlip(seed=1).get_random_transformation(x)["flips"]
    assert 60 < flips.sum() < 140


def test_a_model_that_prepares_its_pictures_goes_to_a_device():
    normal = layers.Normalization(mean=[0.4, 0.5, 0.6], variance=[0.04, 0.09, 0.01])
    model = Sequential(
        [
            layers.Input((20, 24, 3)),
            layers.Resizing(12, 10),
            layers.RandomFlip(),
            layers.RandomRotation(0.1),
            layers.CenterCrop(10, 8),
            layers.Rescaling(1 / 255),
            normal,
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    x = pictures(4, 20, 24)
    run = Interpreter(trace(model)).predict(x)
    # another order of float32 sums, of values of up to 30
    np.testing.assert_allclose(run, model.predict(x, verbose=0), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("make, error, message", [
    (lambda: layers.Resizing(0, 3), InputError, "height must be a positive integer"),
    (lambda: layers.Resizing(3, 3, "bilinar"), UnsupportedOperator, "Did you mean 'bilinear'"),
    (lambda: layers.Resizing(3, 3, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True), InputError,
     "not both"),
    (lambda: layers.RandomRotation(3.0), InputError, "from -1.0 to 1.0"),
    (lambda: layers.RandomFlip("sideways"), InputError, "mode"),
    (lambda: layers.RandomZoom(0.1, fill_mode="mirror"), InputError, "fill_mode"),
    (lambda: layers.Normalization(mean=1.0), InputError, "give mean and variance"),
    (lambda: layers.Normalization(axis=5)(np.ones((2, 3))), ShapeError, "axis=(5,)"),
    (lambda: layers.Resizing(3, 3)(np.ones((2, 3))), InputError, "expected pictures"),
    (lambda: layers.Discretization(num_bins=3)(np.ones((2, 1))), InputError, "call adapt"),
    (lambda: layers.Discretization(), InputError, "either bin_boundaries or num_bins"),
])  # fmt: skip
def test_wrong_arguments_are_refused(make, error, message):
    with pytest.raises(error) as found:
        make()
    assert message in str(found.value)
