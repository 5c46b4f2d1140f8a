"""Recurrent layers in training for int8: what they compute, their gradients, what they cannot."""

from __future__ import annotations

import numpy as np
import pytest

import edgekit
from edgekit.errors import UnsupportedOperator
from edgekit.interpreter import Interpreter
from edgekit.train import (
    Input,
    Model,
    Sequential,
    layers,
    load_model,
    losses,
    models,
    set_random_seed,
)
from edgekit.train.callbacks import ModelCheckpoint
from edgekit.train.ops.recurrent import gru, lstm, simple_rnn
from edgekit.train.optimizers import Adam
from edgekit.train.quantization import (
    Int8Accuracy,
    Recipe,
    fake_quantize,
    fake_quantize_weight,
    quantize_model,
)
from edgekit.train.quantization.rewriter import Rewriter
from edgekit.train.quantization.scales import Scales
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Variable
from tests.train.test_recurrent_conversion import MODELS, WORDS, made, sequential

each = layers.TimeDistributed


def states_and_outputs():
    x = Input((6, 4))
    y, hidden, cell = layers.LSTM(4, return_state=True, return_sequences=True)(x)
    return Model(x, layers.Concatenate()([layers.Flatten()(y), hidden, cell]))


def learned_beginning():
    x = Input((6, 4))
    first = layers.Dense(5, activation="tanh")(layers.Flatten()(x))
    return Model(x, layers.GRU(5)(x, initial_state=first))


MORE = {
    "states and outputs": states_and_outputs,
    "learned beginning": learned_beginning,
    "one time": lambda: Sequential([Input((1, 4)), layers.GRU(4), layers.Dense(2)]),
    "linear": lambda: sequential(layers.SimpleRNN(4, activation="linear"), layers.Dense(2)),
    "in float": lambda: sequential(
        layers.LSTM(4, activation="relu", return_sequences=True), layers.LSTM(3)
    ),
    "no bias": lambda: sequential(
        layers.LSTM(4, use_bias=False, return_sequences=True),
        layers.GRU(4, use_bias=False, return_sequences=True),
        layers.SimpleRNN(4, use_bias=False, go_backwards=True),
    ),
    "hard sigmoid": lambda: sequential(layers.GRU(4, recurrent_activation="hard_sigmoid")),
    "another curve": lambda: sequential(layers.LSTM(4, activation="elu"), layers.Dense(2)),
    "normalized": lambda: sequential(
        layers.GRU(4, return_sequences=True), layers.BatchNormalization(), layers.LSTM(3)
    ),
    "sequences over time": lambda: Sequential(
        [Input((3, 5, 4)), each(layers.GRU(3)), each(layers.Dense(3)), layers.LSTM(4)]
    ),
    "memories over time": lambda: Sequential([Input((3, 5, 4)), each(layers.LSTM(3))]),
    "pieces over time": lambda: Sequential(
        [Input((3, 5, 4)), each(layers.BatchNormalization()), each(layers.Activation("silu"))]
    ),
}


@pytest.mark.parametrize("name", [*MODELS, *WORDS, *MORE])
def test_predictions_equal_the_interpreter(name, monkeypatch):
    """With ranges from calibration; at most 2 of 100 outputs are a step off, none further."""
    for key, model in MORE.items():
        monkeypatch.setitem(MODELS, key, model)
    model, x = made(name, count=40)
    aware = quantize_model(model, calibration=x)
    assert aware.plan.unlearned == {}
    graph = edgekit.convert(aware).graph
    given, output = graph.value(graph.inputs[0]), graph.value(graph.outputs[0])
    counted = x.astype(given.dtype) if given.quant is None else x  # words are whole numbers
    stored = np.asarray(Interpreter(graph).run({given.name: counted})[output.name])
    predicted = aware.predict(x, verbose=0)
    if output.quant is not None:
        predicted = np.rint(predicted / output.quant.scale[0]) + output.quant.zero_point[0]
        assert len(np.unique(stored)) > 10
    difference = np.abs(predicted - stored.astype(np.float64))
    assert difference.max() <= (1 if output.quant is not None else 1e-5)
    assert (difference > 1e-5).mean() <= 0.02


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_a_layer_kept_in_float(kind):
    """Its neighbours round what it gives them, and nothing is rounded inside."""
    cls = getattr(layers, kind)
    stack = cls(5, return_sequences=True, name="kept"), cls(4), layers.Dense(3)
    model, x = sequential(*stack), np.random.default_rng(0).normal(size=(64, 6, 4))
    x = x.astype(np.float32)
    aware = quantize_model(model, Recipe(keep_float=["kept"]), calibration=x)
    converted = edgekit.convert(aware)
    assert {name.partition(" ")[0] for name in converted.report.float_layers} == {"kept"}
    graph = converted.graph
    scale = graph.value(graph.outputs[0]).quant.scale[0]
    steps = np.abs(Interpreter(graph).predict(x) - aware.predict(x, verbose=0)) / scale
    assert steps.max() < 1.5 and (steps > 0.5).mean() <= 0.02


