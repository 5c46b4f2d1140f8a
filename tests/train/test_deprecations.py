"""Every old spelling of the tables: it works, with one warning that names today's."""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings

import numpy as np
import pytest

from edgekit import keras
from edgekit.errors import InputError, UnsupportedOperator
from edgekit.train import (
    GradientTape,
    Input,
    Model,
    Sequential,
    callbacks,
    layers,
    optimizers,
    set_random_seed,
)
from edgekit.train.deprecated_names import MOVED, NAMES, REMOVED
from edgekit.train.deprecation_table import ARGUMENTS, ATTRIBUTES, METHODS

# what a class cannot be made without, beside the old argument
NEEDED = {
    "Dense": {"units": 2}, "Conv1D": {"filters": 2, "kernel_size": 2},
    "Conv2D": {"filters": 2, "kernel_size": 3}, "Conv2DTranspose": {"filters": 2, "kernel_size": 3},
    "SeparableConv2D": {"filters": 2, "kernel_size": 3}, "DepthwiseConv2D": {"kernel_size": 3},
    "Dropout": {"rate": 0.1}, "GaussianDropout": {"rate": 0.1}, "GaussianNoise": {"stddev": 0.2},
    "SpatialDropout1D": {"rate": 0.1}, "SpatialDropout2D": {"rate": 0.1},
    "SpatialDropout3D": {"rate": 0.1},
    "MaxPooling1D": {}, "AveragePooling1D": {}, "MaxPooling2D": {},
    "AveragePooling2D": {"pool_size": 2}, "Embedding": {"input_dim": 3, "output_dim": 2},
    "SimpleRNN": {"units": 2}, "GRU": {"units": 2}, "LSTM": {"units": 2},
    "ModelCheckpoint": {"filepath": "x.keras"}, "ReduceLROnPlateau": {}, "TensorBoard": {},
    "InputLayer": {},
}  # fmt: skip
CLASSES = [
    (owner, old) for owner, table in ARGUMENTS.items() if owner[0].isupper() and "." not in owner
    for old in table if owner != "Model"
]  # fmt: skip


def class_of(name):
    found = next(
        (getattr(room, name) for room in (layers, optimizers, callbacks) if hasattr(room, name)),
        None,
    )
    assert found is not None, f"{name} of the table is nowhere"
    return found


