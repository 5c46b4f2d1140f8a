"""Files of tf.keras: `python tf_keras_peer.py FOLDER`, with tf_keras and TensorFlow.

Run by test_tf_keras.py, and by tests/golden/make_tf_keras_goldens.py for the files that are kept.
Cases that tf.keras does not know are left out; `cases.json` has the names of those that are there.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tests.oracles.architectures import ARCHITECTURES, continued, outputs_of, trained
from tests.oracles.texts import CASES as TEXTS
from tests.train.keras_cases import table
from tests.train.keras_cases.case import LayerCase, make_arrays
from tests.train.tf_keras_cases import (
    FUNCTIONS,
    GRIDS,
    OPTIMIZERS,
    ROWS,
    SUMS,
    UNKNOWN,
    network,
)


def begin() -> None:
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)


def optimizer_of(name: str):
    module = keras.optimizers.legacy if name.startswith("legacy_") else keras.optimizers
    cls, options = OPTIMIZERS[name]
    made = {
        key: getattr(keras.optimizers.schedules, value[0])(**value[1])
        if isinstance(value, tuple)
        else value
        for key, value in options.items()
    }
    return getattr(module, cls)(**made)


def write_optimizer(path: Path, name: str) -> None:
    begin()
    model = keras.Sequential([keras.Input((3,)), *network(keras.layers)])
    model.compile(optimizer_of(name), "mse")
    for _ in range(3):
        model.train_on_batch(ROWS, SUMS)
    model.save(f"{path}.h5")
    model.save(f"{path}.keras")
    for _ in range(2):
        model.train_on_batch(ROWS, SUMS)
    np.savez(f"{path}.npz", **{str(i): w for i, w in enumerate(model.get_weights())})


def write_model(path: Path, name: str) -> None:
    begin()
    model = trained(keras, name)
    model.save(f"{path}.h5")
    model.save(f"{path}.keras")
    model.save_weights(f"{path}.weights.h5")
    Path(f"{path}.json").write_text(model.to_json())
    found = {f"out/{key}": value for key, value in outputs_of(model, name).items()}
    found |= {f"after/{i}": w for i, w in enumerate(continued(model, name))}
    np.savez(f"{path}.npz", **found)


def write_layer(path: Path, name: str) -> None:
    """A model of one layer with drawn weights. Raises what tf.keras raises for unknown ones."""
    begin()
    case = LayerCase(table("LAYERS")[name][1])
    layer, inputs = case.make(keras.layers), make_arrays(name, case.inputs)
    called = case.call_arguments()
    called.pop("training", None)
    named = {key: value for key, value in called.items() if isinstance(value, np.ndarray)}
    symbolic = [keras.Input(x.shape[1:], dtype=str(x.dtype)) for x in inputs]
    more = {key: keras.Input(x.shape[1:], dtype=str(x.dtype)) for key, x in named.items()}
    y = layer(symbolic if len(symbolic) > 1 else symbolic[0], **{**called, **more})
    model = keras.Model([*symbolic, *more.values()], y)
    random = np.random.default_rng(len(name))
    drawn = [random.normal(size=w.shape).astype(np.float32) for w in layer.weights]
    is_variance = ["variance" in w.name for w in layer.weights]
    layer.set_weights([abs(w) + 0.5 if v else w for w, v in zip(drawn, is_variance, strict=True)])
    given = [*inputs, *named.values()]
    out = tf.nest.flatten(model(given if len(given) > 1 else given[0], training=False))
    arrays = {f"in/{i}": x for i, x in enumerate(given)}
    np.savez(f"{path}.npz", **arrays, **{f"out/{i}": x.numpy() for i, x in enumerate(out)})
    model.save(f"{path}.h5")
    model.save(f"{path}.keras")


def write_function(path: Path, name: str) -> None:
    begin()
    x, y = keras.Input((4, 6)), keras.Input((4, 6))
    model = keras.Model([x, y], {**FUNCTIONS, **UNKNOWN}[name](tf, x, y))
    model.save(f"{path}.h5")
    model.save(f"{path}.keras")
    np.savez(f"{path}.npz", out=model(GRIDS).numpy())


def write_text(path: Path, name: str) -> None:
    """Models on words; in .h5 files tf.keras keeps no vocabularies that were learned."""
    begin()
    model = TEXTS[name].make(keras)
    given = [tf.constant(x) for x in TEXTS[name].inputs]
    found = tf.nest.flatten(model(given if len(given) > 1 else given[0]))
    np.savez(f"{path}.npz", **{str(i): readable(x.numpy()) for i, x in enumerate(found)})
    model.save(f"{path}.keras")
    try:
        model.save(f"{path}.h5")
    except NotImplementedError:
        Path(f"{path}.h5").unlink()


def readable(x: np.ndarray) -> np.ndarray:
    return np.char.decode(x.astype(bytes), "utf-8") if x.dtype.kind == "O" else x


WRITERS = {
    "functions": (write_function, (*FUNCTIONS, *UNKNOWN)),
    "layers": (write_layer, tuple(table("LAYERS"))),
    "models": (write_model, tuple(ARCHITECTURES)),
    "optimizers": (write_optimizer, tuple(OPTIMIZERS)),
    "texts": (write_text, tuple(TEXTS)),
}


def main(folder: Path) -> None:
    cases = {}
    for kind, (write, names) in WRITERS.items():
        (folder / kind).mkdir(parents=True)
        cases[kind] = []
        for name in names:
            try:
                write(folder / kind / name, name)
            except (AttributeError, TypeError, ValueError):
                if kind != "layers":
                    raise
                continue  # Keras 2 does not know this layer, or one of its arguments
            cases[kind].append(name)
    (folder / "cases.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
