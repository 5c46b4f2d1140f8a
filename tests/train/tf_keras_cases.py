"""What files of tf.keras (Keras 2) are made of: two Pythons read this, it imports neither library.

Optimizers are (class, arguments), the older ones under "legacy_..."; an argument that is a pair
(class, arguments) is a schedule. Functions get TensorFlow and two symbolic inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["FUNCTIONS", "GRIDS", "LAYERS", "OPTIMIZERS", "ROWS", "SUMS", "TEXTS", "UNKNOWN",
           "network"]  # fmt: skip

_HALVES = ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5})
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "adadelta": ("Adadelta", {"learning_rate": 1.0}),
    "adagrad": ("Adagrad", {"learning_rate": 0.1}),
    "adam": ("Adam", {"learning_rate": 0.01}),
    "adam_amsgrad": ("Adam", {"learning_rate": 0.01, "amsgrad": True}),
    "adam_average": ("Adam", {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.9}),
    "adam_schedule": ("Adam", {"learning_rate": _HALVES}),
    "adamax": ("Adamax", {"learning_rate": 0.01}),
    "adamw": ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.01}),
    "ftrl": ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.01}),
    "lion": ("Lion", {"learning_rate": 0.01}),
    "nadam": ("Nadam", {"learning_rate": 0.01}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.01}),
    "rmsprop_centered": ("RMSprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.5}),
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "sgd_clip": ("SGD", {"learning_rate": 0.1, "momentum": 0.5, "global_clipnorm": 0.5}),
    "sgd_nesterov": ("SGD", {"learning_rate": 0.01, "momentum": 0.9, "nesterov": True}),
    "legacy_adadelta": ("Adadelta", {"learning_rate": 1.0}),
    "legacy_adagrad": ("Adagrad", {"learning_rate": 0.1}),
    "legacy_adam": ("Adam", {"learning_rate": 0.01}),
    "legacy_adam_amsgrad": ("Adam", {"learning_rate": 0.01, "amsgrad": True}),
    "legacy_adam_schedule": ("Adam", {"learning_rate": _HALVES}),
    "legacy_adamax": ("Adamax", {"learning_rate": 0.01}),
    "legacy_ftrl": ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.01}),
    "legacy_nadam": ("Nadam", {"learning_rate": 0.01}),
    "legacy_rmsprop": ("RMSprop", {"learning_rate": 0.01}),
    "legacy_rmsprop_centered": (
        "RMSprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.5}
    ),
    "legacy_sgd": ("SGD", {"learning_rate": 0.1}),
    "legacy_sgd_clip": ("SGD", {"learning_rate": 0.1, "momentum": 0.5, "clipnorm": 0.5}),
    "legacy_sgd_decay": ("SGD", {"learning_rate": 0.01, "momentum": 0.9, "decay": 0.1}),
    "legacy_sgd_nesterov": ("SGD", {"learning_rate": 0.01, "momentum": 0.9, "nesterov": True}),
}  # fmt: skip
ROWS = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
SUMS = 2 * ROWS.sum(axis=1, keepdims=True)

GRIDS = list(np.random.default_rng(1).normal(size=(2, 2, 4, 6)).astype(np.float32))
FUNCTIONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "abs": lambda tf, x, y: tf.abs(x),
    "add_constant": lambda tf, x, y: tf.sqrt(tf.square(x) + 1e-3),
    "add_all": lambda tf, x, y: tf.math.add_n([x, y, x * 2.0]),
    "clip": lambda tf, x, y: tf.clip_by_value(x, -0.5, 0.5) + y,
    "l2_normalize": lambda tf, x, y: tf.math.l2_normalize(x, axis=-1),
    "stack": lambda tf, x, y: tf.stack([x, y], 1),
    "stack_last": lambda tf, x, y: tf.stack([x, y], -1),
    "calls": lambda tf, x, y: tf.nn.relu(x - y) * 3.0 + tf.nn.relu6(y),
    "concat": lambda tf, x, y: tf.concat([x, y], axis=-1),
    "concat_rows": lambda tf, x, y: tf.concat([x, y], 1),
    "divide": lambda tf, x, y: x / 2.0,
    "divide_constant": lambda tf, x, y: 1.0 / x,
    "expand": lambda tf, x, y: tf.expand_dims(x, 1),
    "expand_last": lambda tf, x, y: tf.expand_dims(x, -1),
    "gelu": lambda tf, x, y: tf.nn.gelu(x),
    "get_column": lambda tf, x, y: x[:, 0],
    "get_new_axis": lambda tf, x, y: x[:, tf.newaxis],
    "get_steps": lambda tf, x, y: x[:, 1:, ::2],
    "leaky_relu": lambda tf, x, y: tf.nn.leaky_relu(x, alpha=0.1),
    "log_exp": lambda tf, x, y: tf.math.log(tf.exp(x)),
    "maximum": lambda tf, x, y: tf.maximum(x, y),
    "mean": lambda tf, x, y: tf.reduce_mean(x, [1, 2], keepdims=True),
    "minimum": lambda tf, x, y: tf.minimum(x, 0.5),
    "negative": lambda tf, x, y: -x,
    "power": lambda tf, x, y: x**2,
    "reshape": lambda tf, x, y: tf.reshape(x, [-1, 24]),
    "sigmoid": lambda tf, x, y: tf.sigmoid(x) * tf.math.tanh(x),
    "silu": lambda tf, x, y: tf.nn.silu(x),
    "softmax": lambda tf, x, y: tf.nn.softmax(x, axis=1),
    "squeeze": lambda tf, x, y: tf.squeeze(x[:, :1], 1),
    "subtract_constant": lambda tf, x, y: 2.0 - x,
    "sum": lambda tf, x, y: tf.reduce_sum(x, -1),
    "transpose": lambda tf, x, y: tf.transpose(x, [0, 2, 1]),
}
# functions and arguments that have no operation here, to be named in the refusal
UNKNOWN: dict[str, Callable[[Any, Any, Any], Any]] = {
    "cumsum": lambda tf, x, y: tf.cumsum(x, axis=1),
    "transpose_b": lambda tf, x, y: tf.matmul(x, y, transpose_b=True),
}

# layers of tests/train/keras_cases whose configs had more in them, or meant something else
LAYERS = (
    "activation_hard_sigmoid", "batch_norm", "bidirectional_two", "brightness", "conv_lstm",
    "depthwise", "embedding_mask_zero", "gru_hard", "gru_state", "heads_causal", "leaky_relu",
    "lstm_hard", "separable", "transposed_same", "transposed1d",
)  # fmt: skip


# models on words, of tests/oracles/texts.py, that are kept
TEXTS = ("classifier", "lookup_tf_idf", "nested", "table", "words_tf_idf")


def network(layers: Any) -> list[Any]:
    """Two layers on ROWS, for the optimizers."""
    return [layers.Dense(2, activation="tanh"), layers.Dense(1)]
