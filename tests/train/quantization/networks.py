"""Small networks, one for each way in which the converter folds, fuses, ties or fixes scales."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.train import Input, Model, Sequential, layers, set_random_seed

__all__ = ["NETWORKS", "made", "trained"]


def separable() -> Model:
    """Folded normalization, fused relu and relu6, a sum, a concatenation with what is tied."""
    x = inputs = Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="first")(x)
    x = layers.ReLU(name="first_relu")(layers.BatchNormalization(name="first_norm")(x))
    y = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    y = layers.ReLU(6.0, name="relu6")(layers.BatchNormalization(name="depthwise_norm")(y))
    y = layers.BatchNormalization(name="linear")(layers.Conv2D(8, 1, name="projected")(y))
    x = layers.Activation("relu", name="sum")(layers.Add(name="add")([x, y]))
    x = layers.Concatenate(name="both")([x, layers.MaxPooling2D(3, 1, padding="same")(x)])
    x = layers.GlobalAveragePooling2D()(layers.Dropout(0.1)(x))
    return Model(inputs, layers.Dense(5, activation="softmax", name="answer")(x))


def before_convolution() -> Model:
    """Normalizations that no convolution takes in: a product and a sum."""
    x = inputs = Input((6, 6, 3))
    x = layers.BatchNormalization(name="on_inputs")(x)
    y = layers.ReLU()(layers.BatchNormalization(name="on_x")(layers.Conv2D(6, 1)(x)))
    x = layers.Concatenate()([x, layers.Conv2D(6, 3, padding="same")(y)])
    x = layers.ReLU()(layers.BatchNormalization(name="on_both")(x))
    return Model(inputs, layers.Dense(4, name="answer")(layers.GlobalMaxPooling2D()(x)))


def over_time() -> Model:
    """Layers over one axis: images of height 1."""
    return Sequential(
        [
            Input((20, 4)),
            layers.Conv1D(8, 3, padding="causal"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.AveragePooling1D(2),
            layers.SeparableConv1D(6, 3),
            layers.Flatten(),
            layers.Dense(3, activation="sigmoid", name="answer"),
        ]
    )


def pictures() -> Model:
    """Rescaling, padding, several channels of each, an average of four."""
    return Sequential(
        [
            Input((8, 8, 3)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(4, 3, strides=2, activation="relu6"),
            layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
            layers.AveragePooling2D(2),
            layers.Conv2DTranspose(4, 3, strides=2),
            layers.LeakyReLU(),
            layers.Flatten(),
            layers.Dense(3, activation="tanh", name="answer"),
        ]
    )


def attentive() -> Model:
    x = Input((5, 8))
    y = layers.Add()([x, layers.MultiHeadAttention(2, 4, name="attention")(x, x)])
    return Model(x, layers.Dense(3, name="answer")(layers.Flatten()(y)))


def gated() -> Model:
    """Layers that are one call in training and several operators on the device."""
    x = inputs = Input((6, 6, 3))
    x = layers.Conv2D(6, 3, activation="silu")(x)
    x = layers.Conv2D(6, 1, activation="hard_sigmoid")(x)
    x = layers.LayerNormalization(name="inside")(layers.Flatten()(x))
    return Model(inputs, layers.Dense(3, name="answer")(layers.Activation("swish")(x)))


def remembering() -> Model:
    """Layers that become the integer operator, both ways and with dropout of inputs and state."""
    inner = layers.LSTM(4, return_sequences=True, dropout=0.1, name="inner")
    last = layers.LSTM(5, go_backwards=True, recurrent_dropout=0.1, name="last")
    return Sequential(
        [Input((7, 3)), layers.Bidirectional(inner), last, layers.Dense(3, name="answer")]
    )


def resetting() -> Model:
    """Layers that are written out time by time, the reset gate after the product and before it."""
    x = inputs = Input((6, 3))
    x = layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode="ave")(x)
    options = {"return_state": True, "recurrent_dropout": 0.1, "name": "state"}
    y, state = layers.GRU(4, reset_after=False, return_sequences=True, **options)(x)
    first = layers.Dense(4, activation="tanh", name="first")(state)
    y = layers.SimpleRNN(4, activation="relu", name="plain")(y, initial_state=first)
    return Model(inputs, layers.Dense(3, name="answer")(y))


def masked() -> Model:
    """Some samples end before others (`made`): what is left out is chosen in float."""
    x = inputs = Input((6, 3))
    x = layers.LSTM(4, return_sequences=True, name="lstm")(layers.Masking()(x))
    x = layers.GRU(4, name="gru", use_bias=False)(x)
    return Model(inputs, layers.Dense(3, name="answer")(x))


def cell_by_cell() -> Model:
    cells = [layers.LSTMCell(3, dropout=0.1), layers.GRUCell(3), layers.SimpleRNNCell(4)]
    return Sequential(
        [Input((5, 3)), layers.RNN(cells, name="cells"), layers.Dense(3, name="answer")]
    )


def frames() -> Model:
    """Layers on every time: each time is a call of its own on the device."""
    each = layers.TimeDistributed
    return Sequential(
        [
            Input((4, 6, 6, 2)),
            each(layers.Conv2D(4, 3, use_bias=False, name="first")),
            each(layers.BatchNormalization()),
            each(layers.ReLU()),
            each(layers.DepthwiseConv2D(3, activation="silu")),
            each(layers.Flatten()),
            each(layers.Dense(5, activation="tanh")),
            layers.LSTM(4, name="lstm"),
            layers.Dense(3, name="answer"),
        ]
    )


class Subclassed(Model):
    """A layer that is used twice, and Python's own operators."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(10, activation="relu", name="shared")
        self.answer = layers.Dense(2, name="answer")

    def call(self, inputs):
        return self.answer(self.dense(self.dense(inputs)) * 2.0 - inputs)


def subclassed() -> Model:
    model = Subclassed()
    model(np.zeros((1, 10), np.float32))
    return model


NETWORKS: dict[str, tuple[Callable[[], Model], tuple[int, ...]]] = {
    "separable": (separable, (8, 8, 3)),
    "before_convolution": (before_convolution, (6, 6, 3)),
    "over_time": (over_time, (20, 4)),
    "pictures": (pictures, (8, 8, 3)),
    "gated": (gated, (6, 6, 3)),
    "attentive": (attentive, (5, 8)),
    "subclassed": (subclassed, (10,)),
    "remembering": (remembering, (7, 3)),
    "resetting": (resetting, (6, 3)),
    "masked": (masked, (6, 3)),
    "cell_by_cell": (cell_by_cell, (5, 3)),
    "frames": (frames, (4, 6, 6, 2)),
}


def made(name: str) -> tuple[Model, np.ndarray, np.ndarray]:
    """A network with new weights, inputs for it, and targets."""
    set_random_seed(3)
    build, shape = NETWORKS[name]
    model = build()
    rng = np.random.default_rng(5)
    x = rng.normal(size=(64, *shape)).astype(np.float32)
    if name == "masked":
        x[::2, 4:] = 0
    y = rng.uniform(size=(64, model(x[:1]).shape[-1])).astype(np.float32)
    return model, x, y


def trained(name: str, epochs: int = 2, **options: Any) -> tuple[Any, np.ndarray, np.ndarray]:
    """The same after a little quantization-aware training."""
    from edgekit.train.quantization import quantize_model

    model, x, y = made(name)
    aware = quantize_model(model, **options)
    aware.compile("adam", "mse", metrics=["mae"])
    aware.fit(x, y, batch_size=16, epochs=epochs, verbose=0)
    return aware, x, y
