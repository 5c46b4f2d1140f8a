"""Small networks and data that the tests of distribution train."""

from __future__ import annotations

import numpy as np

from edgekit.train import Input, Model, Sequential, layers, metrics, optimizers, set_random_seed

# 5 batches of 10 samples and one of 3: shares that differ, and with 4 replicas one without samples
SAMPLES, BATCH = 53, 10


def mlp(dropout=0.0):
    return Sequential(
        [
            Input((12, 12, 1)),
            layers.Flatten(),
            layers.Dense(16, activation="relu", kernel_regularizer="l2"),
            layers.Dropout(dropout),
            layers.Dense(3, activation="softmax"),
        ]
    )


def dropping():
    return mlp(dropout=0.4)


def lenet():
    return Sequential(
        [
            Input((12, 12, 1)),
            layers.Conv2D(4, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(12, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )


def resnet():
    """Smooth activations: where a unit of relu switches, a difference of a rounding grows."""
    x = start = Input((12, 12, 1))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = kept = layers.Activation("tanh")(x)
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.Activation("tanh")(layers.Add()([x, kept]))
    x = layers.GlobalAveragePooling2D()(x)
    return Model(start, layers.Dense(3, activation="softmax")(x))


def data():
    random = np.random.default_rng(4)
    y = random.integers(0, 3, SAMPLES)
    x = (
        random.normal(size=(SAMPLES, 12, 12, 1))
        + np.linspace(-1, 1, 12)[:, None] * y[:, None, None, None]
    )
    return x.astype(np.float32), y


def fit(strategy, build, epochs=9, **options):
    """Train under the strategy; returns weights, optimizer state and history, all as arrays.

    9 epochs of 6 batches are 54 steps.
    """
    set_random_seed(7)
    with strategy.scope():
        model = build()
        model.compile(
            optimizers.SGD(0.01, momentum=0.9),
            "sparse_categorical_crossentropy",
            metrics=["accuracy", metrics.MeanIoU(3, sparse_y_pred=False, name="iou")],
        )
    x, y = data()
    given = {"batch_size": BATCH, "validation_data": (x[:17], y[:17]), "verbose": 0, **options}
    history = model.fit(x, y, epochs=epochs, **given)
    found = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    found |= {f"o{i}": w for i, w in enumerate(model.optimizer.get_weights())}
    found |= {f"h_{name}": np.array(values) for name, values in history.history.items()}
    found["evaluated"] = np.array(model.evaluate(x, y, batch_size=BATCH, verbose=0))
    return found


def furthest(found, expected, but="o"):
    """The largest relative error (by the norms of the arrays) of any weight or log.

    but: the first letters of what is left out: the optimizer's slots, sums in which gradients
    cancel, have no scale of their own.
    """
    assert found.keys() == expected.keys()
    return max(
        float(np.linalg.norm(found[name] - value) / (np.linalg.norm(value) or 1.0))
        for name, value in expected.items()
        if value.size and name[0] not in but
    )
