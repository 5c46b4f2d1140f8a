"""Models that Keras makes, trains and saves."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from tests.golden.keras_values import TARGET, values


def sequential():
    return keras.Sequential(
        [
            layers.Input((10, 10, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(6, 3, padding="same", use_bias=False),
            layers.ReLU(max_value=6.0),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(5, activation="softmax"),
        ],
        name="digits",
    )


def functional():
    """Two inputs, a shared layer, merges, operations, two outputs in a dict."""
    left, right = keras.Input((8, 8, 2), name="left"), keras.Input((8, 8, 2), name="right")
    shared = layers.Conv2D(3, 3, padding="same", name="shared")
    a, b = shared(left), shared(right)
    long = layers.Conv2D(3, 1)(layers.Conv2D(2, 3, padding="same")(a))
    x = layers.Concatenate()([layers.Add()([a, b]), long, left])
    x = x * 0.5 + b[..., :1]
    x = layers.SeparableConv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.ZeroPadding2D(1)(x)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = {
        "score": layers.Dense(1, activation="sigmoid", name="score")(x),
        "kind": layers.Dense(4, activation="softmax", name="kind")(x),
    }
    return keras.Model([left, right], outputs, name="two_eyes")


def nested():
    """A functional model and a Sequential inside a functional one."""
    inside = keras.Input((6, 6, 3))
    y = layers.BatchNormalization()(layers.Conv2D(4, 3)(inside))
    trunk = keras.Model(inside, layers.Activation("relu")(y), name="trunk")
    head = keras.Sequential(
        [layers.Flatten(), layers.Dense(6, activation="tanh"), layers.Dense(3)], name="head"
    )
    x = keras.Input((6, 6, 3), name="image")
    return keras.Model(x, head(trunk(x)), name="nested")


def mobile():
    """Depthwise blocks with batch norm, as in MobileNet."""
    x = inputs = keras.Input((12, 12, 3))
    for filters, strides in ((4, 2), (8, 1), (8, 2)):
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU(6.0)(x)
        x = layers.Conv2D(filters, 1, use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU(6.0)(x)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Flatten()(layers.Conv2D(3, 1)(x))
    return keras.Model(inputs, layers.Softmax()(x), name="mobile")


def make_models(family, arrays):
    """The .keras files, their inputs and what Keras predicts."""
    losses = {
        "sequential": "sparse_categorical_crossentropy",
        "functional": {"score": "binary_crossentropy", "kind": "sparse_categorical_crossentropy"},
        "nested": "mse",
        "mobile": keras.losses.SparseCategoricalCrossentropy(),
    }
    for name, make in (
        ("sequential", sequential),
        ("functional", functional),
        ("nested", nested),
        ("mobile", mobile),
    ):
        keras.utils.clear_session()
        random = np.random.default_rng(5)
        model = make()
        model.set_weights(
            [values(random, w.shape, "variance" in w.path) * 0.4 for w in model.weights]
        )
        inputs = [values(random, (3, *x.shape[1:])) for x in model.inputs]
        given = inputs if len(inputs) > 1 else inputs[0]
        metrics = {"kind": ["accuracy"]} if name == "functional" else None
        model.compile(keras.optimizers.Adam(0.01), loss=losses[name], metrics=metrics)
        targets = {
            "sequential": np.array([0, 3, 4]),
            "functional": {"score": np.ones((3, 1)), "kind": np.array([0, 1, 3])},
            "nested": np.ones((3, 3)),
            "mobile": np.array([0, 1, 2]),
        }[name]
        model.fit(given, targets, verbose=0, batch_size=3, shuffle=False)
        model.save(TARGET / f"{name}.keras")
        outputs = model.predict(given, verbose=0)
        arrays.update({f"{name}/in{i}": x for i, x in enumerate(inputs)})
        if isinstance(outputs, dict):
            arrays.update({f"{name}/out_{key}": value for key, value in outputs.items()})
        else:
            arrays[f"{name}/out"] = outputs
        arrays.update({f"{name}/weight{i:02d}": w for i, w in enumerate(model.get_weights())})
        loss = model.evaluate(given, targets, verbose=0, return_dict=True)["loss"]
        arrays[f"{name}/loss"] = np.float32(loss)
    random = np.random.default_rng(6)
    net = family.subclassed(keras)
    arrays["subclassed/in0"] = x = values(random, (3, 5))
    net(x)
    net.set_weights([values(random, w.shape) ** 2 + 0.1 for w in net.weights])
    arrays["subclassed/out"] = keras.ops.convert_to_numpy(net(x))
    net.save_weights(TARGET / "subclassed.weights.h5")


def make_fits(family, arrays):
    """Whole runs of fit from given weights: data, every epoch's metrics, the weights at the end."""
    random = np.random.default_rng(3)
    data = {
        "x": values(random, (40, 6, 6, 2)),
        "kind": random.integers(0, 3, 40).astype(np.int64),
        "size": values(random, (40, 1)),
        "weight": np.abs(values(random, (40,))),
    }
    arrays.update(data)
    for name, run in family.FITS.items():
        keras.utils.clear_session()
        model = family.fit_model(name, keras)
        model.set_weights(
            [values(random, w.shape, "variance" in w.path) * 0.4 for w in model.weights]
        )
        arrays.update({f"{name}/start{i}": w for i, w in enumerate(model.get_weights())})
        history = run(model, keras, data).history
        arrays.update({f"{name}/end{i}": w for i, w in enumerate(model.get_weights())})
        arrays.update({f"{name}/history_{key}": np.array(v) for key, v in history.items()})
