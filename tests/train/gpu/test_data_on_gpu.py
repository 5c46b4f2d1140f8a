"""Data of a fit on the simulated GPU: whole on the device, or batch by batch."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train import (
    Model,
    PyDataset,
    Sequential,
    backend,
    layers,
    set_random_seed,
)
from edgekit.train.gpu import data as gpu_data
from tests.train.device import needs_simulation

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(70, 6)).astype(np.float32)
Y = RANDOM.integers(0, 3, 70)


@pytest.fixture
def staged(monkeypatch):
    """No data fit into the memory of the GPU."""
    monkeypatch.setattr(gpu_data, "RESIDENT_SHARE", 0.0)


def network():
    set_random_seed(1)
    model = Sequential([layers.Input((6,)), layers.Dense(5), layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fitted(*data, **options):
    model = network()
    options = {"batch_size": 8, "epochs": 3, "verbose": 0, **options}
    return model, model.fit(*data, **options).history


def assert_same(a, b):
    (first, one), (second, other) = a, b
    assert one == other
    for p, q in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(p, q)


class Batches(PyDataset):
    def __init__(self, **options):
        super().__init__(**options)

    def __len__(self):
        return 9

    def __getitem__(self, index):
        rows = slice(8 * index, 8 * index + 8)
        return X[rows], Y[rows]


def endless():
    while True:
        yield from map(Batches().__getitem__, range(9))


def test_resident_and_staged_data_train_alike(gpu, monkeypatch):
    def counted():
        before = gpu.copies_in
        found = fitted(X, Y)
        return found, gpu.copies_in - before

    counted()  # some constants are copied once
    resident, few = counted()
    monkeypatch.setattr(gpu_data, "RESIDENT_SHARE", 0.0)
    staged, many = counted()
    assert_same(resident, staged)
    # x and y of every batch, in place of both once, their addresses, and three orders
    assert many - few == 2 * 9 * 3 - 6
    with backend.device("cpu"):
        expected = fitted(X, Y)[1]
    for key in expected:
        np.testing.assert_allclose(resident[1][key], expected[key], rtol=1e-5)


@pytest.mark.parametrize(
    "given",
    [
        lambda: ((Batches(),), {"batch_size": None}),
        lambda: ((Batches(workers=3),), {"batch_size": None}),
        lambda: ((endless(),), {"batch_size": None, "steps_per_epoch": 7}),
        lambda: ((X, Y), {"steps_per_epoch": 5}),
        lambda: ((X, Y), {"steps_per_epoch": 13}),
        lambda: ((X, Y), {"shuffle": "batch"}),
        lambda: ((X, Y), {"shuffle": False, "validation_split": 0.3}),
        lambda: ((X, Y), {"class_weight": {0: 2.0, 1: 0.5}}),
        lambda: ((Batches(),), {"batch_size": None, "class_weight": {0: 2.0}}),
        lambda: ((X, Y), {"sample_weight": np.linspace(0, 1, 70)}),
        lambda: ((X.tolist(), Y.tolist()), {}),
        lambda: ((X, Y), {"validation_data": (X[:20] + 1, Y[:20]), "validation_steps": 2}),
        lambda: ((X, Y), {"validation_data": Batches(), "validation_freq": 2}),
        lambda: ((X, Y), {"steps_per_epoch": 4, "epochs": 5, "initial_epoch": 2}),
        lambda: ((X, Y), {"batch_size": 2}),  # several steps of a launch
    ],
)
def test_whatever_fit_is_given(gpu, given):
    """The same numbers as on the host, in the same order for the same seed."""
    data, options = given()
    model, history = fitted(*data, **options)
    assert model._gpu_loop.step("train_step").refusal is None
    with backend.device("cpu"):
        data, options = given()
        _, expected = fitted(*data, **options)
    assert history.keys() == expected.keys()
    for key in expected:
        np.testing.assert_allclose(history[key], expected[key], rtol=1e-4, err_msg=key)


class Watching(Sequential):
    """Notes which samples a step is given: the first feature is the sample's number."""

    def train_step(self, data):
        self.noted.append(backend.to_numpy(data[0])[:, 0].astype(int).tolist())
        return super().train_step(data)


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("shuffle", [True, False, "batch"])
def test_the_order_of_samples(gpu, monkeypatch, share, shuffle):
    monkeypatch.setattr(gpu_data, "RESIDENT_SHARE", share)
    numbered = np.column_stack([np.arange(70), np.ones(70)]).astype(np.float32)
    orders = []
    for place in ("gpu:0", "cpu"):
        with backend.device(place):
            set_random_seed(1)
            model = Watching([layers.Input((2,)), layers.Dense(1)])
            model.noted = []
            model.compile("sgd", "mse", run_eagerly=True)
            model.fit(numbered, numbered[:, :1], 16, epochs=2, shuffle=shuffle, verbose=0)
            orders.append(model.noted)
    assert orders[0] == orders[1]
    assert sorted(n for batch in orders[0][:5] for n in batch) == list(range(70))


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_rows_of_every_size_and_dtype(gpu, monkeypatch, share):
    """Rows of 1 to 100 bytes, in dicts, of bytes, halves, integers and booleans."""
    monkeypatch.setattr(gpu_data, "RESIDENT_SHARE", share)
    parts = {
        "bytes": RANDOM.integers(0, 255, (50, 3), dtype=np.uint8),
        "halves": RANDOM.normal(size=(50, 3)).astype(np.float16),
        "doubles": RANDOM.normal(size=(50, 2, 3)),
        "numbers": RANDOM.integers(-9, 9, (50,), dtype=np.int64),
        "marks": RANDOM.integers(0, 2, (50, 5)).astype(bool),
        "singles": RANDOM.normal(size=(50, 25)).astype(np.float32),
        "turned": RANDOM.normal(size=(4, 50)).astype(np.float32).T,
    }
    seen = []

    class Keeping(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs["singles"])

        def train_step(self, data):
            seen.append({k: backend.to_numpy(v) for k, v in data[0].items()})
            return super().train_step(data)

    model = Keeping()
    model.compile("sgd", "mse", run_eagerly=True)
    targets = np.ones((50, 1), np.float32)
    model.fit(parts, targets, batch_size=16, shuffle=False, verbose=0)
    assert [len(one["bytes"]) for one in seen] == [16, 16, 16, 2]
    for name, whole in parts.items():
        found = np.concatenate([one[name] for one in seen])
        assert found.dtype == whole.dtype
        np.testing.assert_array_equal(found, whole)


