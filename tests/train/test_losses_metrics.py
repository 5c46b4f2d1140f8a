"""Losses and metrics against Keras, and what they say of targets that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train import GradientTape, Tensor, Variable, activations, losses, metrics
from tests.train.keras_cases import DEFAULTS
from tests.train.keras_cases.losses import LOSSES
from tests.train.keras_cases.metrics import METRICS
from tests.train.keras_goldens import arrays, defaults, same_config

LABELS = np.array([0, 2, 1])


@pytest.mark.parametrize(("name", "cls", "arguments", "kind"), LOSSES, ids=[x[0] for x in LOSSES])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_are_those_of_keras(name, cls, arguments, kind, weighted):
    found = arrays("losses")
    loss = getattr(losses, cls)(**arguments)
    weight = found["weight"] if weighted else None
    value = loss(found[f"{kind}/true"], found[f"{kind}/pred"], sample_weight=weight)
    expected = found[f"loss_{name}" + ("_weighted" if weighted else "")]
    assert value.shape == expected.shape
    # float32 logarithms of values near 1
    np.testing.assert_allclose(value.numpy(), expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize(("name", "cls", "arguments", "kind"), METRICS, ids=[x[0] for x in METRICS])
@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_over_two_batches_are_those_of_keras(name, cls, arguments, kind, weighted):
    found = arrays("metrics")
    metric = getattr(metrics, cls)(**arguments)
    y_true, y_pred = found[f"{kind}/true"], found[f"{kind}/pred"]
    for rows in (slice(0, 4), slice(4, None)):
        weight = found["weight"][rows] if weighted else None
        metric.update_state(y_true[rows], y_pred[rows], sample_weight=weight)
    expected = found[f"metric_{name}" + ("_weighted" if weighted else "")]
    np.testing.assert_allclose(float(metric.result()), expected, rtol=2e-6)
    metric.reset_state()
    assert float(metric.result()) == 0


@pytest.mark.parametrize("room", ["losses", "metrics"])
def test_defaults_are_those_of_keras(room):
    module = {"losses": losses, "metrics": metrics}[room]
    for cls, arguments in DEFAULTS[room].items():
        made = getattr(module, cls)(**arguments)
        keras = defaults()[room][cls]
        assert made.name == keras["name"]
        if cls == "Huber":
            keras = {"delta": 1.0, **keras}  # which Keras' config leaves out
        assert same_config(made.get_config(), keras) == [], cls


@pytest.mark.parametrize(
    ("function", "activation", "labels"),
    [
        (losses.sparse_categorical_crossentropy, activations.softmax, LABELS),
        (losses.categorical_crossentropy, activations.softmax, np.eye(3, dtype=np.float32)[LABELS]),
        (losses.binary_crossentropy, activations.sigmoid, np.eye(3, dtype=np.float32)[LABELS]),
    ],
)
def test_crossentropies_look_behind_the_last_activation(function, activation, labels):
    """exp(-200) is 0 in float32: computed from probabilities, loss and gradient would be wrong."""
    logits = Variable(np.array([[-200, 0, 0], [0, 0, 200], [3, 1, 2]], np.float32))
    with GradientTape() as tape:
        values = function(labels, activation(logits))
    gradient = tape.gradient(values, logits).numpy()
    direct = function(labels, logits, from_logits=True).numpy()
    np.testing.assert_array_equal(values.numpy(), direct)
    assert values.numpy()[0] > 60
    p = activation(Tensor(logits.numpy())).numpy()
    one_hot = np.eye(3, dtype=np.float32)[LABELS]
    share = 3 if function is losses.binary_crossentropy else 1
    np.testing.assert_allclose(gradient, (p - one_hot) / share, atol=1e-6)


def test_probabilities_of_unknown_origin_are_clipped():
    value = losses.sparse_categorical_crossentropy([0], np.array([[0.0, 1.0]], np.float32))
    np.testing.assert_allclose(value.numpy(), -np.log(1e-7), rtol=1e-5)


def test_any_callable_is_a_loss_and_a_metric():
    loss = losses.get(lambda y_true, y_pred: (y_true - y_pred) * (y_true - y_pred))
    assert float(loss(np.zeros((2, 1), np.float32), np.full((2, 1), 3, np.float32))) == 9
    metric = metrics.get(lambda y_true, y_pred: y_pred - y_true)
    metric.update_state(Tensor([[1.0], [2.0]]), Tensor([[2.0], [4.0]]))
    assert metric.result() == 1.5


def test_a_metric_of_ones_own():
    class Largest(metrics.Metric):
        def __init__(self):
            super().__init__(name="largest")
            self.value = self.add_variable(name="value")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.value.assign(np.maximum(self.value.numpy(), np.max(np.asarray(y_pred))))

        def result(self):
            return self.value

    metric = Largest()
    metric.update_state(None, np.array([1.0, 5.0], np.float32))
    metric.update_state(None, np.array([2.0], np.float32))
    assert float(metric.result()) == 5
    metric.reset_state()
    assert float(metric.result()) == 0


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: losses.get("sparse_categorical_crosentropy"), UnsupportedOperator,
         "Did you mean 'sparse_categorical_crossentropy'"),
        (lambda: metrics.get("acuracy"), UnsupportedOperator, "Did you mean 'accuracy'"),
        (lambda: losses.MeanSquaredError(reduction="avg"), InputError, "reduction must be one of"),
        (lambda: losses.mean_squared_error(np.zeros((2, 3)), np.zeros((2, 4))), ShapeError,
         r"y_true has shape \(2, 3\), the model gives \(2, 4\)"),
        (lambda: losses.categorical_crossentropy(LABELS, np.ones((3, 4))), ShapeError,
         "for class numbers use sparse_categorical_crossentropy"),
        (lambda: losses.sparse_categorical_crossentropy(np.eye(3), np.ones((3, 3))), ShapeError,
         "for one-hot labels use categorical_crossentropy"),
        (lambda: losses.sparse_categorical_crossentropy([0, 3], np.ones((2, 3)) / 3), ShapeError,
         "there are 3 classes"),
        (lambda: losses.sparse_categorical_crossentropy([0, -1], np.ones((2, 3)) / 3), ShapeError,
         "class numbers from -1"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(act, error, message):
    with pytest.raises(error, match=message):
        act()
