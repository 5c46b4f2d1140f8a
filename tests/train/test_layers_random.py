"""Layers that draw random numbers: their distribution, what falls together, their seeds."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.train import GradientTape, layers
from edgekit.train.tensor import Tensor

ONES = np.ones((64, 32, 40), np.float32)

MAKERS = {
    "dropout": lambda seed: layers.Dropout(0.3, seed=seed),
    "noise_shape": lambda seed: layers.Dropout(0.3, noise_shape=(None, 1, None), seed=seed),
    "spatial": lambda seed: layers.SpatialDropout1D(0.3, seed=seed),
    "gaussian_noise": lambda seed: layers.GaussianNoise(0.5, seed=seed),
    "gaussian_dropout": lambda seed: layers.GaussianDropout(0.3, seed=seed),
    "alpha": lambda seed: layers.AlphaDropout(0.3, seed=seed),
}


@pytest.mark.parametrize("name", MAKERS)
def test_seeds_and_inference(name: str) -> None:
    first, second = (MAKERS[name](7)(ONES, training=True).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(MAKERS[name](8)(ONES, training=True).numpy(), first)
    layer = MAKERS[name](7)
    np.testing.assert_array_equal(layer(ONES).numpy(), ONES)
    drawn = layer(ONES, training=True).numpy()
    assert not np.array_equal(layer(ONES, training=True).numpy(), drawn)  # each call draws anew
    assert drawn.dtype == np.float32


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (layers.Dropout(0.25, noise_shape=(20, 1, 30), seed=0), (20, 8, 30), (1,)),
        (layers.Dropout(0.25, noise_shape=(None, None, 1), seed=0), (20, 30, 8), (2,)),
        (layers.SpatialDropout1D(0.25, seed=0), (20, 8, 30), (1,)),
        (layers.SpatialDropout2D(0.25, seed=0), (20, 4, 5, 30), (1, 2)),
        (layers.SpatialDropout2D(0.25, "channels_first", seed=0), (20, 30, 4, 5), (2, 3)),
        (layers.SpatialDropout3D(0.25, seed=0), (20, 2, 3, 4, 30), (1, 2, 3)),
        (layers.SpatialDropout3D(0.25, "channels_first", seed=0), (20, 30, 2, 3, 4), (2, 3, 4)),
    ],
)
def test_values_fall_together(layer: layers.Layer, shape: tuple[int, ...], axes: object) -> None:
    y = layer(np.ones(shape, np.float32), training=True).numpy()
    assert (y.min(axis=axes) == y.max(axis=axes)).all()
    fell = (y.max(axis=axes) == 0).mean()
    assert abs(fell - 0.25) < 0.06  # 600 draws: three deviations are 0.053
    np.testing.assert_allclose(y[y > 0], 1 / 0.75, rtol=1e-6)


def test_gaussian_noise_is_normal() -> None:
    noise = layers.GaussianNoise(0.5, seed=1)(ONES, training=True).numpy() - 1
    assert abs(noise.mean()) < 0.01
    assert noise.std() == pytest.approx(0.5, rel=0.01)
    assert (np.abs(noise) < 0.5).mean() == pytest.approx(0.6827, abs=0.01)


def test_gaussian_dropout_multiplies() -> None:
    y = layers.GaussianDropout(0.2, seed=1)(2 * ONES, training=True).numpy()
    assert y.mean() == pytest.approx(2.0, rel=0.01)
    assert (y / 2).std() == pytest.approx(np.sqrt(0.2 / 0.8), rel=0.01)


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = np.random.default_rng(0).normal(size=ONES.shape).astype(np.float32)
    y = layers.AlphaDropout(0.3, seed=1)(x, training=True).numpy()
    assert abs(y.mean()) < 0.02
    assert y.std() == pytest.approx(1.0, rel=0.02)
    values, counts = np.unique(y, return_counts=True)  # those that fell are all equal
    assert counts.max() / y.size == pytest.approx(0.3, abs=0.01)
    assert values[counts.argmax()] < -1


def test_the_gradient_goes_where_the_values_went() -> None:
    x = Tensor(ONES)
    for make in MAKERS.values():
        layer = make(3)
        with GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        gradient = tape.gradient(y, x).numpy()
        moved = make(3)(Tensor(ONES + 1), training=True).numpy()
        # all of them are straight lines in x for the same random numbers
        np.testing.assert_allclose(moved - y.numpy(), gradient, atol=1e-5)


def test_all_fall_at_rate_one() -> None:
    assert (layers.Dropout(1.0)(ONES, training=True).numpy() == 0).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.GaussianNoise(-1), "stddev must be a number of at least 0"),
        (lambda: layers.GaussianDropout(1.0), "rate must be below 1"),
        (lambda: layers.AlphaDropout("a"), "rate must be a number from 0 to 1"),
        (lambda: layers.SpatialDropout2D(0.5, data_format="nhwc"), "`data_format` must be"),
        (
            lambda: layers.Dropout(0.5, noise_shape=(2, 2), name="d")(
                np.ones((4, 4), np.float32), training=True
            ),
            "layer 'd': noise_shape must have the input's sizes, 1 or None",
        ),
    ],
)
def test_wrong_arguments_are_refused(make: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()  # type: ignore[operator]


def test_spatial_dropout_wants_its_rank() -> None:
    with pytest.raises(ShapeError, match="expected 4 axes"):
        layers.SpatialDropout2D(0.5)(ONES)