PRIMITIVES = {
    "GRU": (gru, {}, {}),
    "GRU, reset before": (gru, {"reset_after": False}, {"reset_after": False}),
    "SimpleRNN": (simple_rnn, {}, {}),
    "LSTM, written out": (lstm, {"return_state": True}, {"state": True}),
}


class Frozen:
    """Roundings as they were at one point: what is within the limits moves along, by a constant."""

    def __init__(self, monkeypatch):
        self.offsets, self.count, self.recording = [], 0, True
        for primitive in (fake_quantize, fake_quantize_weight):
            monkeypatch.setattr(primitive, "forward", self.around(primitive.forward))

    def around(self, rounded):
        def forward(x, *given, **attrs):
            if self.recording:
                y = rounded(x, *given, **attrs)
                # half a step further is further, unless the end is reached
                (step,) = given or (attrs["scale"],)
                inside = np.abs(y - x) <= 0.5000001 * np.asarray(step)
                self.offsets.append((inside, y - x * inside))
                return y
            inside, offset = self.offsets[self.count]
            self.count += 1
            return x * inside + offset

        return forward


@pytest.mark.parametrize("name", PRIMITIVES)
def test_gradients_go_straight_through_time(name, monkeypatch):
    """Against differences of the same network in float64 with all roundings held fixed."""
    primitive, options, attrs = PRIMITIVES[name]
    layer = getattr(layers, name.split(",")[0])(4, **options, name="layer", return_sequences=True)
    rng = np.random.default_rng(2)
    inputs = Input((6, 4))
    outputs = layer(inputs)
    model = Model(inputs, outputs if "return_state" not in options else list(outputs))
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.7, variable.shape).astype(np.float32))
    aware = quantize_model(model, calibration=rng.normal(size=(40, 6, 4)).astype(np.float32))
    # half of the samples reach beyond the ranges, where the gradient ends
    x = rng.normal(0, [[[0.5]], [[2.0]]], size=(2, 6, 4))
    given = [Variable(a.astype("float64")) for a in (x, *model.get_weights())]
    aware(x.astype(np.float32))  # makes the scales
    step = aware.plan.steps["layer", primitive.name, 0]

    def run():
        rewriter = Rewriter(aware.plan, aware._scales, False, False, True)
        return rewriter._run(step, primitive, [*given, None], {**attrs, "sequences": True})[0]

    frozen = Frozen(monkeypatch)
    weights = rng.normal(size=(2, 8, 4))

    def total_of(y):
        return (y * weights[:, : y.shape[1]]).sum()

    with GradientTape() as tape:
        total = total_of(run())
    found = tape.gradient(total, given)
    frozen.recording = False
    assert 0 < np.mean([1 - inside.mean() for inside, _ in frozen.offsets]) < 0.5

    def value():
        frozen.count = 0
        return float(total_of(run()))

    for variable, gradient in zip(given, found, strict=True):
        direction, at = rng.normal(size=variable.shape), variable.numpy().copy()
        ends = []
        for sign in (1, -1):
            variable.assign(at + sign * 1e-5 * direction)
            ends.append(value())
        variable.assign(at)
        expected = (ends[0] - ends[1]) / 2e-5
        assert np.vdot(gradient.numpy(), direction) == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("with_kernel", [True, False])
@pytest.mark.parametrize("name", PRIMITIVES)
def test_operators_heed_dropout_as_the_primitive_does(name, with_kernel):
    """Without rounding they are the same sums, each gate with factors of its own for the state."""
    primitive, options, attrs = PRIMITIVES[name]
    layer = getattr(layers, name.split(",")[0])(4, **options, name="layer", return_sequences=True)
    inputs = Input((6, 4))
    outputs = layer(inputs)
    aware = quantize_model(Model(inputs, list(outputs) if "return_state" in options else outputs))
    step = aware.plan.steps["layer", primitive.name, 0]
    rng = np.random.default_rng(4)
    kernel, recurrent, bias = (rng.normal(size=w.shape) for w in layer.get_weights())
    x = rng.normal(size=(3, 6, 4))
    gates = recurrent.shape[1] // 4
    dropped = (rng.uniform(size=(gates, 3, 4)) < 0.5) * 2.0
    states = [None] * len(layer.state_size)
    if not with_kernel:  # the input holds the products
        x, kernel = x @ kernel, None
    given = [x, kernel, recurrent, bias, *states, None, dropped]
    tensors = [None if array is None else Variable(array, dtype="float64") for array in given]
    rewriter = Rewriter(aware.plan, Scales(aware.plan, aware._ranges, None), False, True, True)
    attrs = {**attrs, "sequences": True}
    found = rewriter._run(step, primitive, tensors, attrs)[0]
    np.testing.assert_allclose(found.numpy(), primitive(*given, **attrs).numpy(), atol=1e-12)


def test_every_weight_is_trained():
    model, x = made("LSTM both ways", count=8)
    aware = quantize_model(model, calibration=x)
    with GradientTape() as tape:
        loss = (aware(x, training=True) * np.arange(1.0, 3.0, dtype=np.float32)).sum()
    found = tape.gradient(loss, aware.trainable_variables)
    for variable, gradient in zip(aware.trainable_variables, found, strict=True):
        assert np.abs(gradient.numpy()).max() > 0, variable.name


