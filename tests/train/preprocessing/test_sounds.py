"""Sounds of .wav files, and folders of them."""

from __future__ import annotations

import wave

import numpy as np
import pytest

from edgekit import keras
from edgekit.errors import InputError, UnsupportedOperator
from edgekit.train.preprocessing.sounds import read_wav, resampled


def write(path, values, rate=8000, width=2):
    """Integers (n, channels) as a WAV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(values.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        if width == 1:
            content = (values + 128).astype(np.uint8).tobytes()
        else:
            content = b"".join(
                int(v).to_bytes(width, "little", signed=True) for v in values.ravel()
            )
        file.writeframes(content)
    return path


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_samples_lie_between_minus_one_and_one(tmp_path, width):
    most = 2 ** (8 * width - 1)
    values = np.array([[-most, most - 1], [0, -1], [most // 2, 5]], np.int64)
    sound, rate = read_wav(write(tmp_path / "a.wav", values, 16000, width))
    assert rate == 16000 and sound.dtype == np.float32
    np.testing.assert_allclose(sound, values / most, rtol=1e-7)


def test_other_files_are_refused_by_name(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF....")
    with pytest.raises(InputError, match=r"a\.wav is not a WAV file of PCM samples"):
        read_wav(tmp_path / "a.wav")


@pytest.mark.parametrize(("count", "target"), [(400, 16000), (400, 6000), (401, 4000), (399, 9000)])
def test_tones_keep_their_pitch(count, target):
    """Whole periods of a tone that both rates have, against the tone itself."""
    for turns in (3, 40):
        time = np.arange(count) / count
        sound = np.sin(2 * np.pi * turns * time + 0.3)[:, None].astype(np.float32)
        found = resampled(sound, 8000, target)
        size = round(count * target / 8000)
        expected = np.sin(2 * np.pi * turns * np.arange(size) / size + 0.3)
        assert found.dtype == np.float32 and found.shape == (size, 1)
        np.testing.assert_allclose(found[:, 0], expected, atol=1e-5)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(6):
        values = rng.integers(-2000, 2000, (50 + 10 * i, 1))
        write(tmp_path / ("no" if i % 2 else "yes") / f"{i}.wav", values)
    return tmp_path


def test_folders_of_sounds(folder):
    data = keras.utils.audio_dataset_from_directory(
        folder, batch_size=4, shuffle=False, verbose=False
    )
    assert data.class_names == ["no", "yes"] and len(data) == 2
    x, y = data[0]
    assert x.shape == (4, 100, 1) and y.tolist() == [0, 0, 0, 1]  # 60, 80, 100 and 50 samples
    assert not x[0, 60:].any() and x[0, :60].any()
    np.testing.assert_array_equal(x[0, :60], read_wav(folder / "no" / "1.wav")[0])
    fixed = keras.utils.audio_dataset_from_directory(
        folder, output_sequence_length=70, label_mode="categorical", shuffle=False, verbose=False
    )
    x, y = fixed[0]
    assert x.shape == (6, 70, 1) and y.shape == (6, 2)
    slow = keras.utils.audio_dataset_from_directory(
        folder, labels=None, batch_size=None, sampling_rate=4000, shuffle=False, verbose=False
    )
    assert slow[0].shape == (30, 1)
    both = keras.utils.audio_dataset_from_directory(
        folder, validation_split=0.34, subset="both", seed=1, verbose=False
    )
    assert [len(part.file_paths) for part in both] == [4, 2]


def test_wrong_arguments_are_refused(folder):
    for options, error, message in (
        ({"ragged": True}, UnsupportedOperator, "filled with zeros"),
        ({"sampling_rate": 1.5}, InputError, "sampling_rate must be a positive integer"),
        ({"output_sequence_length": 0}, InputError, "output_sequence_length must be a positive"),
    ):
        with pytest.raises(error, match=message):
            keras.utils.audio_dataset_from_directory(folder, verbose=False, **options)
