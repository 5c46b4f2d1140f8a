"""Models that are built alike here and in Keras: `make(k)` takes `keras` or `edgekit.train`.

This file is read by two Pythons and imports neither library.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["ARCHITECTURES", "data_for"]


def convolutional(k: Any) -> Any:
    layers = k.layers
    return k.Sequential(
        [
            k.Input((12, 12, 3)),
            layers.Conv2D(4, 3, padding="same", use_bias=False, kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, strides=2, padding="same"),
            layers.SeparableConv2D(5, 3, activation="tanh"),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", kernel_constraint="max_norm"),
        ]
    )


def branches(k: Any) -> Any:
    """Two inputs and outputs, a shared layer, a functional and a sequential model inside."""
    layers = k.layers
    a, b = k.Input((6,), name="a"), k.Input((6,), name="b")
    shared = layers.Dense(4, activation="relu", name="shared")
    x = k.Input((4,))
    inner = k.Model(x, [layers.Dense(3, name="p")(x), layers.Dense(3, name="q")(x)], name="inner")
    top = k.Sequential([k.Input((3,)), layers.Dense(2), layers.LayerNormalization()], name="top")
    p, q = inner(shared(a))
    r, s = inner(shared(b))
    joined = layers.Concatenate()([top(layers.Add()([p, r])), layers.Multiply()([q, s])])
    return k.Model(
        [a, b],
        [layers.Dense(1, name="size")(joined), layers.Dense(2, "softmax", name="kind")(joined)],
    )


def named_outputs(k: Any) -> Any:
    layers = k.layers
    x = k.Input((6,), name="x")
    h = layers.Dense(5, activation="gelu")(x)
    h = h * 2.0 + x[:, :5]
    return k.Model({"x": x}, {"b": layers.Dense(1)(h), "a": layers.Dense(2)(h)})


def texts(k: Any) -> Any:
    """Masks from an embedding through recurrent layers to the loss."""
    layers = k.layers
    return k.Sequential(
        [
            k.Input((7,), dtype="int32"),
            layers.Embedding(11, 5, mask_zero=True),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.GRU(3),
            layers.Dense(2, activation="softmax"),
        ]
    )


def attending(k: Any) -> Any:
    layers = k.layers
    x = k.Input((5, 6))
    h = layers.MultiHeadAttention(2, 3, name="heads")(x, x)
    h = layers.LayerNormalization()(layers.Add()([x, h]))
    h = layers.TimeDistributed(layers.Dense(4, activation="swish"))(h)
    return k.Model(x, layers.Dense(1)(layers.GlobalAveragePooling1D()(h)))


def lines(k: Any) -> Any:
    layers = k.layers
    return k.Sequential(
        [
            k.Input((16, 3)),
            layers.Conv1D(4, 3, padding="causal", activation="elu"),
            layers.MaxPooling1D(2),
            layers.Conv1DTranspose(3, 4, strides=2, padding="same"),
            layers.PReLU(shared_axes=[1]),
            layers.SimpleRNN(3),
            layers.Dense(1),
        ]
    )


# name -> the function, the loss of each output, the optimizer, the shape of each input
ARCHITECTURES: dict[str, tuple[Any, list[str], str, list[tuple[int, ...]]]] = {
    "convolutional": (convolutional, ["sparse_categorical_crossentropy"], "adam", [(12, 12, 3)]),
    "branches": (branches, ["mse", "sparse_categorical_crossentropy"], "rmsprop", [(6,), (6,)]),
    "named_outputs": (named_outputs, ["mse", "mae"], "sgd", [(6,)]),
    "texts": (texts, ["sparse_categorical_crossentropy"], "adamw", [(7,)]),
    "attending": (attending, ["mse"], "nadam", [(5, 6)]),
    "lines": (lines, ["huber"], "nadam", [(16, 3)]),
}


def data_for(name: str) -> list[np.ndarray]:
    """The same inputs on both sides."""
    rng = np.random.default_rng(len(name))
    shapes = ARCHITECTURES[name][3]
    if name == "texts":
        made = rng.integers(0, 11, (8, 7)).astype("int32")
        made[:, 5:] = 0
        made[:, 0] = 3
        return [made]
    return [rng.normal(size=(8, *shape)).astype("float32") for shape in shapes]


def targets_for(name: str) -> Any:
    rng = np.random.default_rng(1)
    made = [
        rng.integers(0, 2, 8) if "sparse" in loss else rng.normal(size=(8, 1)).astype("float32")
        for loss in ARCHITECTURES[name][1]
    ]
    if name == "named_outputs":
        return {"a": np.repeat(made[0], 2, axis=1), "b": made[1]}
    return made if len(made) > 1 else made[0]


def given_to(name: str) -> Any:
    data = data_for(name)
    return {"x": data[0]} if name == "named_outputs" else data if len(data) > 1 else data[0]


def trained(k: Any, name: str) -> Any:
    """The model compiled and trained for three steps, so that its optimizer has a state."""
    make, losses, optimizer, _ = ARCHITECTURES[name]
    model = make(k)
    loss: Any = {"a": "mse", "b": "mae"} if name == "named_outputs" else losses
    model.compile(optimizer, loss if len(loss) > 1 else loss[0])
    for _ in range(3):
        model.train_on_batch(given_to(name), targets_for(name))
    return model


def outputs_of(model: Any, name: str) -> dict[str, np.ndarray]:
    """The predictions, by key or number."""
    found = model.predict(given_to(name), verbose=0)
    if isinstance(found, dict):
        return {key: np.asarray(value) for key, value in found.items()}
    listed = found if isinstance(found, list | tuple) else [found]
    return {str(i): np.asarray(value) for i, value in enumerate(listed)}


def continued(model: Any, name: str) -> list[np.ndarray]:
    """The weights after one more step: the optimizer's state counts."""
    model.train_on_batch(given_to(name), targets_for(name))
    return [np.asarray(w) for w in model.get_weights()]
