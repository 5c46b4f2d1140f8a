"""Small TFLite files with Fourier transforms, as TensorFlow's converter writes them.

python tests/golden/make_spectrum_goldens.py     # with TensorFlow
"""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

FOLDER = Path(__file__).parent / "spectra"


def frames(x: tf.Tensor) -> tf.Tensor:
    return tf.signal.stft(x, frame_length=60, frame_step=16, fft_length=64)


@tf.function(input_signature=[tf.TensorSpec((None, 400), tf.float32)])
def mel(x):
    """What networks of sounds begin with; the number of frames is computed from the shape."""
    weights = tf.signal.linear_to_mel_weight_matrix(8, 33, 8000)
    return tf.math.log(tf.matmul(tf.abs(frames(x)), weights) + 1e-3)


@tf.function(input_signature=[tf.TensorSpec((2, 400), tf.float32)])
def parts(x):
    spectrum = frames(x)
    turned = tf.reshape(spectrum, (1, -1, 66))
    return tf.math.real(spectrum), tf.math.imag(turned), tf.cast(spectrum, tf.float32)


@tf.function(input_signature=[tf.TensorSpec((2, 3, 8, 10), tf.float32)])
def planes(x):
    """Over rows and columns, cut to 4 rows, filled up to 16 columns."""
    return tf.abs(tf.signal.rfft2d(x, (4, 16)))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for function in (mel, parts, planes):
        concrete = [function.get_concrete_function()]
        content = tf.lite.TFLiteConverter.from_concrete_functions(concrete).convert()
        (FOLDER / f"{function.__name__}.tflite").write_bytes(content)


if __name__ == "__main__":
    main()
