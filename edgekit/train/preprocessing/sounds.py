"""Sounds of .wav files: read, brought to another rate, and as data sets of folders."""

from __future__ import annotations

import wave
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.train.preprocessing.folders import datasets_of, files_of

__all__ = ["audio_dataset_from_directory", "read_wav", "resampled"]


def audio_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """Batches of sounds (float32, -1..1, (batch, samples, channels)) and labels of a folder.

    sampling_rate: sounds of another rate are resampled; None leaves them. output_sequence_length:
    sounds are cut, or filled with zeros; without it they are filled to the longest of their batch.
    The rest is as in image_dataset_from_directory.
    """
    if ragged:
        raise UnsupportedOperator(
            "audio_dataset_from_directory: ragged=True is not supported; sounds are filled with "
            "zeros, to output_sequence_length or to the longest of their batch"
        )
    for name, number in (
        ("sampling_rate", sampling_rate),
        ("output_sequence_length", output_sequence_length),
    ):
        if number is not None and (not isinstance(number, int) or number < 1):
            raise InputError(f"{name} must be a positive integer. Received: {number!r}")

    def read(path: str) -> np.ndarray:
        sound, rate = read_wav(path)
        if sampling_rate is not None and rate != sampling_rate:
            sound = resampled(sound, rate, sampling_rate)
        if output_sequence_length is None:
            return sound
        missing = max(0, output_sequence_length - len(sound))
        return np.pad(sound, ((0, missing), (0, 0)))[:output_sequence_length]

    files = files_of(directory, labels, class_names, (".wav",), follow_links, verbose)
    return datasets_of(files, label_mode, read, batch_size, shuffle, seed, validation_split, subset)


def read_wav(path: Any) -> tuple[np.ndarray, int]:
    """(samples (n, channels) float32 in -1..1, samples per second) of a file with PCM of 8 to 32
    bits. Raises InputError for another file.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            content = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise InputError(f"{path} is not a WAV file of PCM samples: {error}") from error
    content = content[: len(content) // (width * channels) * width * channels]
    if width == 1:  # the only ones without a sign
        values = np.frombuffer(content, np.uint8).astype(np.int32) - 128
    else:  # into the upper bytes of int32
        raw = np.frombuffer(content, np.uint8).reshape(-1, width)
        wide = np.zeros((len(raw), 4), np.uint8)
        wide[:, 4 - width :] = raw
        values = wide.view("<i4")[:, 0] >> (32 - 8 * width)
    scaled = values.astype(np.float64) / 2 ** (8 * width - 1)
    return scaled.astype(np.float32).reshape(-1, channels), rate


def resampled(sound: np.ndarray, rate: int, target: int) -> np.ndarray:
    """(n, channels) at another rate: the frequencies that both rates have, by Fourier's transform.

    The signal is taken for one period of an endless one.
    """
    count = len(sound)
    size = round(count * target / rate)
    if not count or not size:
        return sound[:0]
    waves = np.fft.rfft(sound.astype(np.float64), axis=0)
    kept = min(count, size) // 2 + 1
    padded = np.zeros((size // 2 + 1, sound.shape[1]), np.complex128)
    padded[:kept] = waves[:kept]
    if min(count, size) % 2 == 0 and count != size:  # its two sides were one, or become one
        padded[kept - 1] *= 0.5 if size > count else 2
        if size < count:
            padded[kept - 1] = padded[kept - 1].real
    return (np.fft.irfft(padded, size, axis=0) * (size / count)).astype(np.float32)
