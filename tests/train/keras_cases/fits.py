"""Whole runs of fit, on a model of Keras or of edgekit.train: they have the same names."""


def fit_model(name, keras):
    """A model to train, made by Keras or by edgekit.train: they have the same names."""
    layers = keras.layers
    if name == "two_outputs":
        x = keras.Input((6, 6, 2))
        y = layers.Flatten()(layers.Conv2D(3, 3, activation="tanh")(x))
        kind = layers.Dense(3, activation="softmax", name="kind")(y)
        return keras.Model(x, {"kind": kind, "size": layers.Dense(1, name="size")(y)})
    return keras.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.8),
            layers.Activation("tanh"),
            layers.DepthwiseConv2D(3, strides=2),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", kernel_regularizer="l2"),
        ]
    )


def _fit_sparse(model, keras, data):
    model.compile(
        keras.optimizers.SGD(0.1, momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model.fit(
        data["x"], data["kind"], batch_size=8, epochs=3, shuffle=False, verbose=0,
        validation_split=0.25, class_weight={0: 1.0, 1: 2.5, 2: 0.5},
    )  # fmt: skip


def _fit_one_hot(model, keras, data):
    rate = keras.optimizers.schedules.ExponentialDecay(0.02, 4, 0.7)
    model.compile(
        keras.optimizers.Adam(rate, weight_decay=0.01, clipnorm=1.0),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy", "mse"],
        weighted_metrics=["mae"],
    )
    one_hot = (data["kind"][:, None] == [0, 1, 2]).astype("float32")
    return model.fit(
        data["x"], one_hot, batch_size=7, epochs=2, shuffle=False, verbose=0,
        sample_weight=data["weight"],
        validation_data=(data["x"][:9], one_hot[:9], data["weight"][:9]),
    )  # fmt: skip


def _fit_two_outputs(model, keras, data):
    # batches of one size: over TensorFlow, Keras averages the losses of single outputs without
    # regard to the size of a batch; over PyTorch, and here, it weighs them
    model.compile(
        "rmsprop",
        {"kind": "sparse_categorical_crossentropy", "size": "mse"},
        loss_weights={"kind": 0.7, "size": 0.2},
        metrics={"kind": ["accuracy"], "size": ["mae"]},
    )
    return model.fit(
        data["x"], {"kind": data["kind"], "size": data["size"]}, batch_size=10, epochs=2,
        shuffle=False, verbose=0,
    )  # fmt: skip


# name -> a run of fit on a model of Keras or of edgekit.train
FITS = {"sparse": _fit_sparse, "one_hot": _fit_one_hot, "two_outputs": _fit_two_outputs}
