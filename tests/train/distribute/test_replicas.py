"""Replicas simulated in one process compute what the joined batch does."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import EdgekitError, InputError
from edgekit.train import (
    GradientTape,
    Input,
    Model,
    PyDataset,
    Sequential,
    callbacks,
    distribute,
    layers,
    losses,
    metrics,
    optimizers,
    set_random_seed,
)  # fmt: skip
from edgekit.train.distribute import MirroredStrategy, Strategy, get_strategy, has_strategy
from edgekit.train.dtype_policies import dtype_policy, set_dtype_policy
from tests.train.distribute import networks


def simulated(count):
    return MirroredStrategy([f"cpu:{i}" for i in range(count)])


@pytest.fixture
def float64():
    """Rounding is out of sight here: what differs, differs by what it means."""
    before = dtype_policy()
    set_dtype_policy("float64")
    yield
    set_dtype_policy(before)


@pytest.mark.parametrize("name", ["mlp", "lenet", "resnet", "dropping"])
@pytest.mark.parametrize("strategy", [lambda: simulated(1), lambda: MirroredStrategy(["/cpu:0"])])
def test_one_device_computes_the_bits_of_none(name, strategy):
    class None_(Strategy):  # noqa: N801
        """No strategy: a scope that is not entered."""

        def _adopt(self, model):
            model.distribute_strategy = None

    expected = networks.fit(None_(), getattr(networks, name), epochs=2)
    found = networks.fit(strategy(), getattr(networks, name), epochs=2)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value, err_msg=key)


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("name", ["mlp", "lenet"])
def test_replicas_train_to_the_weights_of_the_joined_batch(name, count, float64):
    expected = networks.fit(Strategy(), getattr(networks, name))
    found = networks.fit(simulated(count), getattr(networks, name))
    assert networks.furthest(found, expected, but="") < 1e-11


@pytest.mark.parametrize("count", [2, 3])
def test_batch_normalization_is_each_replicas_own(count, float64):
    """Against a loop written out here: a part of the batch at a time from the same weights, the
    gradients and the moving statistics averaged by the sizes of the parts.
    """
    found = networks.fit(simulated(count), networks.resnet, shuffle=False)
    set_random_seed(7)
    model = networks.resnet()
    x, y = networks.data()
    loss_of = losses.SparseCategoricalCrossentropy()
    speeds = [np.zeros(v.shape) for v in model.trainable_variables]
    rate, momentum = float(np.float32(0.01)), float(np.float32(0.9))
    for _ in range(9):
        for start in range(0, len(x), networks.BATCH):
            rows = slice(start, min(start + networks.BATCH, len(x)))
            parts = np.array_split(np.arange(rows.start, rows.stop), count)
            states = model.non_trainable_variables
            before = [v.numpy().copy() for v in states]
            gradients, moved = [0.0] * len(speeds), [0.0] * len(states)
            for part in parts:
                for v, old in zip(states, before, strict=True):
                    v.assign(old)
                share = len(part) / (rows.stop - rows.start)
                with GradientTape() as tape:
                    loss = loss_of(y[part], model(x[part], training=True))
                own = tape.gradient(loss, model.trainable_variables)
                gradients = [g + share * o.numpy() for g, o in zip(gradients, own, strict=True)]
                moved = [m + share * v.numpy() for m, v in zip(moved, states, strict=True)]
            for v, new in zip(states, moved, strict=True):
                v.assign(new)
            for i, v in enumerate(model.trainable_variables):
                speeds[i] = momentum * speeds[i] - rate * gradients[i]
                v.assign(v.numpy() + speeds[i])
    for i, value in enumerate(model.get_weights()):
        np.testing.assert_allclose(found[f"w{i}"], value, rtol=1e-9, atol=1e-11)


LOSSES = {
    "sum": losses.MeanSquaredError(reduction="sum"),
    "weighted": losses.MeanSquaredError(reduction="mean_with_sample_weight"),
    "mean": losses.MeanSquaredError(),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("masked", [False, True])
def test_losses_are_of_the_joined_batch(loss, masked, float64):
    """Steps that a mask leaves out are spread unevenly over the replicas, as weights are."""
    random = np.random.default_rng(2)
    x = random.normal(size=(14, 5, 3)) * (random.random((14, 5, 1)) > 0.3 * masked)
    x[:3, 2:] *= not masked
    y, weight = random.normal(size=(14, 5, 2)), random.uniform(0.1, 4, 14)

    def fit(strategy):
        set_random_seed(1)
        with strategy.scope():
            inside = [layers.Masking()] if masked else []
            model = Sequential(
                [Input((5, 3)), *inside,
                 layers.TimeDistributed(layers.Dense(2, activity_regularizer="l2"))]
            )  # fmt: skip
            model.compile(optimizers.SGD(0.01), LOSSES[loss], weighted_metrics=["mae"])
        history = model.fit(x, y, 6, 4, 0, sample_weight=weight, class_weight=None)
        return [*model.get_weights(), *history.history.values()]

    for found, expected in zip(fit(simulated(3)), fit(Strategy()), strict=True):
        # a mask weighs in float32
        np.testing.assert_allclose(found, expected, rtol=1e-6 if masked else 1e-11)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: optimizers.Adam(0.01, global_clipnorm=0.1, weight_decay=0.01, use_ema=True),
        lambda: optimizers.LossScaleOptimizer(optimizers.SGD(0.01), initial_scale=8.0),
        lambda: optimizers.SGD(0.01, gradient_accumulation_steps=2),
    ],
)
def test_optimizers_see_the_gradient_of_the_joined_batch(optimizer, float64):
    x, y = networks.data()

    def fit(strategy):
        set_random_seed(1)
        with strategy.scope():
            model = networks.mlp()
            model.compile(optimizer(), "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=3, batch_size=10, verbose=0)
        return model.get_weights()

    for found, expected in zip(fit(simulated(2)), fit(Strategy()), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


class TwoSteps(Model):
    """A training procedure of its own, with two optimizers and a log that is no metric."""

    def __init__(self):
        super().__init__()
        self.a, self.b = layers.Dense(4, activation="tanh"), layers.Dense(1)
        self.other = optimizers.SGD(0.02)
        self.seen = metrics.Mean(name="seen")

    def call(self, x):
        return self.b(self.a(x))

    def train_step(self, data):
        x, y = data
        with GradientTape(persistent=True) as tape:
            error = losses.mean_squared_error(y, self(x, training=True))
            loss = error.sum() * (1.0 / len(error))
        first, second = self.a.trainable_variables, self.b.trainable_variables
        gradients = tape.gradient(loss, [first, second])
        self.optimizer.apply_gradients(zip(gradients[0], first, strict=True))
        self.other.apply_gradients(zip(gradients[1], second, strict=True))
        self.seen.update_state(error)
        return {"seen": self.seen.result(), "raw": loss}


def test_a_train_step_of_ones_own(float64):
    x = np.random.default_rng(0).normal(size=(20, 3))
    y = x[:, :1] * x[:, 1:2]

    def fit(strategy):
        set_random_seed(1)
        with strategy.scope():
            model = TwoSteps()
            model.compile(optimizers.SGD(0.1))
        history = model.fit(x, y, batch_size=7, epochs=3, verbose=0)
        return [*model.get_weights(), *history.history.values()]

    for found, expected in zip(fit(simulated(2)), fit(Strategy()), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_loop_of_ones_own(float64):
    """`run`, `reduce` and the context of a replica, as the tutorials use them."""
    x, y = networks.data()

    def fit(strategy):
        set_random_seed(3)
        with strategy.scope():
            assert get_strategy() is strategy and has_strategy()
            model, optimizer = networks.mlp(), optimizers.SGD(0.05)
            accuracy = metrics.SparseCategoricalAccuracy()
            loss_of = losses.SparseCategoricalCrossentropy(reduction="none")

        def step(inputs):
            images, labels = inputs
            context = distribute.get_replica_context()
            assert context.num_replicas_in_sync == strategy.num_replicas_in_sync
            with GradientTape() as tape:
                outputs = model(images, training=True)
                loss = distribute.compute_average_loss(loss_of(labels, outputs), None, 10)
                loss = loss + distribute.scale_regularization_loss(model.losses)
            found = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(found, model.trainable_variables, strict=True))
            accuracy.update_state(labels, outputs)
            whole = context.all_reduce("sum", loss)
            return loss, whole, len(labels)

        logs = []
        batches = [(x[i : i + 10], y[i : i + 10]) for i in range(0, 50, 10)]
        for inputs in strategy.experimental_distribute_dataset(batches):
            loss, whole, count = strategy.run(step, args=(inputs,))
            logs.append(float(strategy.reduce("SUM", loss)))
            assert all(float(w) == pytest.approx(logs[-1]) for w in
                       strategy.experimental_local_results(whole))  # fmt: skip
            assert float(strategy.reduce(distribute.ReduceOp.SUM, count)) == 10
        return [*model.get_weights(), logs, float(accuracy.result())]

    for found, expected in zip(fit(simulated(3)), fit(Strategy()), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-11)
    assert not has_strategy() and get_strategy().num_replicas_in_sync == 1


def test_a_fit_goes_on_from_its_backup(tmp_path):
    class Halt(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations.data == 9:
                raise KeyboardInterrupt

    expected = networks.fit(simulated(2), networks.dropping, epochs=3)
    watchers = [callbacks.BackupAndRestore(tmp_path, save_freq=4)]
    with pytest.raises(KeyboardInterrupt):
        networks.fit(simulated(2), networks.dropping, 3, callbacks=[*watchers, Halt()])
    found = networks.fit(simulated(2), networks.dropping, 3, callbacks=watchers)
    for key in expected:
        if key[0] in "wo":
            np.testing.assert_array_equal(found[key], expected[key], err_msg=key)


def test_replicas_draw_their_own_dropout():
    """Two equal halves of a batch lose other values."""
    strategy, seen = simulated(2), []
    with strategy.scope():
        model = Sequential([Input((64,)), layers.Dropout(0.5, seed=1)])
    strategy.run(lambda: seen.append(model(np.ones((4, 64), np.float32), training=True).numpy()))
    assert len(seen) == 2 and (seen[0] != seen[1]).any()


def test_replicas_that_part_are_an_error():
    strategy = simulated(2)
    with strategy.scope():
        model = Sequential([Input((2,)), layers.Dense(1)])
        optimizer = optimizers.SGD(0.1)

    def step():
        if distribute.get_replica_context().replica_id_in_sync_group == 0:
            optimizer.apply([np.ones((2, 1)), np.ones(1)], model.trainable_variables)

    with pytest.raises(EdgekitError, match="the replicas do not do the same"):
        strategy.run(step)
    with pytest.raises(ZeroDivisionError):
        strategy.run(lambda: 1 / 0)
    assert distribute.get_replica_context() is None


def test_wrong_use_is_refused():
    for devices in (["tpu:0"], ["cpu:0", "cpu:0"], ["cpu:0", "gpu:0"], []):
        with pytest.raises(InputError):
            MirroredStrategy(devices)
    assert MirroredStrategy(["/device:CPU:1", "CPU:0"]).devices == ["cpu:1", "cpu:0"]
    with pytest.raises(InputError, match="by 'SUM' or 'MEAN'"):
        Strategy().reduce("max", 1.0)
    with simulated(2).scope():
        model = Sequential([Input((3, 1), batch_size=2), layers.LSTM(2, stateful=True)])
        model.compile("sgd", "mse")
    with pytest.raises(InputError, match=r"layers \['lstm.*keep a state for each sample"):
        model.fit(np.zeros((4, 3, 1)), np.zeros((4, 2)), batch_size=2, verbose=0)


class Rows(PyDataset):
    """Batches of 7 samples by number."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return -(-len(self.x) // 7)

    def __getitem__(self, index):
        rows = slice(index * 7, index * 7 + 7)
        return self.x[rows], self.y[rows]


