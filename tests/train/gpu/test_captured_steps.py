"""What a captured step hands on from replay to replay, and what cannot be captured."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from edgekit.train import (
    GradientTape,
    Model,
    Sequential,
    backend,
    callbacks,
    layers,
    metrics,
    optimizers,
    set_float32_precision,
    set_random_seed,
)
from edgekit.train.gpu import capture
from edgekit.train.gpu.reasons import place_of
from edgekit.train.metrics import Metric
from edgekit.train.ops.math import mean, square
from edgekit.train.structure import map_structure
from tests.train.device import needs_simulation

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(72, 6)).astype(np.float32)
Y = RANDOM.integers(0, 3, 72)


def network(*more, optimizer="sgd", model_type=Sequential, metrics=("accuracy",), **options):
    set_random_seed(1)
    model = model_type([layers.Input((6,)), *more, layers.Dense(3, activation="softmax")])
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer, loss, metrics=list(metrics), **options)
    return model


def fitted(make, epochs=3, batch_size=8, **options):
    model = make()
    history = model.fit(X, Y, batch_size=batch_size, epochs=epochs, verbose=0, **options).history
    return model, history


def assert_same(a, b):
    (first, one), (second, other) = a, b
    assert one == other
    for p, q in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(p, q)


def captured(gpu, make, **options):
    """The outcome of a fit of which every step but the first two of a kind came from a graph."""
    before = gpu.graph_launches
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fitted(make, **options)
    assert found[0]._gpu_loop.step("train_step").refusal is None
    assert gpu.graph_launches > before
    return found


def as_written(gpu, make, **options):
    """The same fit, step by step."""
    before = gpu.graph_launches
    found = fitted(lambda: eager(make()), **options)
    assert gpu.graph_launches == before
    return found


def eager(model):
    model.run_eagerly = True
    return model


# -- what is handed on ----------------------------------------------------------------------------


class Running(layers.Layer):
    """Keeps a mean of its inputs in an attribute, which every call binds anew."""

    def build(self, input_shape):
        self.seen = backend.asarray(np.zeros(input_shape[-1], np.float32))
        self.pair = [self.seen, self.seen + np.float32(1)]

    def call(self, inputs, training=False):
        if training:
            self.seen = self.seen * np.float32(0.9) + inputs.data.mean(axis=0)
            # each becomes what the other was
            self.pair = [self.pair[1], self.pair[0] + np.float32(0.5)]
        return inputs - self.seen


class Largest(Metric):
    """The largest output so far, bound anew by every batch."""

    def __init__(self):
        super().__init__(name="largest")
        self.reset_state()

    def reset_state(self):
        self.value = 0.0

    def update_state(self, y_true, y_pred, sample_weight=None):
        module = backend.array_module(y_pred.data)
        self.value = module.maximum(module.asarray(self.value), y_pred.data.max())

    def result(self):
        return self.value


def state_of(model):
    layer = next(layer for layer in model.layers if isinstance(layer, Running))
    return [backend.to_numpy(a) for a in (layer.seen, *layer.pair)]


def test_arrays_that_steps_bind_anew_are_handed_on(gpu):
    def make():
        return network(Running(), metrics=["accuracy", Largest()])

    one, other = captured(gpu, make), as_written(gpu, make)
    assert_same(one, other)
    for p, q in zip(state_of(one[0]), state_of(other[0]), strict=True):
        np.testing.assert_array_equal(p, q)
    with backend.device("cpu"):
        expected = state_of(fitted(make)[0])
    for p, q in zip(state_of(one[0]), expected, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-5)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: optimizers.Adam(optimizers.schedules.ExponentialDecay(0.02, 5, 0.7)),
        lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=0.5),
        lambda: optimizers.AdamW(0.01, global_clipnorm=1.0, use_ema=True),
        lambda: optimizers.RMSprop(0.01, gradient_accumulation_steps=2),
        lambda: optimizers.Nadam(0.01, weight_decay=0.01),
    ],
)
def test_what_optimizers_count(gpu, optimizer):
    def make():
        return network(layers.BatchNormalization(), layers.Dropout(0.4), optimizer=optimizer())

    one, other = captured(gpu, make), as_written(gpu, make)
    assert_same(one, other)
    steps = int(one[0].optimizer.iterations)
    assert steps == int(other[0].optimizer.iterations) > 0
    versions = [[v.version for v in model.trainable_variables] for model in (one[0], other[0])]
    assert versions[0] == versions[1]
    for p, q in zip(one[0].optimizer.get_weights(), other[0].optimizer.get_weights(), strict=True):
        np.testing.assert_array_equal(p, q)


def test_a_rate_that_callbacks_set(gpu):
    def options():
        rate = callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (1 + epoch))
        return {"callbacks": [rate, callbacks.ReduceLROnPlateau("loss", patience=1, factor=0.5)]}

    assert_same(captured(gpu, network, **options()), as_written(gpu, network, **options()))


class Brake(callbacks.Callback):
    """Changes a number of a layer between epochs, and freezes it later."""

    def on_epoch_begin(self, epoch, logs=None):
        dropout, dense = self.model.layers[-2:]
        dropout.rate = 0.2 * (1 + epoch)
        if epoch == 2:
            dense.bias.assign(np.ones(3, np.float32))


def test_numbers_that_callbacks_change_are_captured_anew(gpu):
    def make():
        return network(layers.Dropout(0.1))

    options = {"callbacks": [Brake()]}
    assert_same(captured(gpu, make, **options), as_written(gpu, make, **options))


def test_a_layer_that_is_frozen_without_compiling(gpu):
    outcomes = []
    for run_eagerly in (False, True):
        model = network(layers.Dense(5))
        model.run_eagerly = run_eagerly
        model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
        before = model.get_weights()
        model.layers[-2].kernel.trainable = False
        history = model.fit(X, Y, batch_size=8, epochs=1, verbose=0).history
        np.testing.assert_array_equal(model.get_weights()[0], before[0])
        assert np.any(model.get_weights()[1] != before[1])
        outcomes.append((model, history))
    assert_same(*outcomes)


def test_the_precision_of_products_is_that_of_the_fit(gpu):
    model = network()
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    step = model._gpu_loop.step("train_step")
    graphs = dict(step._graphs)
    model.fit(X, Y, batch_size=8, verbose=0)
    assert step._graphs == graphs
    set_float32_precision("tf32")
    try:
        model.fit(X, Y, batch_size=8, verbose=0)
    finally:
        set_float32_precision("ieee")
    assert graphs.keys() == step._graphs.keys()
    assert not {id(one) for one in graphs.values()} & {id(one) for one in step._graphs.values()}


def test_a_model_compiled_anew_is_captured_anew(gpu):
    outcomes = []
    for run_eagerly in (False, True):
        model = network(layers.Dense(5))
        model.run_eagerly = run_eagerly
        model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
        model.layers[-2].trainable = False
        model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=run_eagerly)
        history = model.fit(X, Y, batch_size=8, epochs=2, verbose=0).history
        outcomes.append((model, history))
    assert_same(*outcomes)


def test_graphs_outlive_a_fit(gpu):
    model = network()
    model.fit(X, Y, batch_size=8, epochs=1, verbose=0)
    launches = gpu.graph_launches
    model.fit(X[:40] + 1, Y[:40], batch_size=8, epochs=1, verbose=0)  # other data, as many rows
    assert gpu.graph_launches == launches + 5


class TwoParts(Model):
    """A training procedure of one's own: two optimizers, one of them twice a step."""

    def __init__(self):
        super().__init__()
        set_random_seed(1)
        self.one, self.other = layers.Dense(4), layers.Dense(6)
        self.second = optimizers.Adam(0.01)
        self.measured = metrics.Mean(name="measured")

    def call(self, inputs):
        return self.other(self.one(inputs))

    def train_step(self, data):
        x = data[0] if isinstance(data, tuple) else data
        for part, optimizer in (
            (self.one, self.optimizer), (self.other, self.second), (self.other, self.second),
        ):  # fmt: skip
            with GradientTape() as tape:
                loss = mean(square(self(x, training=True) - x))
            variables = part.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        self.measured.update_state(loss)
        return {"measured": self.measured.result()}