@needs_simulation  # which counts
def test_what_the_host_waits_for(gpu):
    """Twice as many steps, or batches of the validation: the host waits no more often."""

    def waits(samples, epochs, **options):
        x, y = np.resize(X, (samples, 6)), np.resize(Y, samples)
        model = network()
        before = gpu.synchronizations, gpu.copies_in
        model.fit(x, y, 8, epochs=epochs, verbose=0, validation_split=0.25, **options)
        assert model._gpu_loop.step("train_step").refusal is None
        return gpu.synchronizations - before[0], gpu.copies_in - before[1]

    few, many = [np.subtract(waits(n, 4), waits(n, 3)) for n in (64, 192)]
    assert few.tolist() == many.tolist()
    # the numbers of the epoch and of its validation are read; the order of the samples is sent
    assert few[0] == 2 and few[1] == 1


@needs_simulation
def test_what_staged_data_wait_for(gpu, staged):
    def waits(epochs):
        model = network()
        before = gpu.synchronizations, gpu.copies_in
        model.fit(X, Y, 8, epochs=epochs, verbose=0)
        return gpu.synchronizations - before[0], gpu.copies_in - before[1]

    assert np.subtract(waits(4), waits(3)).tolist() == [1, 2 * 9]


def test_graphs_read_the_data_of_the_fit_that_goes_on(gpu, monkeypatch):
    """Fits of one model after another, with other data of the same shapes; evaluations between."""

    def fits(model):
        found = []
        for shift in range(4):
            model.fit(X + np.float32(shift), Y, 8, epochs=2, verbose=0)
            found.append(model.evaluate(X[:40], Y[:40], batch_size=8, verbose=0))
        return found

    outcomes = []
    for share in (0.5, 0.0):
        monkeypatch.setattr(gpu_data, "RESIDENT_SHARE", share)
        model = network()
        outcomes.append(fits(model))
        assert model._gpu_loop.step("train_step").launches > 4 * 2 * 9 - 6
    assert outcomes[0] == outcomes[1]
    with backend.device("cpu"):
        np.testing.assert_allclose(outcomes[0], fits(network()), rtol=1e-4)


def test_evaluate_and_predict(gpu):
    model = network()
    x, y = np.resize(X, (300, 6)), np.resize(Y, 300)
    with backend.device("cpu"):
        host = network()
        expected = host.evaluate(x, y, batch_size=16, verbose=0)
        outputs = host.predict(x, batch_size=16, verbose=0)
    model.evaluate(x[:4], y[:4], verbose=0)  # the first outputs are looked at once
    for _ in range(2):
        before = gpu.synchronizations
        np.testing.assert_allclose(
            model.evaluate(x, y, batch_size=16, verbose=0), expected, rtol=1e-5
        )
        np.testing.assert_allclose(
            model.predict(x, batch_size=16, verbose=0), outputs, rtol=1e-5, atol=1e-7
        )
        assert gpu.waits[before:] == ["get", "get"]
    assert gpu.graph_launches > 0


def test_texts_are_not_captured(gpu):
    words = np.array(["one two", "two", "three one", "two two"] * 4, dtype=object)
    targets = np.ones((16, 1), np.float32)
    vectorize = layers.TextVectorization(output_sequence_length=3, vocabulary=["one", "two"])
    model = Sequential([layers.Input((1,), dtype="string"), vectorize, layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(RuntimeWarning, match="the GPU takes numbers"):
        model.fit(words[:, None], targets, batch_size=4, epochs=2, verbose=0)


def test_arrays_of_the_gpu_are_taken_as_they_are(gpu):
    import cupy

    given = cupy.asarray(X), cupy.asarray(Y)
    before = gpu.copies_in
    found = fitted(*given)
    assert gpu.copies_in - before < 20
    assert_same(found, fitted(X, Y))
