"""compile, fit, evaluate, predict: learning, repeatability, options, and errors."""

from __future__ import annotations

import gzip
import re
import threading
import time

import numpy as np
import pytest

from edgekit import train
from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train import (
    GradientTape,
    Input,
    Model,
    Sequential,
    callbacks,
    layers,
    losses,
    metrics,
    optimizers,
    set_random_seed,
    to_categorical,
)
from edgekit.train.dtype_policies import set_dtype_policy
from edgekit.train.ops.math import log
from edgekit.train.py_dataset import PyDataset
from tests.material import material
from tests.train.keras_cases.fits import FITS, fit_model
from tests.train.keras_goldens import arrays, numbered

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(96, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(np.int64) + 2 * (X[:, 2] > 0)


def classifier(**options):
    set_random_seed(1)
    model = Sequential([layers.Input((6,)), layers.Dense(16, activation="relu"),
                        layers.Dropout(0.1), layers.Dense(4, activation="softmax")])  # fmt: skip
    options = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | options
    model.compile(optimizer=options.pop("optimizer", "adam"), **options)
    return model


def pictures(count, seed):
    """Bars on noise: the class is the row or column (0-3) and the direction."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 8, count)
    images = random.normal(0, 0.3, (count, 10, 10, 1)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        at = 2 * (label % 4) + 1
        if label < 4:
            image[at] += 1
        else:
            image[:, at] += 1
    return images, labels


def test_a_small_cnn_learns_what_bars_are():
    set_random_seed(0)
    model = Sequential(
        [
            layers.Input((10, 10, 1)),
            layers.Conv2D(8, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(8, activation="softmax"),
        ]
    )
    model.compile(optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*pictures(600, 1), epochs=4, verbose=0)
    assert model.evaluate(*pictures(400, 2), verbose=0)[1] > 0.95


def test_mnist_digits():
    """A second of real digits: Keras 3 reaches 93.8 % on the test set with the same 12,000."""
    folder = material("data/mnist")

    def read(name, offset):
        return np.frombuffer(gzip.decompress((folder / name).read_bytes()), np.uint8, offset=offset)

    x = read("train-images-idx3-ubyte.gz", 16)[: 12000 * 784].reshape(-1, 784) / np.float32(255)
    y = read("train-labels-idx1-ubyte.gz", 8)[:12000]
    x_test = read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784) / np.float32(255)
    y_test = read("t10k-labels-idx1-ubyte.gz", 8)
    set_random_seed(0)
    model = Sequential([layers.Dense(128, activation="relu"), layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=5, verbose=0)
    assert model.evaluate(x_test, y_test, batch_size=1000, verbose=0)[1] > 0.93


@pytest.mark.parametrize("name", FITS)
def test_whole_runs_are_those_of_keras(name):
    """Batches, weights of classes and samples, losses, penalties, statistics, rates, metrics.

    tanh instead of relu: a unit at zero would switch on one side only. After 12 steps float32
    differs by a few 1e-6.
    """
    found = arrays("fits")
    model = fit_model(name, train)
    model.set_weights(numbered(found, f"{name}/start"))
    history = FITS[name](model, train, found).history
    head = f"{name}/history_"
    expected = {key.removeprefix(head): found[key] for key in found if key.startswith(head)}
    assert history.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(history[key], value, rtol=2e-5, atol=2e-6, err_msg=key)
    for ours, keras in zip(model.get_weights(), numbered(found, f"{name}/end"), strict=True):
        np.testing.assert_allclose(ours, keras, rtol=2e-5, atol=2e-5)


def test_a_seeded_run_is_the_same_bit_for_bit():
    def run():
        model = classifier()
        history = model.fit(X, Y, epochs=3, batch_size=20, validation_split=0.2, verbose=0)
        return history.history, model.get_weights()

    first, second = run(), run()
    assert first[0] == second[0]
    for a, b in zip(first[1], second[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_shuffling_is_new_in_each_epoch_and_follows_the_seed():
    orders = []

    class Seen(layers.Layer):
        def call(self, inputs, training=False):
            if training:
                orders.append(inputs.numpy()[:, 0].copy())
            return inputs

    set_random_seed(5)
    model = Sequential([layers.Input((6,)), Seen(), layers.Dense(1)])
    model.compile("sgd", "mse")
    orders.clear()  # of building the model
    for shuffle in (True, False):
        model.fit(X, X[:, :1], batch_size=48, epochs=2, shuffle=shuffle, verbose=0)
    passes = [np.concatenate(orders[i : i + 2]) for i in range(0, 8, 2)]
    for values in passes:
        np.testing.assert_array_equal(np.sort(values), np.sort(X[:, 0]))
    np.testing.assert_array_equal(passes[2], X[:, 0])
    np.testing.assert_array_equal(passes[3], X[:, 0])
    assert not np.array_equal(passes[0], X[:, 0])
    assert not np.array_equal(passes[0], passes[1])


def test_history_and_metrics():
    model = classifier()
    history = model.fit(X, Y, epochs=2, validation_data=(X[:20], Y[:20]), verbose=0)
    assert history.epoch == [0, 1]
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert model.history is history
    found = model.evaluate(X[:20], Y[:20], verbose=0, return_dict=True)
    assert found["loss"] == history.history["val_loss"][-1]
    p = model.predict(X[:20], verbose=0)
    np.testing.assert_allclose(found["loss"], -np.log(p[np.arange(20), Y[:20]]).mean(), rtol=1e-5)
    assert found["accuracy"] == np.float32((p.argmax(1) == Y[:20]).mean())
    assert model.metrics_names == ["loss", "accuracy"]


def test_predict_joins_batches():
    model = classifier()
    np.testing.assert_allclose(
        model.predict(X, batch_size=7, verbose=0), model(X).numpy(), rtol=1e-6, atol=1e-7
    )


@pytest.mark.parametrize(
    ("outputs", "targets", "chosen"),
    [
        (layers.Dense(4, "softmax"), Y, "SparseCategoricalAccuracy"),
        (layers.Dense(4, "softmax"), Y[:, None], "SparseCategoricalAccuracy"),
        (layers.Dense(4, "softmax"), to_categorical(Y), "CategoricalAccuracy"),
        (layers.Dense(1, "sigmoid"), Y % 2, "BinaryAccuracy"),
    ],
)
def test_accuracy_is_chosen_by_shapes_as_in_keras(outputs, targets, chosen):
    model = Sequential([layers.Input((6,)), outputs])
    model.compile("sgd", "crossentropy", metrics=["accuracy"])
    found = model.evaluate(X, targets, verbose=0, return_dict=True)
    assert list(found) == ["accuracy", "loss"]
    assert type(model.metrics[1]).__name__ == chosen


def test_one_hot_and_class_numbers_train_alike():
    def weights(targets, loss):
        model = classifier(loss=loss)
        model.fit(X, targets, epochs=2, verbose=0)
        return model.get_weights()

    sparse = weights(Y, "sparse_categorical_crossentropy")
    one_hot = weights(to_categorical(Y), "categorical_crossentropy")
    for a, b in zip(sparse, one_hot, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_weights_of_samples_and_classes():
    model = classifier()
    plain = model.evaluate(X, Y, verbose=0)[0]
    weighted = model.evaluate(X, Y, sample_weight=np.full(96, 2.0), verbose=0)[0]
    np.testing.assert_allclose(weighted, 2 * plain, rtol=1e-5)
    by_class = {0: 1.0, 1: 3.0}
    as_samples = np.array([by_class.get(label, 1.0) for label in Y])
    a, b = classifier(), classifier()
    a.fit(X, Y, class_weight=by_class, shuffle=False, verbose=0)
    b.fit(X, Y, sample_weight=as_samples, shuffle=False, verbose=0)
    for one, two in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_generators_and_indexed_batches_are_arrays_in_batches():
    class Batches:
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return X[i * 32 : (i + 1) * 32], Y[i * 32 : (i + 1) * 32]

    def forever():
        while True:
            for i in range(3):
                yield Batches()[i]

    results = []
    for data, options in (
        ((X, Y), {}),
        ((forever(),), {"steps_per_epoch": 3}),
        ((Batches(),), {}),
        (([Batches()[i] for i in range(3)],), {}),
    ):
        model = classifier()
        model.fit(*data, epochs=2, shuffle=False, verbose=0, **options)
        results.append(model.get_weights())
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_on_batch():
    model = classifier()
    before = model.test_on_batch(X, Y, return_dict=True)["loss"]
    for _ in range(30):
        model.train_on_batch(X, Y)
    assert model.test_on_batch(X, Y, return_dict=True)["loss"] < before
    assert model.predict_on_batch(X[:3]).shape == (3, 4)
    alone = model.test_on_batch(X[:8], Y[:8])  # the batches before are forgotten
    np.testing.assert_allclose(alone, model.evaluate(X[:8], Y[:8], verbose=0), rtol=1e-6)
    of_lists = model.test_on_batch(X[:2].tolist(), Y[:2].tolist())
    assert len(of_lists) == len(model.test_on_batch(X[:2], Y[:2])) == 2


def test_several_outputs():
    x = Input((6,))
    model = Model(x, [layers.Dense(4, "softmax", name="kind")(x), layers.Dense(1, name="size")(x)])
    model.compile("adam", ["sparse_categorical_crossentropy", "mse"], loss_weights=[1.0, 0.5],
                  metrics={"kind": ["accuracy"], "size": "mae"})  # fmt: skip
    found = model.evaluate(X, [Y, X[:, :1]], verbose=0, return_dict=True)
    assert list(found) == ["kind_accuracy", "kind_loss", "loss", "size_loss", "size_mae"]
    np.testing.assert_allclose(
        found["loss"], found["kind_loss"] + 0.5 * found["size_loss"], rtol=1e-6
    )
    again = model.evaluate(X, {"size": X[:, :1], "kind": Y}, verbose=0, return_dict=True)
    assert again == found
    model.fit(X, [Y, X[:, :1]], verbose=0)
    assert [p.shape for p in model.predict(X, verbose=0)] == [(96, 4), (96, 1)]


def test_a_training_step_of_ones_own():
    class Mine(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)
            self.tracker = metrics.Mean(name="squares")

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            x, y = data
            with GradientTape() as tape:
                error = self(x, training=True) - y
                loss = error * error
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            self.tracker.update_state(loss)
            return {"squares": self.tracker.result()}

    model = Mine()
    model.compile(optimizers.SGD(0.005))
    history = model.fit(X, X[:, :1], epochs=20, verbose=0).history
    assert list(history) == ["squares"]
    assert model.tracker.count == 96  # of the last epoch: each begins anew
    assert history["squares"][-1] < 0.1 * history["squares"][0]


def test_any_callable_is_a_loss_and_a_metric():
    def miss(y_true, y_pred):
        return (y_true - y_pred) * (y_true - y_pred)

    model = Sequential([layers.Input((6,)), layers.Dense(1)])
    model.compile(optimizers.SGD(0.1), loss=miss, metrics=[miss, metrics.MeanAbsoluteError()])
    history = model.fit(X, X[:, :1], epochs=30, verbose=0).history
    assert list(history) == ["loss", "mean_absolute_error", "miss"]
    assert history["loss"][-1] < 0.01


def test_regularizers_and_add_loss_are_part_of_the_loss():
    class Pays(layers.Layer):
        def call(self, inputs):
            self.add_loss(3.0)
            return inputs

    model = Sequential([layers.Input((6,)), Pays(), layers.Dense(1, kernel_regularizer="l2",
                        kernel_initializer="ones")])  # fmt: skip
    model.compile("sgd", "mse")
    total = model.evaluate(X[:32], model.predict(X[:32], verbose=0), verbose=0)
    np.testing.assert_allclose(total, 3.0 + 0.01 * 6, rtol=1e-5)


def test_frozen_layers_stay():
    model = classifier()
    model.layers[0].trainable = False
    kernel = model.layers[0].get_weights()[0]
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], kernel)


def test_clipping_decay_and_schedules_reach_fit():
    rate = optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model = classifier(optimizer=optimizers.SGD(rate, clipnorm=1.0, weight_decay=0.001))
    model.fit(X, Y, epochs=2, verbose=0)
    assert int(model.optimizer.iterations) == 6
    np.testing.assert_allclose(float(model.optimizer.learning_rate), 0.1 * 0.5**0.6, rtol=1e-6)


def test_a_nan_loss_is_said_once_and_can_stop():
    bad = X.copy()
    bad[40] = np.nan
    model = classifier()
    with pytest.warns(RuntimeWarning, match="the loss is NaN. What is known: the inputs of this"):
        history = model.fit(bad, Y, epochs=3, verbose=0)
    assert np.isnan(history.history["loss"]).all()
    stopped = classifier().fit(bad, Y, epochs=3, verbose=0, callbacks=[callbacks.TerminateOnNaN()])
    assert len(stopped.epoch) == 1


def test_verbose(capsys):
    model = classifier()
    model.fit(X, Y, epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" - ")[0] for line in lines] == ["Epoch 1/2", "3/3", "Epoch 2/2", "3/3"]
    numbers = r"accuracy: 0\.\d{4} - loss: \d\.\d{4}"
    assert re.fullmatch(rf"3/3 - \d+s - \d+(s|ms|us)/step - {numbers}", lines[1])
    model.evaluate(X, Y, batch_size=10, verbose=2)
    assert re.fullmatch(rf"10/10 - \d+s - \d+[mu]?s/step - {numbers}\n", capsys.readouterr().out)
    model.predict(X, batch_size=10, verbose=2)
    assert re.fullmatch(r"10/10 - \d+s - \d+[mu]?s/step\n", capsys.readouterr().out)
    model.fit(X, Y, verbose=0)
    model.predict(X, verbose=0)
    assert capsys.readouterr() == ("", "")


def test_a_progress_bar(capsys):
    pytest.importorskip("tqdm")
    classifier().fit(X, Y, verbose=1)
    bar = capsys.readouterr().err
    assert "Epoch 1/1" in bar
    assert "3/3" in bar
    assert "loss: " in bar


def test_without_tqdm_there_are_lines(capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
    classifier().fit(X, Y, verbose=1)
    assert capsys.readouterr().out.startswith("Epoch 1/1\n3/3 - ")


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda m: m.fit(X, Y[:50]), ShapeError,
         r"same number of samples. Received: x sizes: \[96\]; y sizes: \[50\]"),
        (lambda m: m.fit(X[:, :5], Y), ShapeError, "expected shape "),
        (lambda m: m.fit(X, Y, batch_size=0), InputError, "batch_size must be a positive"),
        (lambda m: m.fit(X, Y, validation_split=1.5), InputError, "between 0 and 1"),
        (lambda m: m.fit(X, Y, class_weight={-1: 2.0}), InputError, "class_weight maps"),
        (lambda m: m.fit(X, Y, class_weight="balanced"), InputError, "class_weight maps"),
        (lambda m: m.fit(X, Y, callbacks=["x"]), InputError, "subclasses of Callback"),
        (lambda m: m.fit(X, Y, verbose=7), InputError, "verbose must be 0, 1, 2"),
        (lambda m: m.fit(X[:0], Y[:0]), InputError, "no samples"),
        (lambda m: m.fit(None), InputError, "x is None"),
        (lambda m: m.fit(3), ShapeError, "first axis of samples"),
        (lambda m: m.fit(iter([]), steps_per_epoch=2), InputError, "gave no batch"),
        (lambda m: m.fit(iter([(1, 2, 3, 4)])), InputError, "Received: 4 parts"),
        (lambda m: m.fit(X.astype(str), Y), ShapeError, "expected an input of numbers"),
        (lambda m: m.fit(X, Y + 1), ShapeError, "there are 4 classes, so they must be 0 to 3"),
        (lambda m: m.fit(X, Y - 1), ShapeError, "class numbers from -1"),
        (lambda m: m.fit(X, to_categorical(Y)), ShapeError, "use categorical_crossentropy"),
        (lambda m: m.compile("adamm", "mse"), UnsupportedOperator, "Did you mean 'adam"),
        (lambda m: m.compile("adam", "msee"), UnsupportedOperator, "Did you mean 'mse'"),
        (lambda m: m.compile("adam", "mse", metrics=["accurac"]), UnsupportedOperator,
         "Did you mean 'accuracy'"),
        (lambda m: (m.compile("adam"), m.fit(X, Y, verbose=0)), InputError, "there is no loss"),
        (lambda m: (m.compile("adam", {"dens": "mse"}), m.fit(X, Y, verbose=0)), InputError,
         r"output \(in loss\) 'dens' is not known"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(act, error, message):
    with pytest.raises(error, match=message):
        act(classifier())


def test_to_categorical():
    np.testing.assert_array_equal(to_categorical([1, 0, 2]), np.eye(3)[[1, 0, 2]])
    assert to_categorical([[1], [3]], 5).shape == (2, 5)
    with pytest.raises(ShapeError, match="do not fit num_classes=2"):
        to_categorical([0, 2], 2)


def test_the_loop_costs_little_beside_the_arithmetic():
    """Steps of the smallest model: batches, tape, loss, metrics, optimizer. Two milliseconds would
    be ten times what it takes; this guards against quadratic work, not against a slow machine."""
    model = classifier()
    model.fit(X, Y, verbose=0)
    start = time.process_time()
    model.fit(X, Y, batch_size=1, epochs=2, verbose=0)
    assert (time.process_time() - start) / 192 < 2e-3


def test_losses_can_be_objects():
    model = classifier(loss=losses.SparseCategoricalCrossentropy(from_logits=False))
    assert np.isfinite(model.evaluate(X, Y, verbose=0)[0])


def test_the_first_layer_that_made_a_nan_is_named():
    class Logarithm(layers.Layer):
        def call(self, inputs):
            return log(inputs)

    model = Sequential([layers.Input((6,)), layers.Dense(4, name="first"), Logarithm(name="loud"),
                        layers.Dense(1)])  # fmt: skip
    model.compile("sgd", "mse")
    with pytest.warns(RuntimeWarning, match="first was made by layer 'sequential.*/loud', by its"):
        model.fit(X, X[:, :1], verbose=0)
    model = Sequential([layers.Input((6,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile(optimizers.SGD(1e30), "mse")
    with pytest.warns(RuntimeWarning, match=r"the loss is NaN. What is known: the weight 'seq"):
        model.fit(X, X[:, :1], epochs=20, verbose=0)


def test_usual_mistakes_are_warned_of():
    pictures = RANDOM.integers(0, 256, (8, 4, 4, 3)).astype(np.uint8)
    labels = np.arange(8) % 2
    model = Sequential([layers.Input((4, 4, 3)), layers.Flatten(), layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.warns(UserWarning, match="the inputs go from 0 to 25[0-9]; pictures train badly"):
        model.fit(pictures, labels, verbose=0)
    model.fit(pictures / 255, labels, verbose=0)
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.warns(UserWarning, match="its outputs are probabilities, but the loss"):
        model.fit(pictures / 255, labels, verbose=0)
    model = Sequential([layers.Input((6,)), layers.Dense(4)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.warns(UserWarning, match="expects probabilities, but the outputs go from"):
        model.fit(X, Y, verbose=0)


class Counted(PyDataset):
    """Three batches; notes which were asked for, and by which threads."""

    def __init__(self, **options):
        super().__init__(**options)
        self.asked, self.threads, self.epochs = [], set(), 0

    def __len__(self):
        return 3

    def __getitem__(self, index):
        self.asked.append(index)
        self.threads.add(threading.current_thread().name)
        return X[index * 32 : (index + 1) * 32], Y[index * 32 : (index + 1) * 32]

    def on_epoch_end(self):
        self.epochs += 1


def test_datasets_with_worker_threads_give_the_same_batches():
    results = []
    for options in ({}, {"workers": 3, "max_queue_size": 4}, {"workers": 2}):
        data = Counted(**options)
        model = classifier()
        model.fit(data, epochs=4, verbose=0)
        assert sorted(data.asked) == sorted([0, 1, 2] * 4)
        assert data.epochs == 4
        assert any("batches" in name for name in data.threads) == bool(options)
        results.append(model.get_weights())
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
    ordered = Counted()
    classifier().fit(ordered, epochs=2, shuffle=False, verbose=0)
    assert ordered.asked == [0, 1, 2] * 2
    failing = Counted(workers=2)
    failing.__class__ = type("Failing", (Counted,), {"__getitem__": lambda self, i: 1 / 0})
    with pytest.raises(ZeroDivisionError):
        classifier().fit(failing, verbose=0)


def test_an_endless_dataset_needs_steps():
    class Endless(Counted):
        num_batches = None

        def __getitem__(self, index):
            return super().__getitem__(index % 3)

    data = Endless()
    classifier().fit(data, steps_per_epoch=5, shuffle=False, verbose=0)
    assert data.asked == [0, 1, 2, 0, 1]


def test_batches_can_be_shuffled_as_they_are():
    seen = []

    class Seen(layers.Layer):
        def call(self, inputs, training=False):
            if training:
                seen.append(inputs.numpy()[:, 0].copy())
            return inputs

    set_random_seed(3)
    model = Sequential([layers.Input((6,)), Seen(), layers.Dense(1)])
    model.compile("sgd", "mse")
    seen.clear()
    model.fit(X, X[:, :1], batch_size=10, shuffle="batch", verbose=0)
    starts = [int(np.flatnonzero(X[:, 0] == batch[0])[0]) for batch in seen]
    assert sorted(starts) == list(range(0, 96, 10))
    assert starts != sorted(starts)
    assert starts[-1] == 90  # what is less than a batch stays last
    for start, batch in zip(starts, seen, strict=True):
        np.testing.assert_array_equal(batch, X[start : start + 10, 0])


def test_what_a_training_step_is_given():
    given = []

    class Mine(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            given.append(data)
            return {}

    model = Mine()
    model.compile("sgd", "mse")
    model.fit(X, verbose=0, batch_size=96)
    model.fit(X, Y, verbose=0, batch_size=96)
    model.fit(X, Y, sample_weight=np.ones(96), verbose=0, batch_size=96)
    assert isinstance(given[0], np.ndarray)
    assert [len(data) for data in given[1:]] == [2, 3]


def test_a_step_by_the_parts_of_keras():
    """compute_loss, trainable_weights, apply_gradients and a loop over the metrics."""

    class Mine(Model):
        def train_step(self, data):
            x, y = data
            with GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    def run(kind):
        set_random_seed(0)
        x = Input((6,))
        model = kind(x, layers.Dense(1)(x))
        model.compile(optimizers.SGD(0.01), "mse", metrics=["mae"])
        return model.fit(X, X[:, :1], batch_size=32, epochs=3, shuffle=False, verbose=0).history

    mine, own = run(Mine), run(Model)
    assert list(mine) == ["loss", "mae"]
    for key in mine:
        np.testing.assert_allclose(mine[key], own[key], rtol=1e-6)


def test_callbacks_hear_of_every_so_many_steps():
    heard = []

    class Hears(callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            heard.append(("begin", batch))

        def on_train_batch_end(self, batch, logs=None):
            heard.append(("end", batch))

    model = classifier(steps_per_execution=2)
    model.fit(X, Y, verbose=0, callbacks=[Hears()])
    assert heard == [("begin", 0), ("end", 1), ("begin", 2), ("end", 2)]


@pytest.mark.parametrize(("freq", "epochs"), [(2, [2, 4]), ([1, 3], [1, 3])])
def test_validation_in_some_epochs(freq, epochs):
    seen = []

    class Hears(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if "val_loss" in logs:
                seen.append(epoch + 1)

    classifier().fit(X, Y, epochs=4, validation_data=(X, Y), validation_freq=freq, verbose=0,
                     callbacks=[Hears()])  # fmt: skip
    assert seen == epochs


def test_compile_state_as_a_config():
    model = classifier(optimizer=optimizers.SGD(0.25, momentum=0.5), weighted_metrics=["mse"])
    config = model.get_compile_config()
    other = classifier()
    other.compile_from_config(config)
    assert other.get_compile_config() == config
    assert float(other.optimizer.learning_rate) == 0.25
    assert Sequential().get_compile_config() is None


def test_half_precision_is_storage():
    """The weights of a mixed policy are float32, its outputs float16; it learns like float32."""
    losses_of = {}
    for policy in ("float32", "mixed_float16"):
        set_random_seed(0)
        options = {"dtype": policy}
        model = Sequential([layers.Input((6,)), layers.Dense(16, "relu", **options),
                            layers.Dense(4, "softmax", **options)])  # fmt: skip
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        losses_of[policy] = model.fit(X, Y, epochs=5, verbose=0, shuffle=False).history["loss"]
        assert all(v.dtype == np.float32 for v in model.weights)
    assert model(X).dtype == np.float16
    assert model.layers[0].compute_dtype == "float16"
    assert model.layers[0].variable_dtype == "float32"
    # float16 keeps eleven bits
    np.testing.assert_allclose(losses_of["mixed_float16"], losses_of["float32"], rtol=2e-3)


def test_small_gradients_come_through_half_precision():
    layer = layers.Dense(3, dtype="mixed_float16", kernel_initializer="ones")
    with GradientTape() as tape:
        y = layers.Dense(1, dtype="mixed_float16", kernel_initializer="ones")(layer(X))
        loss = losses.MeanSquaredError()(np.zeros((96, 1)), y) * 1e-9
    gradient = tape.gradient(loss, layer.kernel).numpy()
    assert gradient.dtype == np.float32
    assert (gradient != 0).all()  # in float16 these would be zeros
    assert np.abs(gradient).max() < 6e-8


@pytest.mark.parametrize(
    ("policy", "kept", "trained"),
    [("float64", np.float64, np.float64), ("float16", np.float16, np.float32)],
)
def test_other_dtypes_of_weights(policy, kept, trained):
    """float64 all the way; of float16 weights the optimizer keeps float32 ones."""
    set_dtype_policy(policy)
    try:
        set_random_seed(0)
        model = Sequential(
            [layers.Input((6,)), layers.Dense(8, "tanh"), layers.Dense(4, "softmax")]
        )
        assert all(v.dtype == kept for v in model.weights)
        model.compile("adam", "sparse_categorical_crossentropy")
        history = model.fit(X, Y, epochs=3, verbose=0).history["loss"]
    finally:
        set_dtype_policy(None)
    assert history[-1] < history[0]
    assert all(v.dtype == trained for v in model.weights)
    assert model(X).dtype == kept


def test_metrics_with_a_number_for_each_class(tmp_path, capsys):
    """F1Score gives an array: logs, history, lines and files keep it as one, as in Keras."""
    set_random_seed(0)
    model = Sequential([layers.Input((6,)), layers.Dense(4, "softmax")])
    model.compile("adam", "categorical_crossentropy", metrics=[metrics.F1Score()])
    y = to_categorical(Y, 4)
    log = callbacks.CSVLogger(tmp_path / "log.csv")
    history = model.fit(X, y, epochs=2, verbose=2, validation_data=(X, y), callbacks=[log]).history
    assert np.shape(history["f1_score"]) == np.shape(history["val_f1_score"]) == (2, 4)
    found = model.evaluate(X, y, verbose=0, return_dict=True)
    np.testing.assert_array_equal(found["f1_score"], history["val_f1_score"][-1])
    assert isinstance(found["loss"], float)
    assert "f1_score" in (tmp_path / "log.csv").read_text()
    model.fit(X, y, verbose=1)
    capsys.readouterr()


def test_logs_have_the_order_of_keras():
    """By name in dicts; `evaluate` gives the loss, the losses of outputs, then the metrics."""
    model = Sequential([layers.Input((6,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mse", "mae"], weighted_metrics=["mae"])
    found = model.evaluate(X, X[:, :1], verbose=0, return_dict=True)
    assert list(found) == ["loss", "mae", "mse", "weighted_mae"]
    values = model.evaluate(X, X[:, :1], verbose=0)
    assert values == [found[name] for name in ("loss", "mse", "mae", "weighted_mae")]
    assert model.metrics_names == ["loss", "mse", "mae", "weighted_mae"]
    weighted = model.evaluate(X, X[:, :1], sample_weight=np.arange(96.0), verbose=0)
    assert weighted[2] == values[2] and weighted[3] != values[3]


def test_one_loss_of_two_outputs_is_the_loss():
    x = Input((6,))
    model = Model(x, [layers.Dense(1, name="a")(x), layers.Dense(2, name="b")(x)])
    model.compile("sgd", ["mse", None], metrics=[["mae"], ["mse"]])
    found = model.evaluate(X, [X[:, :1], X[:, :2]], verbose=0, return_dict=True)
    assert list(found) == ["a_mae", "b_mse", "loss"]
    model.compile("sgd", ["mse", "mae"], metrics=[["mae"], ["mse"]])
    assert len(model.evaluate(X, [X[:, :1], X[:, :2]], verbose=0)) == 5
    assert model.metrics_names == ["loss", "a_loss", "b_loss", "a_mae", "b_mse"]


def test_metrics_inside_of_layers_are_logged_and_reset():
    class Activity(layers.Layer):
        def __init__(self):
            super().__init__()
            self.seen = [metrics.Sum(name="seen")]

        def call(self, inputs):
            self.seen[0].update_state(np.ones(len(inputs)))
            return inputs

    model = Sequential([layers.Input((6,)), Activity(), layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(X, X[:, :1], epochs=2, validation_split=0.25, verbose=0).history
    assert history["seen"] == [72.0, 72.0] and history["val_seen"] == [24.0, 24.0]
    assert [m.name for m in model.metrics] == ["loss", "seen"]
    assert [m.name for m in model.layers[0].metrics] == ["seen"]
    assert len(model.layers[0].metrics_variables) == 1


@pytest.mark.parametrize("kind", ["arrays", "batches"])
def test_every_validation_begins_anew(kind):
    """As Keras documents validation_steps: the same samples each time."""

    class Batches:
        def __iter__(self):
            for start in range(0, 96, 8):
                yield X[start : start + 8], Y[start : start + 8]

    seen = []

    class Watched(Model):
        def test_step(self, data):
            seen.append(np.array(data[0])[0])
            return super().test_step(data)

    x = Input((6,))
    model = Watched(x, layers.Dense(4, activation="softmax")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    held = (X, Y) if kind == "arrays" else Batches()
    options = {"validation_steps": 2, "validation_batch_size": 8 if kind == "arrays" else None}
    model.fit(X, Y, epochs=3, validation_data=held, verbose=0, **options)
    np.testing.assert_array_equal(seen, [X[0], X[8]] * 3)


def test_outputs_without_names_are_logged_by_their_losses():
    """As Keras 3.15 prints them, but for two losses of one name, of which it shows one."""

    class Two(Model):
        def __init__(self):
            super().__init__()
            self.heads = [layers.Dense(2), layers.Dense(2)]

        def call(self, inputs):
            return [head(inputs) for head in self.heads]

    def logged(**given):
        model = Two()
        model.compile("sgd", **given)
        return list(model.fit(X, [X[:, :2], X[:, 2:4]], verbose=0).history)

    found = logged(loss=["mse", "mae"], metrics=[["mae"], ["mse"]])
    assert found == ["loss", "mae", "mae_loss", "mse", "mse_loss"]
    huber = losses.Huber(name="own")
    assert logged(loss=[losses.MeanSquaredError(), huber]) == [
        "loss", "mean_squared_error_loss", "own_loss",
    ]  # fmt: skip
    found = logged(loss="mse", metrics=[["mae"], ["mae"]])
    assert found == ["loss", "mae", "mae_1", "mse_1_loss", "mse_loss"]