def test_a_training_procedure_of_ones_own(gpu):
    def make():
        model = TwoParts()
        model.compile(optimizers.SGD(0.05))
        return model

    one, other = captured(gpu, make), as_written(gpu, make)
    assert_same(one, other)
    assert int(one[0].second.iterations) == 2 * int(one[0].optimizer.iterations) == 54


# -- what cannot be -------------------------------------------------------------------------------


class Choosing(layers.Layer):
    def call(self, inputs):
        if float(inputs.data.sum()) > 0:
            return inputs
        return -inputs


class Counting(layers.Layer):
    calls_made = 0

    def call(self, inputs, training=False):
        if training:
            self.calls_made += 1
        return inputs * (1.0 if self.calls_made % 2 else 0.5)


class HostNoise(layers.Layer):
    def __init__(self):
        super().__init__()
        self.source = np.random.default_rng(4)

    def call(self, inputs, training=False):
        return inputs * float(self.source.uniform(0.9, 1.1))


class Growing(layers.Layer):
    def build(self, input_shape):
        self.kept = backend.asarray(np.zeros(1, np.float32))

    def call(self, inputs, training=False):
        if training:
            module = backend.array_module(inputs.data)
            self.kept = module.concatenate([self.kept, inputs.data[0, :1]])
        return inputs


