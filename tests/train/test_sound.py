"""Spectrograms at work: a network that tells sounds apart, from samples to int8."""

from __future__ import annotations

import numpy as np
import pytest

import edgekit
from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.interpreter import Interpreter
from edgekit.train import Sequential, layers, set_random_seed

RATE = 2000


def tones(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Half a second each of a low, a middle or a high tone in noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    hertz = np.array([150, 350, 700])[labels] * rng.uniform(0.9, 1.1, count)
    time = np.arange(RATE // 2) / RATE
    x = np.sin(2 * np.pi * hertz[:, None] * time + rng.uniform(0, 6, count)[:, None])
    return (x + rng.normal(0, 0.3, x.shape)).astype(np.float32), labels


MEL = {"fft_length": 128, "sequence_stride": 64, "sampling_rate": RATE, "num_mel_bins": 16}


FRONTS = {
    "mel": lambda: [
        layers.MelSpectrogram(**MEL, top_db=float("inf")),
        layers.Rescaling(1 / 40),
        layers.Reshape((16, 16, 1)),
    ],
    "stft": lambda: [
        layers.Reshape((RATE // 2, 1)),
        layers.STFTSpectrogram("log", 128, 64, expand_dims=True, trainable=False),
    ],
}


@pytest.mark.parametrize("kind", FRONTS)
def test_a_network_hears_from_samples_to_int8(kind: str) -> None:
    set_random_seed(0)
    model = Sequential(
        [
            layers.Input((RATE // 2,)),
            *FRONTS[kind](),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = tones(240, 1)
    model.fit(x, y, epochs=12, batch_size=16, verbose=0)
    test, truth = tones(90, 2)
    heard = model.predict(test, verbose=0).argmax(-1)
    assert (heard == truth).mean() > 0.9
    made = edgekit.convert(model, x[:60])
    device = np.asarray(Interpreter(made.graph).predict(test)).argmax(-1)
    assert (device == truth).mean() > (heard == truth).mean() - 0.05


def test_one_signal_without_a_batch() -> None:
    layer = layers.MelSpectrogram(**MEL)
    x, _ = tones(1, 3)
    np.testing.assert_array_equal(layer(x[0]).numpy(), layer(x).numpy()[0])
    assert layer(x[0]).shape == layer.compute_output_shape(x[0].shape)


def test_a_tone_is_where_it_belongs() -> None:
    """The kernels in float32 against numpy's transform in float64."""
    x, _ = tones(2, 4)
    layer = layers.MelSpectrogram(**MEL, power_to_db=False)
    padded = np.pad(x.astype(np.float64), ((0, 0), (64, 64)), mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, 128, axis=1)[:, ::64]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(128) / 128)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    weights = layer.linear_to_mel_weight_matrix(16, 65, RATE, 20.0, RATE // 2, "float64")
    expected = (power @ weights).swapaxes(1, 2)
    # float32 sums of 128 products, and of 65
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=2e-5, atol=1e-3)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: layers.STFTSpectrogram("loud"), InputError, "mode"),
        (lambda: layers.STFTSpectrogram(frame_step=300), InputError, "from 1 to frame_length=256"),
        (lambda: layers.STFTSpectrogram(fft_length=9), InputError, "at least frame_length=256"),
        (lambda: layers.STFTSpectrogram(window="han"), UnsupportedOperator, "mean 'hann'"),
        (lambda: layers.STFTSpectrogram(scaling="power"), InputError, "scaling must be"),
        (lambda: layers.MelSpectrogram(64, sequence_length=65), InputError, "sequence_length=65"),
        (lambda: layers.MelSpectrogram(window="han"), UnsupportedOperator, "mean 'hann'"),
        (
            lambda: layers.MelSpectrogram(64, sequence_length=4, window=[1, 2])(np.ones(70)),
            InputError,
            r"must have the shape \(4,\). Received: \(2,\)",
        ),
        (lambda: layers.MelSpectrogram(64)(np.ones((1, 30))), ShapeError, "more than fft_length"),
    ],
)
def test_wrong_arguments_are_refused(make, error, message) -> None:
    with pytest.raises(error, match=message):
        make()
