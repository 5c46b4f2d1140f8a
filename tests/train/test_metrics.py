"""Metrics against Keras, their names and states, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train import Tensor, metrics
from edgekit.train.masks import set_mask
from tests.train.keras_cases import DEFAULTS
from tests.train.keras_cases.metrics import METRICS
from tests.train.keras_goldens import arrays, defaults, same_config


def show(metric, kind, weighted, cls):
    """The data of a kind in two batches, as Keras was shown them."""
    found = arrays("metrics")
    y_true, y_pred = found[f"{kind}/true"], found[f"{kind}/pred"]
    weight = found["weight"]
    if kind == "classes" and "IoU" in cls:
        weight = np.stack([weight, weight], axis=1)
    for rows in (slice(0, 4), slice(4, None)):
        metric.update_state(
            y_true[rows], y_pred[rows], sample_weight=weight[rows] if weighted else None
        )


@pytest.mark.parametrize(("name", "cls", "arguments", "kind"), METRICS, ids=[x[0] for x in METRICS])
@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_over_two_batches_are_those_of_keras(name, cls, arguments, kind, weighted):
    metric = getattr(metrics, cls)(**arguments)
    show(metric, kind, weighted, cls)
    expected = arrays("metrics")[f"metric_{name}" + ("_weighted" if weighted else "")]
    result = np.asarray(metric.result())
    assert result.shape == expected.shape
    # float32; Keras adds up in float32, edgekit in float64
    np.testing.assert_allclose(result, expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize(("name", "cls", "arguments", "kind"), METRICS, ids=[x[0] for x in METRICS])
def test_state_goes_on_elsewhere_and_is_reset(name, cls, arguments, kind):
    metric, other = (getattr(metrics, cls)(**arguments) for _ in range(2))
    show(metric, kind, True, cls)
    whole = np.asarray(metric.result())
    state = [np.array(a) for a in metric.state()]
    show(other, kind, False, cls)
    other.restore(state)
    np.testing.assert_array_equal(np.asarray(other.result()), whole)
    metric.reset_state()
    assert all(not np.any(a) for a in metric.state())
    show(metric, kind, True, cls)
    np.testing.assert_array_equal(np.asarray(metric.result()), whole)


@pytest.mark.parametrize("cls", DEFAULTS["metrics"])
def test_defaults_are_those_of_keras(cls):
    made = getattr(metrics, cls)(**DEFAULTS["metrics"][cls])
    keras = defaults()["metrics"][cls]
    named = cls in ("AUC", "IoU", "MeanIoU") or "name" not in keras
    assert named or made.name.startswith(keras["name"].rstrip("_0123456789"))
    assert same_config(made.get_config(), keras) == []
    assert made.get_config().keys() == keras.keys()
    again = metrics.deserialize(metrics.serialize(made))
    assert type(again) is type(made) and again.get_config() == made.get_config()


def test_names_of_metrics():
    for name, cls in (
        ("mse", "MeanSquaredError"), ("MAE", "MeanAbsoluteError"), ("AUC", "AUC"), ("auc", "AUC"),
        ("kld", "KLDivergence"), ("precision", "Precision"), ("mean_io_u", None),
        ("r2_score", "R2Score"), ("f1_score", "F1Score"), ("log_cosh_error", "LogCoshError"),
    ):  # fmt: skip
        if cls is not None:
            found = metrics.get(name)
            assert type(found).__name__ == cls and found.name == name


def test_every_metric_says_which_way_is_better():
    unknown = {name for name, cls in metrics.CLASSES.items() if cls._direction is None}
    assert unknown == {"Mean", "Sum", "MeanMetricWrapper"}


def test_masked_steps_do_not_count():
    y_pred = Tensor(np.array([[1.0, 5.0], [2.0, 7.0]], np.float32))
    set_mask(y_pred, Tensor(np.array([[True, False], [True, True]])))
    metric = metrics.MeanMetricWrapper(lambda y_true, y_pred: y_pred)
    metric.update_state(np.zeros((2, 2), np.float32), y_pred)
    assert float(metric.result()) == pytest.approx(10 / 3)


@pytest.mark.parametrize(
    "metric",
    [
        metrics.AUC(),
        metrics.AUC(thresholds=[0.3]),
        metrics.Precision(),
        metrics.Precision([0, 0.7]),
    ],
)
def test_outputs_that_are_not_numbers_are_above_no_threshold(metric):
    metric.update_state([1, 0, 1], np.array([np.nan, 0.2, np.nan], np.float32))
    assert all(hits == 0 for hits in metric.true_positives.numpy())
    metric.update_state([1], np.array([np.inf], np.float32))
    assert metric.true_positives.numpy()[0] == 1


def test_any_callable_is_a_metric():
    metric = metrics.get(lambda y_true, y_pred: y_pred - y_true)
    metric.update_state(Tensor([[1.0], [2.0]]), Tensor([[2.0], [4.0]]))
    assert float(metric.result()) == 1.5 and metric.result().numpy().dtype == np.float32


def test_a_metric_of_ones_own():
    class Largest(metrics.Metric):
        def __init__(self):
            super().__init__(name="largest")
            self.value = self.add_variable(name="value")
            self.mean = metrics.Mean()

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.value.assign(np.maximum(self.value.numpy(), np.max(np.asarray(y_pred))))
            self.mean.update_state(y_pred)

        def result(self):
            return self.value

    metric = Largest()
    metric.update_state(None, np.array([1.0, 5.0], np.float32))
    metric.update_state(None, np.array([2.0], np.float32))
    assert float(metric.result()) == 5
    assert [v.name for v in metric.variables] == ["value", "total", "count"]
    metric.reset_state()
    assert float(metric.result()) == 0


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: metrics.get("acuracy"), UnsupportedOperator, "Did you mean 'accuracy'"),
        (lambda: metrics.AUC(curve="roca"), InputError, "curve must be one of"),
        (lambda: metrics.AUC(num_thresholds=1), InputError, "must be above 1"),
        (lambda: metrics.AUC(num_labels=2), InputError, "multi_label=True only"),
        (lambda: metrics.Precision(thresholds=[0.5, 2]), InputError, "must be from 0 to 1"),
        (lambda: metrics.RecallAtPrecision(1.5), InputError, "precision must be from 0 to 1"),
        (lambda: metrics.FBetaScore(beta=1), InputError, "beta must be"),
        (lambda: metrics.F1Score(average="all"), InputError, "average must be one of"),
        (lambda: metrics.IoU(2, [2]), InputError, "target_class_ids reach 2"),
        (lambda: metrics.R2Score("mean"), InputError, "class_aggregation must be"),
        (lambda: metrics.Precision()([1, 0, 1], np.zeros((3, 2))), ShapeError,
         r"y_true has shape \(3,\)"),
        (lambda: metrics.F1Score()([1, 0], np.zeros((2, 2))), ShapeError, "one-hot labels"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(act, error, message):
    with pytest.raises(error, match=message):
        act()
