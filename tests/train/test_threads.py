"""Worker threads: the same results as on one thread, the same bits each time, errors handed on."""

from __future__ import annotations

import threading
import warnings

import numpy as np
import pytest

from edgekit.errors import InputError
from edgekit.train import get_threads, layers, optimizers, set_threads
from edgekit.train.models import Sequential
from edgekit.train.ops import workers
from edgekit.train.optimizers import flat
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Variable


@pytest.fixture(autouse=True)
def _share_everything(monkeypatch):
    monkeypatch.setattr(workers, "LEAST_NANOSECONDS", 0)
    yield
    set_threads(1)


def network(seed: int) -> Sequential:
    from edgekit.train import set_random_seed

    set_random_seed(seed)
    return Sequential(
        [
            layers.Input((18, 18, 3)),
            layers.Conv2D(8, 5, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, padding="same"),
            layers.DepthwiseConv2D(3, 2, "same"),
            layers.Conv2D(12, 1),
            layers.Conv2D(8, 3, 2),
            layers.Flatten(),
            layers.Dense(4),
        ]
    )


def step(dtype: str = "float32") -> list[np.ndarray]:
    """The output and the gradients of one step."""
    model = network(0)
    x = np.random.default_rng(1).normal(size=(7, 18, 18, 3)).astype(dtype)
    with GradientTape() as tape:
        y = model(x, training=True)
        loss = (y * y).sum()
    variables = model.trainable_variables
    return [y.numpy(), *(g.numpy() for g in tape.gradient(loss, variables))]


@pytest.mark.parametrize("count", [2, 3, 9])
def test_results_are_those_of_one_thread(count):
    expected = step()
    set_threads(count)
    assert get_threads() == count
    for a, b in zip(step(), expected, strict=True):
        scale = np.abs(b).max()
        # sums over the batch in another order: some roundings of float32
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5 * scale)


def test_the_same_number_of_threads_gives_the_same_bits():
    set_threads(2)
    first = step()
    for _ in range(3):
        for a, b in zip(step(), first, strict=True):
            np.testing.assert_array_equal(a, b)


def test_work_is_done_on_other_threads():
    set_threads(3)
    names = workers.in_shares(lambda part: threading.current_thread().name, [0, 1, 2])
    assert len(set(names)) == 3


def test_errors_are_raised_where_the_work_was_asked_for():
    set_threads(2)

    def fail_on_the_second(part):
        if part == 1:
            raise ValueError("of the second")

    with pytest.raises(ValueError, match="of the second"):
        workers.in_shares(fail_on_the_second, [0, 1])
    assert workers.in_shares(lambda part: part, [0, 1]) == [0, 1]


def test_the_error_state_of_numpy_holds_on_every_thread():
    set_threads(2)
    with warnings.catch_warnings(), np.errstate(over="raise"):
        warnings.simplefilter("error")
        big = np.full(4, 3e38, np.float32)
        if np.lib.NumpyVersion(np.__version__) >= "2.0.0":  # where it is part of the context
            with pytest.raises(FloatingPointError):
                workers.in_shares(lambda part: None if part == 0 else big * big, [0, 1])


@pytest.mark.parametrize("name", ["Adam", "Nadam", "RMSprop", "Ftrl", "Lion", "SGD"])
def test_optimizers_give_the_same_bits_on_any_number(name, monkeypatch):
    monkeypatch.setattr(flat, "_PIECE", 50)
    rng = np.random.default_rng(0)
    start = [rng.normal(size=shape).astype(np.float32) for shape in ((20, 7), (7,), (9, 13))]
    gradients = [rng.normal(size=a.shape).astype(np.float32) for a in start]
    results = []
    for count in (1, 2, 3):
        set_threads(count)
        variables = [Variable(a.copy()) for a in start]
        optimizer = getattr(optimizers, name)(0.01)
        for _ in range(3):
            optimizer.apply(gradients, variables)
        results.append([v.numpy().copy() for v in variables])
    for others in results[1:]:
        for a, b in zip(others, results[0], strict=True):
            np.testing.assert_array_equal(a, b)


def test_an_optimizer_of_ones_own_stays_on_one_thread(monkeypatch):
    seen = set()

    class Mine(optimizers.SGD):
        def update(self, *arguments):
            seen.add(threading.current_thread())
            super().update(*arguments)

    monkeypatch.setattr(flat, "_PIECE", 50)
    set_threads(2)
    Mine(0.1).apply([np.ones(200, np.float32)], [Variable(np.ones(200, np.float32))])
    assert seen == {threading.current_thread()}


def test_little_work_is_not_shared(monkeypatch):
    monkeypatch.setattr(workers, "LEAST_NANOSECONDS", 1e5)
    set_threads(2)
    x = np.zeros((4, 4), np.float32)
    assert workers.shares(4, x, 9e4) == [slice(0, 4)]
    assert workers.shares(5, x, 2e5) == [slice(0, 2), slice(2, 5)]
    assert workers.shares(1, x, 2e5) == [slice(0, 1)]


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "2"])
def test_the_number_must_be_a_positive_integer(count):
    with pytest.raises(InputError, match="at least 1"):
        set_threads(count)