def warned(function):
    """(what a function returns, the only warning that it gave)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function()
    assert [w.category for w in caught] == [DeprecationWarning], [str(w.message) for w in caught]
    assert caught[0].filename == __file__, "the warning must point at the user's line"
    return result, str(caught[0].message)


@pytest.mark.parametrize("owner, old", CLASSES)
def test_old_arguments_of_classes(owner, old):
    entry = ARGUMENTS[owner][old]
    needed = dict(NEEDED.get(owner, {}))
    value = entry.only[0] if entry.only else entry.example
    if old in ("nb_row", "nb_col"):
        needed.pop("kernel_size")
    if entry.new:
        needed.pop(entry.new, None)
    if old == "input_length" and owner != "Embedding":
        needed["input_dim"] = 4
    made, message = warned(lambda: class_of(owner)(**needed, **{old: value}))
    assert owner in message and f"{old}=" in message
    assert entry.dropped or entry.today in message
    if entry.new and entry.replace is None and old != "lr":
        today = class_of(owner)(**needed, **{entry.new: value})
        assert config_of(made) == config_of(today)


def config_of(thing):
    config = thing.get_config() if hasattr(thing, "get_config") else vars(thing)
    return {k: str(v) for k, v in config.items() if k != "name"}


def test_no_old_argument_is_a_name_of_today():
    for owner, table in ARGUMENTS.items():
        if not owner[0].isupper() or "." in owner:
            continue
        cls = keras.Model if owner == "Model" else class_of(owner)
        known = inspect.signature(cls).parameters
        for old, entry in table.items():
            assert old not in known or entry.only, f"{owner}({old}=) is today's spelling"
            takes_any = any(p.kind is p.VAR_KEYWORD for p in known.values())
            assert not entry.new or entry.new in known or takes_any, f"{owner}({entry.new}=)"


def test_decay_divides_the_rate_by_the_steps():
    made, message = warned(lambda: optimizers.SGD(lr=0.1, decay=0.5))
    assert "InverseTimeDecay" in message and "lr= is learning_rate=" in message
    assert float(made.learning_rate) == pytest.approx(0.1)
    made.iterations.assign(np.int64(2))
    assert float(made.learning_rate) == pytest.approx(0.1 / (1 + 0.5 * 2))


def trained():
    model = Sequential([layers.Dense(3, "softmax", input_shape=(4,))])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def batches():
    rng = np.random.default_rng(0)
    while True:
        yield rng.normal(size=(4, 4)).astype("float32"), rng.integers(0, 3, 4)


METHOD_CALLS = {
    "fit_generator": lambda m: m.fit_generator(batches(), 7 / 4, epochs=1, verbose=0, workers=2),
    "evaluate_generator": lambda m: m.evaluate_generator(batches(), 2, verbose=0),
    "predict_generator": lambda m: m.predict_generator(iter([np.ones((2, 4), "float32")]), 1),
    "predict_classes": lambda m: m.predict_classes(np.ones((2, 4), "float32"), verbose=0),
    "predict_proba": lambda m: m.predict_proba(np.ones((2, 4), "float32"), verbose=0),
}


@pytest.mark.parametrize("name", METHODS["Model"])
def test_old_methods_of_models(name):
    model = trained()
    made, message = warned(lambda: METHOD_CALLS[name](model))
    assert METHODS["Model"][name].today in message
    if name == "predict_classes":
        expected = model.predict(np.ones((2, 4), "float32"), verbose=0).argmax(axis=-1)
        np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize("name", [n for n in ARGUMENTS if n.startswith("Model.")])
def test_old_arguments_of_methods(name):
    method = name.partition(".")[2]
    x, y = np.ones((4, 4), "float32"), np.zeros(4)
    given = {"fit": (x, y), "evaluate": (x, y), "predict": (x,), "compile": ("sgd", "mse")}[method]
    for old, entry in ARGUMENTS[name].items():
        model = trained()
        value = entry.only[0] if entry.only else (1 if entry.example is None else entry.example)
        quiet = {} if method == "compile" else {"verbose": 0}
        call = getattr(model, method)
        _, message = warned(lambda: call(*given, **{old: value}, **quiet))  # noqa: B023
        assert f"{old}=" in message


def test_metrics_as_the_third_argument_of_compile():
    """As Keras 2 had it: compile(optimizer, loss, metrics, loss_weights)."""
    model = trained()
    _, message = warned(lambda: model.compile("sgd", "mse", ["mae"], [2.0]))
    assert "metrics=" in message
    x, y = np.ones((2, 4), "float32"), np.zeros((2, 3), "float32")
    logs = model.evaluate(x, y, verbose=0, return_dict=True)
    expected = np.mean(model.predict(x, verbose=0) ** 2)
    assert logs.keys() == {"loss", "mae"}
    assert logs["loss"] == pytest.approx(2 * expected, rel=1e-6)


def test_metrics_for_all_outputs():
    """As Keras 2 had it: one list of names for every output."""
    x = keras.Input((4,))
    model = keras.Model(x, [layers.Dense(1, name=name)(x) for name in "abc"])
    model.compile("sgd", "mse", metrics=["mae"])
    data, y = np.ones((2, 4), "float32"), np.zeros((2, 1), "float32")
    logs, message = warned(lambda: model.evaluate(data, [y, y, y], verbose=0, return_dict=True))
    assert "metrics=['mae'] for several outputs" in message
    for name, made in zip("abc", model.predict(data, verbose=0), strict=True):
        assert logs[f"{name}_mae"] == pytest.approx(np.abs(made).mean(), rel=1e-6)


@pytest.mark.parametrize("taped", [False, True])
def test_minimize(taped):
    v, optimizer = keras.Variable(2.0), optimizers.SGD(0.1)
    if taped:
        with keras.GradientTape() as tape:
            loss = v * v
        _, message = warned(lambda: optimizer.minimize(loss, [v], tape=tape))
    else:
        _, message = warned(lambda: optimizer.minimize(lambda: v * v, [v]))
    assert "apply_gradients" in message
    assert float(v) == pytest.approx(2 - 0.1 * 4)


def test_minimize_needs_to_know_where_the_loss_comes_from():
    v = keras.Variable(2.0)
    with pytest.warns(DeprecationWarning), pytest.raises(InputError, match="function"):
        optimizers.SGD(0.1).minimize(v * v, [v])


def test_inputs_and_outputs_of_models():
    x = keras.Input((4,))
    y = layers.Dense(2)(x)
    model, message = warned(lambda: keras.Model(input=x, output=y))
    assert "input= is inputs=" in message and model.output_shape == (None, 2)


def test_old_attributes():
    assert ATTRIBUTES == {"Optimizer": {"lr": "learning_rate"}}
    made = optimizers.Adam(0.5)
    rate, message = warned(lambda: made.lr)
    assert float(rate) == 0.5 and "use learning_rate" in message
    warned(lambda: setattr(made, "lr", 0.25))
    assert float(made.learning_rate) == 0.25


def test_the_old_argument_of_to_categorical():
    made, message = warned(lambda: keras.utils.to_categorical([1], nb_classes=3))
    assert made.tolist() == [[0, 1, 0]] and "num_classes=" in message


def reached(path):
    module = importlib.import_module(f"edgekit.keras.{path.rpartition('.')[0]}")
    return getattr(module, path.rpartition(".")[2])


@pytest.mark.parametrize("path", NAMES)
def test_old_names(path):
    importlib.import_module(f"edgekit.keras.{path.rpartition('.')[0]}")
    found, message = warned(lambda: reached(path))
    assert callable(found)
    assert f"keras.{path}" in message and NAMES[path].today in message


@pytest.mark.parametrize("path", REMOVED)
def test_removed_names_say_what_to_use(path):
    with pytest.raises(UnsupportedOperator, match="is gone") as error:
        reached(path)
    assert REMOVED[path] in str(error.value)


PATHS = [f"{place}.{name}" for place, names in MOVED.items() for name in names]


@pytest.mark.parametrize("path", PATHS)
def test_old_import_paths_warn_once(path):
    name = f"edgekit.keras.{path}"
    sys.modules.pop(name, None)
    importlib.import_module(name.rpartition(".")[0])
    _, message = warned(lambda: importlib.import_module(name))
    assert f"keras.{path} is an old spelling: import from keras.{path.split('.')[0]}" in message
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module = importlib.import_module(name)
    today = importlib.import_module(f"edgekit.keras.{path.split('.')[0]}")
    assert set(dir(module)) == set(today.__all__)


def test_old_modules_are_found_without_importing_them():
    sys.modules.pop("edgekit.keras.utils.np_utils", None)
    vars(keras.utils).pop("np_utils", None)
    made, _ = warned(lambda: keras.utils.np_utils.to_categorical([1], 2))
    assert made.tolist() == [[0, 1]]


@pytest.mark.parametrize("name", ["m.h5", "folder", "m.hdf5"])
def test_old_file_names_of_models(tmp_path, name):
    model = trained()
    _, message = warned(lambda: model.save(tmp_path / name))
    assert ".keras" in message
    again = keras.models.load_model(tmp_path / name)
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize("name", ["x.h5", "x.ckpt", "x"])
def test_old_file_names_of_weights(tmp_path, name):
    model, other = trained(), trained()
    _, message = warned(lambda: model.save_weights(tmp_path / name))
    assert "x.weights.h5" in message
    other.load_weights(tmp_path / name)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_the_rate_beside_a_decay_can_be_set():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer = optimizers.SGD(lr=0.1, decay=0.5)
        model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
        model.compile(optimizer, "mse")
        step = (np.ones((1, 1), "f4"), np.ones((1, 1), "f4"))
        model.train_on_batch(*step)  # rate 0.1, gradient -2
        assert float(model.get_weights()[0][0, 0]) == pytest.approx(0.2)
        assert keras.backend.get_value(optimizer.lr) == pytest.approx(0.1)
        keras.backend.set_value(optimizer.lr, 0.3)
        model.train_on_batch(*step)  # rate 0.3 / 1.5, gradient -1.6
        assert float(model.get_weights()[0][0, 0]) == pytest.approx(0.2 + 0.2 * 1.6)
        optimizer.lr = 0.4
        assert float(optimizer.learning_rate) == pytest.approx(0.4 / 2)


def test_a_checkpoint_every_so_many_epochs(tmp_path):
    made, message = warned(lambda: callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", period=2))
    assert "save_freq=" in message
    model = trained()
    x = np.ones((4, *model.input_shape[1:]), "f4")
    y = np.zeros(4, "i4")
    model.fit(x, y, epochs=5, callbacks=[made], verbose=0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2.keras", "4.keras"]


def test_kernels_by_position():
    made, message = warned(lambda: layers.Convolution2D(4, 3, 5, padding="same"))
    assert type(made) is layers.Conv2D
    assert made.kernel_size == (3, 5) and made.strides == (1, 1) and made.padding == "same"
    assert "Conv2D(4, (3, 5))" in message
    assert layers.Conv2D(4, 3, 2).strides == (2, 2)
    assert layers.Convolution2D(4, 3).kernel_size == (3, 3)


@pytest.mark.parametrize(
    "mode, expected",
    [("sum", [4, 6]), ("mul", [3, 8]), ("ave", [2, 3]), ("max", [3, 4]), ("concat", [1, 2, 3, 4]),
     ("dot", [11]), ("cos", [11 / (5 * 5**0.5)])],
)  # fmt: skip
def test_merge(mode, expected):
    a, b = np.float32([[1, 2]]), np.float32([[3, 4]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the module
        merge = keras.layers.merge
    made, message = warned(lambda: merge([a, b], mode=mode))
    assert "merge(mode=" in message
    np.testing.assert_allclose(made.numpy()[0], expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["normal", "uniform", "one", "zero"])
def test_old_names_of_initializers(name):
    made, _ = warned(lambda: getattr(keras.initializers, name))
    assert type(keras.initializers.get(name)) is made


def test_a_train_step_of_2020():
    """What tf.keras' guide to custom steps wrote: compiled_loss and compiled_metrics."""

    class Own(Model):
        def train_step(self, data):
            x, y = data
            with GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            self.compiled_metrics.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    def trained(kind):
        set_random_seed(1)
        x = Input((3,))
        model = kind(x, layers.Dense(1, kernel_regularizer="l2")(x))
        model.compile("sgd", "mse", metrics=["mae"])
        data = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
        history = model.fit(data, data[:, :1], batch_size=8, epochs=2, shuffle=False, verbose=0)
        return history.history, model.get_weights()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found, weights = trained(Own)
    expected, same = trained(Model)
    assert found == expected
    np.testing.assert_array_equal(weights[0], same[0])
