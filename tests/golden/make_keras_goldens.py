"""Makes the files in tests/golden/keras from Keras 3 with TensorFlow underneath.

    python tests/golden/make_keras_goldens.py

needs keras and tensorflow-cpu, which the tests do not. (With PyTorch underneath, Keras counts the
padding in average pooling with padding="same"; TensorFlow, and so TFLite, does not.)
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).resolve().parent
TARGET = HERE / "keras"


def _load_cases():
    spec = importlib.util.spec_from_file_location(
        "keras_cases", HERE.parent / "train" / "keras_cases.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = _load_cases()


def values(random, shape, positive=False):
    """Normal float32 values, or positive ones."""
    drawn = random.normal(size=shape).astype(np.float32)
    return np.abs(drawn) + 0.5 if positive else drawn


def make_layers():
    """Per case: inputs, weights, the inference output, and for batch norm the training output."""
    arrays, configs = {}, {}
    for number, (name, cls, arguments, shapes) in enumerate(CASES.LAYERS):
        random = np.random.default_rng(number)
        layer = getattr(layers, cls)(**arguments)
        inputs = [values(random, shape) for shape in shapes]
        given = inputs if len(inputs) > 1 else inputs[0]
        layer(given)
        weights = [values(random, w.shape, "variance" in w.path) for w in layer.weights]
        layer.set_weights(weights)
        arrays.update({f"{name}/in{i}": x for i, x in enumerate(inputs)})
        arrays.update({f"{name}/weight{i}": w for i, w in enumerate(weights)})
        arrays[f"{name}/out"] = keras.ops.convert_to_numpy(layer(given))
        if cls == "BatchNormalization":
            arrays[f"{name}/training"] = keras.ops.convert_to_numpy(layer(given, training=True))
            for i, w in enumerate(layer.get_weights()):
                arrays[f"{name}/after{i}"] = w
        configs[name] = layer.get_config()
    np.savez_compressed(TARGET / "layers.npz", **arrays)
    write_json("layer_configs.json", configs)


def make_optimizers():
    """Per case: the weights after every step with the given gradients, and the learning rates."""
    arrays = {}
    random = np.random.default_rng(7)
    start = [values(random, shape) for shape in CASES.OPTIMIZER_SHAPES]
    gradients = [
        [values(random, shape) for shape in CASES.OPTIMIZER_SHAPES]
        for _ in range(CASES.OPTIMIZER_STEPS)
    ]
    arrays.update({f"start{i}": w for i, w in enumerate(start)})
    arrays.update(
        {f"gradient{t}_{i}": g for t, step in enumerate(gradients) for i, g in enumerate(step)}
    )
    for name, cls, arguments in CASES.OPTIMIZERS:
        optimizer = getattr(keras.optimizers, cls)(**arguments)
        variables = [keras.Variable(w) for w in start]
        optimizer.build(variables)
        for t, step in enumerate(gradients):
            optimizer.apply([keras.ops.convert_to_tensor(g) for g in step], variables)
            if t in (0, CASES.OPTIMIZER_STEPS - 1):
                for i, v in enumerate(variables):
                    arrays[f"{name}/step{t}_{i}"] = keras.ops.convert_to_numpy(v)
        arrays[f"{name}/state"] = np.array(
            [int(np.prod(v.shape)) for v in optimizer.variables], np.int64
        )
    for name, cls, arguments in CASES.SCHEDULES:
        schedule = getattr(keras.optimizers.schedules, cls)(**arguments)
        arrays[f"schedule_{name}"] = np.array(
            [float(schedule(step)) for step in range(CASES.SCHEDULE_STEPS)], np.float32
        )
    np.savez_compressed(TARGET / "optimizers.npz", **arrays)


def make_losses_and_metrics():
    """Targets and outputs of every kind, and what losses and metrics give for them."""
    random = np.random.default_rng(11)
    logits = values(random, (9, 5))
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    labels = random.integers(0, 5, 9).astype(np.int64)
    one_hot = np.eye(5, dtype=np.float32)[labels]
    bits = random.integers(0, 2, (9, 3)).astype(np.float32)
    bit_logits = values(random, (9, 3))
    data = {
        "real": (values(random, (9, 3)), values(random, (9, 3))),
        "binary": (bits, 1 / (1 + np.exp(-bit_logits))),
        "binary_logits": (bits, bit_logits),
        "one_hot": (one_hot, probabilities),
        "one_hot_logits": (one_hot, logits),
        "sparse": (labels, probabilities),
        "sparse_logits": (labels, logits),
    }
    weight = np.abs(values(random, (9,)))
    arrays = {"weight": weight}
    for kind, (y_true, y_pred) in data.items():
        arrays[f"{kind}/true"], arrays[f"{kind}/pred"] = y_true, y_pred.astype(np.float32)
    for name, cls, arguments, kind in CASES.LOSSES:
        loss = getattr(keras.losses, cls)(**arguments)
        y_true, y_pred = data[kind][0], data[kind][1].astype(np.float32)
        arrays[f"loss_{name}"] = keras.ops.convert_to_numpy(loss(y_true, y_pred))
        arrays[f"loss_{name}_weighted"] = keras.ops.convert_to_numpy(
            loss(y_true, y_pred, sample_weight=weight)
        )
    for name, cls, arguments, kind in CASES.METRICS:
        y_true, y_pred = data[kind][0], data[kind][1].astype(np.float32)
        for suffix, weights in (("", None), ("_weighted", weight)):
            metric = getattr(keras.metrics, cls)(**arguments)
            metric.update_state(
                y_true[:4], y_pred[:4], sample_weight=None if weights is None else weights[:4]
            )
            metric.update_state(
                y_true[4:], y_pred[4:], sample_weight=None if weights is None else weights[4:]
            )
            arrays[f"metric_{name}{suffix}"] = np.float32(float(metric.result()))
    np.savez_compressed(TARGET / "losses_metrics.npz", **arrays)


def make_defaults():
    """get_config() of every class with as few arguments as possible."""
    found = {
        room: {
            cls: getattr(getattr(keras, room), cls)(**arguments).get_config()
            for cls, arguments in classes.items()
        }
        for room, classes in CASES.DEFAULTS.items()
    }
    write_json("defaults.json", found)


def write_json(name, content):
    """Sorted keys, so that two runs give the same file."""
    text = json.dumps(
        content, sort_keys=True, indent=1, default=keras.saving.serialize_keras_object
    )
    (TARGET / name).write_text(text + "\n")


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


def make_models():
    """The .keras files, their inputs and what Keras predicts."""
    arrays = {}
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
    net = CASES.subclassed(keras)
    arrays["subclassed/in0"] = x = values(random, (3, 5))
    net(x)
    net.set_weights([values(random, w.shape) ** 2 + 0.1 for w in net.weights])
    arrays["subclassed/out"] = keras.ops.convert_to_numpy(net(x))
    net.save_weights(TARGET / "subclassed.weights.h5")
    np.savez_compressed(TARGET / "models.npz", **arrays)


def make_fits():
    """Whole runs of fit from given weights: data, every epoch's metrics, the weights at the end."""
    arrays = {}
    random = np.random.default_rng(3)
    data = {
        "x": values(random, (40, 6, 6, 2)),
        "kind": random.integers(0, 3, 40).astype(np.int64),
        "size": values(random, (40, 1)),
        "weight": np.abs(values(random, (40,))),
    }
    arrays.update(data)
    for name, run in CASES.FITS.items():
        keras.utils.clear_session()
        model = CASES.fit_model(name, keras)
        model.set_weights(
            [values(random, w.shape, "variance" in w.path) * 0.4 for w in model.weights]
        )
        arrays.update({f"{name}/start{i}": w for i, w in enumerate(model.get_weights())})
        history = run(model, keras, data).history
        arrays.update({f"{name}/end{i}": w for i, w in enumerate(model.get_weights())})
        arrays.update({f"{name}/history_{key}": np.array(v) for key, v in history.items()})
    np.savez_compressed(TARGET / "fits.npz", **arrays)


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    make_layers()
    make_optimizers()
    make_losses_and_metrics()
    make_defaults()
    make_models()
    make_fits()
