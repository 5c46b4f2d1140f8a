"""Metrics on the simulated GPU: results of the host, nothing waited for, replays that add up."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train import Sequential, Tensor, layers, metrics
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.gpu.state import capturing
from edgekit.train.metrics.metric import result_of
from tests.train.keras_cases.metrics import METRICS
from tests.train.keras_goldens import arrays

IDS = [case[0] for case in METRICS]


def batches(kind, cls, weighted):
    """The data of a kind in two batches of one size; targets, outputs, weights."""
    found = arrays("metrics")
    y_true, y_pred, weight = found[f"{kind}/true"], found[f"{kind}/pred"], found["weight"]
    if kind == "classes" and "IoU" in cls:
        weight = np.stack([weight, weight], axis=1)
    return [
        (asarray(y_true[rows]), asarray(y_pred[rows]), asarray(weight[rows]) if weighted else None)
        for rows in (slice(0, 4), slice(4, 8))
    ]


def shown(metric, data):
    for y_true, y_pred, weight in data:
        metric.update_state(y_true, Tensor(y_pred), sample_weight=weight)
    return np.asarray(to_numpy(metric.result()))


def test_every_class_is_among_the_cases():
    others = {"Mean", "Sum", "MeanMetricWrapper"}  # below, and what the others are made of
    assert {cls for _, cls, _, _ in METRICS} | others == set(metrics.CLASSES)


def test_a_step_reads_nothing(gpu):
    """The logs of a step are numbers that nobody has asked for yet."""
    x = asarray(np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32))
    y = asarray(np.arange(8) % 3)
    model = Sequential([layers.Input((5,)), layers.Dense(3, "softmax")])
    names = [
        "accuracy",
        "sparse_categorical_crossentropy",
        metrics.SparseTopKCategoricalAccuracy(2),
    ]
    model.compile("adam", "sparse_categorical_crossentropy", metrics=names)
    for _ in range(2):
        model.train_step((x, y))
    gpu.synchronizations = gpu.copies_in = 0
    gpu.launches.clear()
    logs = model.train_step((x, y))
    assert (gpu.synchronizations, gpu.copies_in) == (0, 0), gpu.waits
    assert "mean_of_sums" not in gpu.launches
    assert gpu.launches.count("add_sparse_hits<float, int64>") == 1
    later = [float(value) for value in logs.values()]
    assert gpu.synchronizations == len(later) == 4
    assert later == [float(m.result()) for m in model.metrics]
    assert isinstance(logs["loss"] * 2.0, Tensor)  # a tensor like any other


@pytest.mark.parametrize(("name", "cls", "arguments", "kind"), METRICS, ids=IDS)
@pytest.mark.parametrize("weighted", [False, True])
def test_results_are_those_of_the_host(name, cls, arguments, kind, weighted, request):
    """An update waits for nothing and copies nothing; as a graph it adds up in the same place."""
    make = getattr(metrics, cls)
    expected = shown(make(**arguments), batches(kind, cls, weighted))
    more = shown(make(**arguments), batches(kind, cls, weighted) + batches(kind, cls, weighted))
    machine = request.getfixturevalue("gpu")
    metric, data = make(**arguments), batches(kind, cls, weighted)
    np.testing.assert_allclose(shown(metric, data), expected, rtol=1e-6, atol=1e-7)
    machine.synchronizations = machine.copies_in = 0
    for y_true, y_pred, weight in data:
        metric.update_state(y_true, Tensor(y_pred), sample_weight=weight)
        pending = result_of(metric)
    assert (machine.synchronizations, machine.copies_in) == (0, 0), machine.waits
    np.testing.assert_allclose(to_numpy(pending), more, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("name", "cls", "arguments", "kind"), METRICS, ids=IDS)
def test_replays_add_up(name, cls, arguments, kind, request):
    make = getattr(metrics, cls)
    expected = shown(make(**arguments), batches(kind, cls, False))
    machine = request.getfixturevalue("gpu")
    import cupy

    metric, (first, second) = make(**arguments), batches(kind, cls, False)
    metric.update_state(first[0], Tensor(first[1]))
    metric.reset_state()
    places = [cupy.empty_like(array) for array in first[:2]]
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        with capturing():
            metric.update_state(places[0], Tensor(places[1]))
        graph = stream.end_capture()
    for batch in (first, second):
        for place, array in zip(places, batch, strict=False):
            place[...] = array
        graph.launch(stream)
    assert machine.graph_launches == 2
    found = np.asarray(to_numpy(metric.result()))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("name", "cls", "arguments", "kind"), METRICS, ids=IDS)
def test_state_goes_on_elsewhere_and_is_reset(name, cls, arguments, kind, gpu):
    metric, other = (getattr(metrics, cls)(**arguments) for _ in range(2))
    data = batches(kind, cls, True)
    whole = shown(metric, data)
    state = [to_numpy(a).copy() for a in metric.state()]
    shown(other, data[:1])
    other.restore([asarray(a) for a in state])
    np.testing.assert_array_equal(to_numpy(other.result()), whole)
    metric.reset_state()
    assert all(not np.any(to_numpy(a)) for a in metric.state())
    np.testing.assert_array_equal(shown(metric, data), whole)


def test_a_mean_of_numbers_and_its_attributes(gpu):
    mean = metrics.Mean()
    assert float(mean.result()) == 0.0
    mean.update_state(asarray(np.float32(3.0)), sample_weight=2)
    mean.update_state(asarray(np.array([5.0, 6.0, 8.0])))
    mean.update_state(asarray(np.array([1, 2])), sample_weight=asarray(np.array([1.0, 0.5])))
    assert to_numpy(mean.total) == 27 and to_numpy(mean.count) == 6.5
    mean.reset_state()
    assert to_numpy(mean.result()) == 0.0
    total = metrics.Sum()
    total.update_state(asarray(np.ones((3, 4), np.float16)))
    assert float(to_numpy(total.result())) == 12.0
