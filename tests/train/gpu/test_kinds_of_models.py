"""Models as tutorials write them, fitted on the simulated GPU: captured, and as on the host."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train import Model, Sequential, backend, layers, set_random_seed
from edgekit.train.names import clear_session

BATCH, STEPS, EPOCHS = 6, 4, 2


def words():
    return Sequential(
        [
            layers.Embedding(40, 8, mask_zero=True),
            layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
            layers.GRU(5),
            layers.Dense(3, activation="softmax"),
        ]
    )


def bag_of_words():
    return Sequential(
        [
            layers.Embedding(40, 8),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def attention():
    x = layers.Input((9, 8))
    y = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    z = layers.Dense(8)(layers.Dense(16, activation="gelu")(y))
    z = layers.LayerNormalization()(layers.Add()([y, z]))
    return Model(x, layers.Dense(3)(layers.GlobalMaxPooling1D()(z)))


def pictures():
    return Sequential(
        [
            layers.Rescaling(2.0, -1.0),
            layers.Conv2D(6, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.SeparableConv2D(8, 3, activation="swish"),
            layers.GroupNormalization(4),
            layers.AveragePooling2D(2, padding="same"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )


def inverted():
    """MobileNetV2's block."""
    x = layers.Input((8, 8, 4))
    y = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(x)))
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(4, 1, use_bias=False)(y))
    return Model(x, layers.Dense(3)(layers.GlobalAveragePooling2D()(layers.Add()([x, y]))))


def coder():
    return Sequential(
        [
            layers.Conv2D(6, 3, strides=2, padding="same", activation="elu"),
            layers.UpSampling2D(2, interpolation="bilinear"),
            layers.Conv2DTranspose(4, 3, padding="same", activation="leaky_relu"),
            layers.Conv2D(4, 3, padding="same", activation="sigmoid"),
        ]
    )


def data(kind):
    random = np.random.default_rng(4)
    count = BATCH * STEPS
    if kind == "words":
        x = random.integers(1, 40, (count, 9))
        x[::2, 6:] = 0
    elif kind == "steps":
        x = random.normal(size=(count, 9, 8)).astype(np.float32)
    else:
        x = random.uniform(size=(count, 8, 8, 4)).astype(np.float32)
    return x, x if kind == "itself" else random.integers(0, 3, count)


# model, kind of data, loss
MODELS = {
    "words": (words, "words", "sparse_categorical_crossentropy"),
    "bag of words": (bag_of_words, "words", "sparse_categorical_crossentropy"),
    "attention": (attention, "steps", "logits"),
    "pictures": (pictures, "pictures", "logits"),
    "inverted": (inverted, "pictures", "logits"),
    "coder": (coder, "itself", "binary_crossentropy"),
}


def fitted(name, optimizer="sgd", **options):
    from edgekit.train.losses import SparseCategoricalCrossentropy

    build, kind, loss = MODELS[name]
    clear_session()
    set_random_seed(1)
    model = build()
    loss = SparseCategoricalCrossentropy(from_logits=True) if loss == "logits" else loss
    model.compile(optimizer, loss, **options)
    x, y = data(kind)
    history = model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0).history
    return model, history, model.evaluate(x, y, batch_size=BATCH, verbose=0, return_dict=True)


@pytest.mark.parametrize("name", MODELS)
def test_fitted_as_on_the_host(gpu, name):
    model, history, numbers = fitted(name, metrics=["accuracy"])
    assert model._gpu_loop.step("train_step").refusal is None
    assert gpu.graph_launches > 0
    with backend.device("cpu"):
        host, expected, right = fitted(name, metrics=["accuracy"])
    # float32 in another order, over eight steps that build on each other
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-4)
    assert numbers == pytest.approx(right, rel=1e-4)
    for mine, wanted in zip(model.get_weights(), host.get_weights(), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=0, atol=1e-4 * max(np.abs(wanted).max(), 0.1))


def test_random_layers_learn(gpu):
    """Dropout and random pictures: captured, repeatable by the seed, and the loss falls."""

    def run():
        clear_session()
        set_random_seed(5)
        model = Sequential(
            [
                layers.RandomFlip("horizontal"),
                layers.RandomRotation(0.05),
                layers.GaussianNoise(0.05),
                layers.Conv2D(8, 3, activation="relu"),
                layers.SpatialDropout2D(0.2),
                layers.Flatten(),
                layers.Dropout(0.3),
                layers.Dense(3),
            ]
        )
        from edgekit.train.losses import SparseCategoricalCrossentropy

        model.compile("adam", SparseCategoricalCrossentropy(from_logits=True))
        x, y = data("pictures")
        x[..., 0] += y[:, None, None]
        history = model.fit(x, y, batch_size=BATCH, epochs=6, verbose=0).history
        assert model._gpu_loop.step("train_step").refusal is None
        return history["loss"]

    first = run()
    assert first == run()
    assert first[-1] < 0.9 * first[0]