class Reporting(Sequential):
    def train_step(self, data):
        logs = super().train_step(data)
        return {"doubled": 2 * float(logs["loss"])}


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (
            Choosing,
            r"layer '[\w/]*choosing\w*', line \d+ of test_captured_steps.py \(if float.* reads a",
        ),
        (Counting, r"'counting\w*' \(Counting\), attribute calls_made went from 1 to 2"),
        (HostNoise, r"'host_noise\w*' \(HostNoise\), attribute source draws random numbers"),
        (Growing, r"'growing\w*' \(Growing\), attribute kept went from float32\(3,\) to float32"),
    ],
)
def test_steps_that_cannot_be_captured_run_as_written_and_say_why(gpu, layer, said):
    with pytest.warns(RuntimeWarning, match=said) as caught:
        found = fitted(lambda: network(layer()))
    assert len(caught) == 1
    assert "train_step runs on the GPU operation by operation" in str(caught[0].message)
    assert_same(found, as_written(gpu, lambda: network(layer())))
    with backend.device("cpu"):
        expected = fitted(lambda: network(layer()))[1]
    np.testing.assert_allclose(found[1]["loss"], expected["loss"], rtol=1e-4)


def test_a_train_step_that_reads_a_value(gpu):
    with pytest.warns(RuntimeWarning, match="it returns a number of Python's that changes"):
        found = fitted(lambda: network(model_type=Reporting))
    assert_same(found, as_written(gpu, lambda: network(model_type=Reporting)))


class NewOptimizer(optimizers.Optimizer):
    """An optimizer of one's own, which no kernel knows."""

    def __init__(self):
        super().__init__(learning_rate=0.1)

    def update_step(self, gradient, variable, learning_rate):
        variable.assign_sub(gradient * float(learning_rate))


def test_an_optimizer_without_a_kernel(gpu):
    with pytest.warns(RuntimeWarning, match="NewOptimizer has no kernel"):
        found = fitted(lambda: network(optimizer=NewOptimizer()))
    with backend.device("cpu"):
        expected = fitted(lambda: network(optimizer=NewOptimizer()))[1]
    np.testing.assert_allclose(found[1]["loss"], expected["loss"], rtol=1e-4)


def test_not_every_kind_of_batch_gets_a_graph(gpu, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(capture, "MOST_GRAPHS", 1)
        limited = fitted(network, batch_size=20, epochs=5)  # three of 20 samples, one of 12
    assert {kind[-1] for kind, _ in limited[0]._gpu_loop.step("train_step")._graphs} == {20}
    assert_same(limited, as_written(gpu, network, batch_size=20, epochs=5))


def test_run_eagerly_needs_no_warning_and_is_kept_in_the_config(gpu):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model, _ = fitted(lambda: network(Choosing(), run_eagerly=True))
    assert gpu.graph_launches == 0
    assert model.get_compile_config()["run_eagerly"] is True


def test_an_error_of_the_user_stays_an_error(gpu):
    class Failing(layers.Layer):
        made = 0

        def call(self, inputs, training=False):
            type(self).made += training
            if type(self).made > 2:
                raise ZeroDivisionError("here")
            return inputs

    with (
        pytest.warns(RuntimeWarning, match="ZeroDivisionError: here"),
        pytest.raises(ZeroDivisionError, match="here"),
    ):
        fitted(lambda: network(Failing()))
    model = network()  # and the GPU can be used afterwards
    model.fit(X, Y, batch_size=8, verbose=0)


@needs_simulation
def test_graphs_outlive_a_capture_for_which_memory_is_too_little(gpu):
    """Their memory is free to the pool: for want of more it may not go back to the system."""
    model = network(layers.Dense(16, activation="relu"))
    model.fit(X, Y, batch_size=8, epochs=3, verbose=0)
    pool = model._gpu_loop.work.pool
    pool.set_limit(size=pool.total_bytes() + 512)
    with pytest.warns(RuntimeWarning, match="Out of memory"):
        model.predict(np.tile(X, (20, 1)), batch_size=480, verbose=0)
    before = gpu.graph_launches
    other = network(layers.Dense(16, activation="relu"))
    other.fit(X, Y, batch_size=8, epochs=4, verbose=0)
    model.fit(X, Y, batch_size=8, epochs=1, verbose=0)
    assert gpu.graph_launches > before
    for p, q in zip(model.get_weights(), other.get_weights(), strict=True):
        assert np.isfinite(p).all() and p.shape == q.shape


def test_lines_of_cupy_are_not_the_users(gpu):
    """Errors of cupy's own code have frames in files that lie nowhere, such as core.pyx."""
    scope = {}
    exec(compile("def get(x):\n    raise RuntimeError('no')", "cupy/_core/core.pyx", "exec"), scope)
    try:
        map_structure(scope["get"], [1])  # the line of the user
    except RuntimeError as error:
        found = place_of(error)
    assert "of test_captured_steps.py (map_structure" in found and "core.pyx" not in found