def forever(x, y):
    while True:
        for start in range(0, len(x), 7):
            yield x[start : start + 7], y[start : start + 7]


@pytest.mark.parametrize("kind", ["dataset", "generator", "weighted", "single steps"])
def test_every_kind_of_data_is_cut(kind, float64):
    x, y = networks.data()

    def fit(strategy):
        set_random_seed(1)
        with strategy.scope():
            model = networks.mlp()
            model.compile(
                optimizers.SGD(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
            )
        if kind == "dataset":
            logs = model.fit(Rows(x, y), epochs=2, verbose=0, validation_data=Rows(x, y))
        elif kind == "generator":
            logs = model.fit(forever(x, y), steps_per_epoch=3, epochs=3, verbose=0)
        elif kind == "weighted":
            logs = model.fit(x, y, 7, 2, 0, class_weight={0: 3.0, 2: 0.1}, validation_split=0.3)
        else:
            logs = [model.train_on_batch(x[i : i + 5], y[i : i + 5]) for i in range(0, 20, 5)]
            logs += [model.test_on_batch(x, y), model.predict_on_batch(x[:3]).tolist()]
            return [*model.get_weights(), *logs]
        return [*model.get_weights(), *logs.history.values()]

    for found, expected in zip(fit(simulated(3)), fit(Strategy()), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)