def spikes(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Six kinds of sequences (10, 6) of numbers around 0 to 1, two of them replaced by 96."""
    kinds = np.random.default_rng(7).uniform(0, 1, (6, 10, 6))
    y = rng.integers(0, 6, count)
    x = kinds[y] + rng.normal(0, 0.25, (count, 10, 6))
    for _ in range(2):
        x[np.arange(count), rng.integers(0, 10, count), rng.integers(0, 6, count)] = 96.0
    return x.astype(np.float32), y


def test_a_gru_loses_less_than_without(tmp_path):
    """One scale for all times and features leaves numbers up to 1 three steps. Trained on alike,
    the int8 model of the network that was trained for it is right at least 3 points more often.
    """
    rng = np.random.default_rng(0)
    (x, y), tests = spikes(rng, 1500), spikes(rng, 1000)

    def fit(model, epochs, rate, callbacks=()):
        loss = losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(Adam(rate), loss, metrics=["accuracy"])
        return model.fit(x, y, epochs=epochs, verbose=0, callbacks=list(callbacks)).history

    set_random_seed(0)
    model = Sequential([Input((10, 6)), layers.GRU(10), layers.Dense(6)])
    fit(model, 8, 5e-3)
    longer = models.clone_model(model)
    longer.set_weights(model.get_weights())
    fit(longer, 4, 2e-3)
    after = edgekit.convert(longer, x[:200], evaluate=tests).report.accuracy
    assert after.float_value - after.int8_value > 0.1

    aware, path = quantize_model(model, calibration=x[:200]), tmp_path / "best.keras"
    best = ModelCheckpoint(path, monitor="val_int8_accuracy", save_best_only=True)
    history = fit(aware, 4, 2e-3, [best, Int8Accuracy(tests)])
    accuracy = edgekit.convert(load_model(path), evaluate=tests).report.accuracy.int8_value
    assert accuracy == pytest.approx(max(history["val_int8_accuracy"]))
    assert accuracy > after.int8_value + 0.03


@pytest.mark.parametrize("time_by_time", [False, True])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_dropout_for_each_gate(kind, time_by_time):
    """Each gate has a mask of its own then, and products of its own with the kernel: as without
    dropout where nothing is dropped, and with new masks each time where something is.
    """
    shape = (3, 6, 4) if time_by_time else (6, 4)
    x = np.random.default_rng(0).normal(size=(8, *shape)).astype(np.float32)
    outputs = []
    for rate in (0.0, 1e-9, 0.5):
        set_random_seed(0)
        layer = getattr(layers, kind)(4, dropout=rate, recurrent_dropout=rate, seed=1)
        model = Sequential([Input(shape), each(layer) if time_by_time else layer])
        for variable in model.trainable_variables:
            variable.assign(np.random.default_rng(3).normal(size=variable.shape))
        aware = quantize_model(model, calibration=x)
        outputs.append([aware(x, training=True).numpy() for _ in range(2)])
    without, nothing, half = outputs
    for one, other in zip(without, nothing, strict=True):
        steps = np.abs(one - other) * 127 / np.abs(one).max()
        assert steps.max() < 1.5 and (steps > 0.5).mean() < 0.02
    assert np.abs(half[0] - without[0]).max() > 0.1
    assert np.abs(half[0] - half[1]).max() > 0.1


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_dropout_of_the_state_keeps_its_mean(kind):
    """Over many masks, of which each is drawn anew, training computes what inference does."""
    set_random_seed(1)
    model = sequential(getattr(layers, kind)(4, recurrent_dropout=0.2))
    x = np.random.default_rng(0).normal(size=(2, 6, 4)).astype(np.float32)
    aware = quantize_model(model, calibration=x, momentum=0.0)
    many = np.repeat(x, 2000, axis=0)
    found = aware(many, training=True).numpy().reshape(2, 2000, 4).mean(axis=1)
    # the curves bend what is drawn; 0.05 is a tenth of the outputs' range
    np.testing.assert_allclose(found, aware(x, training=False).numpy(), atol=0.05)


class Masked(Model):
    """Gives its layer a mask in training alone."""

    def __init__(self, kind):
        super().__init__()
        self.inside = getattr(layers, kind)(3, name="inside")

    def call(self, inputs, training=None):
        mask = np.ones(inputs.shape[:2], bool) if training else None
        return self.inside(inputs, mask=mask)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_mask_that_inference_has_not(kind):
    x = np.ones((2, 6, 4), np.float32)
    model = Masked(kind)
    model(x)
    aware = quantize_model(model)
    with pytest.raises(UnsupportedOperator, match="/inside' is given a mask"):
        aware(x, training=True)


def test_cells_with_dropout_for_each_gate_are_refused():
    cell = layers.LSTMCell(3, dropout=0.2, recurrent_dropout=0.2)
    aware = quantize_model(sequential(layers.RNN(cell, name="inside")))
    with pytest.raises(UnsupportedOperator, match=r"did not call .* in layer 'inside/"):
        aware(np.ones((2, 6, 4), np.float32), training=True)
