"""Small TFLite files with WHILE and IF, as TensorFlow's converter writes them.

python tests/golden/make_loop_goldens.py     # with TensorFlow and Keras
"""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf

FOLDER = Path(__file__).parent / "loops"


def layer_bytes(layer: keras.Layer) -> bytes:
    """A recurrent layer that is no LSTM: it is built of parts, in a loop over the times."""
    inputs = keras.layers.Input((6, 3), batch_size=1)
    model = keras.Sequential([inputs, layer, keras.layers.Dense(2)])
    return tf.lite.TFLiteConverter.from_keras_model(model).convert()


@tf.function(input_signature=[tf.TensorSpec((2, 3), tf.float32), tf.TensorSpec((), tf.int32)])
def loop_with_choice(x, n):
    def body(i, x):
        return i + 1, tf.cond(tf.reduce_sum(x) > 4.0, lambda: x * 0.5, lambda: x + 1.0)

    return tf.while_loop(lambda i, x: i < n, body, (tf.constant(0), x))[1]


def product(x, weight):
    """What becomes a FULLY_CONNECTED."""
    return tf.matmul(x, weight, transpose_b=True)


WEIGHTS = [tf.Variable(tf.random.stateless_normal((3, 3), (4, i))) for i in range(2)]


@tf.function(input_signature=[tf.TensorSpec((2, 3), tf.float32), tf.TensorSpec((), tf.int32)])
def choice_of_weights(x, n):
    """Converters hand the weights of both branches to both."""
    first, second = WEIGHTS
    return tf.cond(n > 2, lambda: product(x, first), lambda: tf.nn.relu(product(x, second)))


def main() -> None:
    keras.utils.set_random_seed(1)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "simple_rnn.tflite").write_bytes(layer_bytes(keras.layers.SimpleRNN(5)))
    gru = keras.layers.GRU(5, return_sequences=True)
    (FOLDER / "gru.tflite").write_bytes(layer_bytes(gru))
    for function in (loop_with_choice, choice_of_weights):
        concrete = [function.get_concrete_function()]
        content = tf.lite.TFLiteConverter.from_concrete_functions(concrete).convert()
        (FOLDER / f"{function.__name__}.tflite").write_bytes(content)


if __name__ == "__main__":
    main()
