"""Makes the files in tests/golden/keras from Keras 3 with TensorFlow underneath.

    python tests/golden/make_keras_goldens.py [family ...]

A family is a module of tests/train/keras_cases; without a name all are made. Needs
keras and tensorflow-cpu, which the tests do not. (With PyTorch underneath, Keras counts the
padding in average pooling with padding="same"; TensorFlow, and so TFLite, does not.)
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras
import numpy as np
import tensorflow as tf

from tests.golden import keras_models
from tests.golden.keras_values import TARGET, outputs_of, values
from tests.train.keras_cases import FAMILIES
from tests.train.keras_cases.case import LayerCase, make_arrays


def make_layers(family, arrays, configs):
    """Per case: inputs, weights, outputs, gradients of a weighted sum of them, and the config."""
    for written in family.LAYERS:
        case = LayerCase(written)
        layer = case.make(keras.layers)
        inputs = make_arrays(case.name, case.inputs)
        call = case.call_arguments()
        layer(inputs if len(inputs) > 1 else inputs[0], **call)
        random = np.random.default_rng(zlib.crc32(f"{case.name}/weights".encode()))
        weights = [values(random, w.shape, "variance" in w.path) for w in layer.weights]
        layer.set_weights(weights)
        found = {f"in{i}": x for i, x in enumerate(inputs)}
        found |= {f"weight{i}": w for i, w in enumerate(weights)}
        found |= layer_outputs(case, layer, inputs, call)
        arrays |= {f"{case.name}/{key}": value for key, value in found.items()}
        configs.setdefault("layers", {})[case.name] = layer.get_config()
        configs.setdefault("weight_names", {})[case.name] = [w.path for w in layer.weights]


def layer_outputs(case, layer, inputs, call):
    """What a layer gives in inference and in training, and the gradients of one of them."""
    tensors = [tf.constant(x) for x in inputs]
    given = tensors if len(tensors) > 1 else tensors[0]
    found = {f"out{suffix}": y for suffix, y in outputs_of(layer(given, **call))}
    if case.training:
        call = {**call, "training": True}
    if not case.gradients and not case.training:
        return found
    followed = [x for x in tensors if x.dtype.is_floating]
    random = np.random.default_rng(zlib.crc32(f"{case.name}/weighting".encode()))
    with tf.GradientTape() as tape:
        tape.watch(followed)
        outputs = outputs_of(layer(given, **call), as_numpy=False)
        weighting = {suffix: values(random, y.shape) for suffix, y in outputs}
        loss = tf.add_n([tf.reduce_sum(y * weighting[suffix]) for suffix, y in outputs])
    if case.training:
        found |= {f"training{suffix}": y.numpy() for suffix, y in outputs}
        found |= {f"after{i}": w for i, w in enumerate(layer.get_weights())}
    if case.gradients:
        trained = [w.value for w in layer.trainable_weights]
        by_input, by_weight = tape.gradient(
            loss, (followed, trained), unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        found |= {f"weighting{suffix}": w for suffix, w in weighting.items()}
        found |= {f"input_gradient{i}": g.numpy() for i, g in enumerate(by_input)}
        found |= {
            f"weight_gradient{i}": tf.convert_to_tensor(g).numpy() for i, g in enumerate(by_weight)
        }
    return found


def make_optimizers(family, arrays):
    """Per case: the weights after every step with the given gradients, and the learning rates."""
    random = np.random.default_rng(7)
    start = [values(random, shape) for shape in family.OPTIMIZER_SHAPES]
    gradients = [
        [values(random, shape) for shape in family.OPTIMIZER_SHAPES]
        for _ in range(family.OPTIMIZER_STEPS)
    ]
    arrays |= {f"start{i}": w for i, w in enumerate(start)}
    arrays |= {
        f"gradient{t}_{i}": g for t, step in enumerate(gradients) for i, g in enumerate(step)
    }
    for name, cls, arguments in family.OPTIMIZERS:
        make = cls if callable(cls) else getattr(keras.optimizers, cls)
        given = (keras.optimizers,) if callable(cls) else ()
        optimizer = make(*given, **arguments)
        variables = [keras.Variable(w, name=f"v{i}") for i, w in enumerate(start)]
        optimizer.build(variables)
        for t, step in enumerate(gradients):
            optimizer.apply([keras.ops.convert_to_tensor(g) for g in step], variables)
            if t in (0, family.OPTIMIZER_STEPS - 1):
                arrays[f"{name}/step{t}"] = flat(variables)
        optimizer.finalize_variable_values(variables)
        arrays[f"{name}/final"] = flat(variables)
        arrays[f"{name}/state"] = flat(optimizer.variables)
        arrays[f"{name}/sizes"] = np.array([int(np.prod(v.shape)) for v in optimizer.variables])
        arrays[f"{name}/names"] = np.array([v.name for v in optimizer.variables])


def flat(variables):
    """The values of all variables, one after the other."""
    return np.concatenate(
        [keras.ops.convert_to_numpy(v).reshape(-1).astype(np.float32) for v in variables]
    )


def make_schedules(family, arrays):
    """The learning rates of the first steps."""
    for name, cls, arguments in family.SCHEDULES:
        schedule = getattr(keras.optimizers.schedules, cls)(**arguments)
        arrays[f"schedule_{name}"] = np.array(
            [float(schedule(step)) for step in range(family.SCHEDULE_STEPS)], np.float32
        )


def targets_and_outputs():
    """Targets and outputs of every kind, for losses and metrics, and a weight per sample."""
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
    steps = values(random, (9, 4, 3))
    other = np.exp(values(random, (9, 5)))
    embeddings = values(random, (9, 6))
    shares = np.exp(steps) / np.exp(steps).sum(1, keepdims=True)
    sequences = np.array([[1, 2, 0], [1, 1, 0], [3, 0, 0]] * 3)
    data |= {
        "steps": (np.eye(4, dtype=np.float32)[random.integers(0, 4, (9, 3))].swapaxes(1, 2), steps),
        "sparse_steps": (random.integers(0, 4, (9, 3)), shares),
        "column": (values(random, (9,)), values(random, (9, 1))),
        "last_of_one": (values(random, (9, 4)), values(random, (9, 4, 1))),
        "distributions": (probabilities, other / other.sum(-1, keepdims=True)),
        "counts": (random.poisson(2.0, (9, 3)).astype(np.float32), other[:, :3]),
        "signed": (bits * 2 - 1, bit_logits),
        "sequences": (sequences, values(random, (9, 6, 4))),
        "classes": (random.integers(0, 4, (9, 2)), random.integers(0, 4, (9, 2))),
        "ids": (labels, np.argsort(random.random((9, 5)), axis=1)),
        "sigmoid_steps": (random.integers(0, 2, (9, 4, 3)), 1 / (1 + np.exp(-steps))),
        "bits": (bits[:, 0], 1 / (1 + np.exp(-bit_logits[:, :1]))),
        "embeddings": (
            random.integers(0, 3, 9),
            embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True),
        ),
    }
    return {k: (t, p.astype(np.float32)) for k, (t, p) in data.items()}, weight


def add_data(arrays):
    """Enter what losses and metrics are computed from, and return it."""
    data, weight = targets_and_outputs()
    arrays["weight"] = weight
    for kind, (y_true, y_pred) in data.items():
        arrays[f"{kind}/true"], arrays[f"{kind}/pred"] = y_true, y_pred
    return data, weight


def make_losses(family, arrays):
    """What losses give, plain and weighted."""
    data, weight = add_data(arrays)
    for name, cls, arguments, kind in family.LOSSES:
        loss = getattr(keras.losses, cls)(**arguments)
        y_true, y_pred = data[kind]
        arrays[f"loss_{name}"] = keras.ops.convert_to_numpy(loss(y_true, y_pred))
        shape = getattr(keras.losses, cls)(**arguments | {"reduction": None})(y_true, y_pred).shape
        fitting = weight
        if len(shape):  # Keras lines a weight up with the last axis, not with the samples
            fitting = weight[: shape[0]].reshape(-1, *(1 for _ in shape[1:]))
        arrays[f"loss_{name}_weight"] = fitting
        arrays[f"loss_{name}_weighted"] = keras.ops.convert_to_numpy(
            loss(y_true, y_pred, sample_weight=fitting)
        )


def make_metrics(family, arrays):
    """What metrics give after two batches, plain and weighted."""
    data, weight = add_data(arrays)
    for name, cls, arguments, kind in family.METRICS:
        y_true, y_pred = data[kind]
        for suffix, weights in (("", None), ("_weighted", weight)):
            if weights is not None and kind == "classes" and "IoU" in cls:
                weights = np.stack([weight, weight], axis=1)  # one for each element
            metric = getattr(keras.metrics, cls)(**arguments)
            for part in (slice(0, 4), slice(4, None)):
                metric.update_state(
                    y_true[part],
                    y_pred[part],
                    sample_weight=None if weights is None else weights[part],
                )
            result = keras.ops.convert_to_numpy(metric.result())
            arrays[f"metric_{name}{suffix}"] = result.astype(np.float32)


def make_weight_functions(family, arrays):
    """What constraints and regularizers make of a weight."""
    random = np.random.default_rng(13)
    for name, room, cls, arguments, shape in family.WEIGHT_FUNCTIONS:
        made = getattr(getattr(keras, room), cls)(**arguments)
        arrays[f"{name}/in"] = weight = values(random, shape)
        arrays[f"{name}/out"] = keras.ops.convert_to_numpy(
            made(keras.ops.convert_to_tensor(weight))
        )


def make_fixed_initializers(family, arrays):
    """Initial weights that are not random."""
    for name, cls, arguments, shape in family.FIXED_INITIALIZERS:
        made = getattr(keras.initializers, cls)(**arguments)
        arrays[name] = keras.ops.convert_to_numpy(made(shape))


def make_defaults(family, configs):
    """get_config() of every class with as few arguments as possible."""
    for room, classes in family.DEFAULTS.items():
        configs.setdefault("defaults", {})[room] = {
            cls: getattr(getattr(keras, room), cls)(**arguments).get_config()
            for cls, arguments in classes.items()
        }


MAKERS = {
    "OPTIMIZERS": make_optimizers,
    "SCHEDULES": make_schedules,
    "LOSSES": make_losses,
    "METRICS": make_metrics,
    "WEIGHT_FUNCTIONS": make_weight_functions,
    "FIXED_INITIALIZERS": make_fixed_initializers,
    "FITS": keras_models.make_fits,
    "MODELS": keras_models.make_models,
}


def make_family(name):
    """The .npz and the .json of one family."""
    family = FAMILIES[name]
    arrays, configs = {}, {}
    keras.utils.clear_session()
    if hasattr(family, "LAYERS"):
        make_layers(family, arrays, configs)
    for kind, make in MAKERS.items():
        if hasattr(family, kind):
            make(family, arrays)
    if hasattr(family, "DEFAULTS"):
        make_defaults(family, configs)
    if arrays:
        np.savez_compressed(TARGET / f"{name}.npz", **arrays)
    if configs:
        text = json.dumps(
            configs, sort_keys=True, indent=1, default=keras.saving.serialize_keras_object
        )
        (TARGET / f"{name}.json").write_text(text + "\n")
    print(f"{name}: {len(arrays)} arrays, {sum(map(len, configs.values()))} configs")


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    for name in sys.argv[1:] or FAMILIES:
        make_family(name)
