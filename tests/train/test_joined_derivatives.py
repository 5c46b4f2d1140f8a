"""Derivatives of two primitives in one pass: ReLU after batch normalization.

Against central differences in float64, and counted, so that the one pass is known to be taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgekit.train import set_threads
from edgekit.train.ops import batch_norm_passes, normalization, workers
from edgekit.train.ops.activations import relu
from edgekit.train.ops.normalization import batch_norm
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Tensor, Variable

Network = Callable[[Tensor, Variable, Variable], Tensor]


def normalized(x: Tensor, gamma: Variable, beta: Variable) -> Tensor:
    return batch_norm(x, gamma, beta, None, None, training=True)[0]


def plain(x: Tensor, gamma: Variable, beta: Variable) -> Tensor:
    return relu(normalized(x, gamma, beta))


def with_a_branch(x: Tensor, gamma: Variable, beta: Variable) -> Tensor:
    y = normalized(x, gamma, beta)
    return relu(y) + y * y


def with_an_earlier_branch(x: Tensor, gamma: Variable, beta: Variable) -> Tensor:
    y = normalized(x, gamma, beta)
    square = y * y
    return square + relu(y)


def twice(x: Tensor, gamma: Variable, beta: Variable) -> Tensor:
    y = plain(x, gamma, beta)
    return plain(y + x, gamma, beta)


NETWORKS: dict[str, tuple[Network, int]] = {  # and how often the one pass is taken
    "plain": (plain, 1),
    "with a branch": (with_a_branch, 0),
    "with an earlier branch": (with_an_earlier_branch, 0),
    "twice": (twice, 2),
}


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """One entry for each time that the joined rule ran."""
    rules = normalization._batch_norm_training.backward_before
    joined, ran = rules["relu"], []

    def counted(*arguments: Any, **attrs: Any) -> Any:
        ran.append(1)
        return joined(*arguments, **attrs)

    monkeypatch.setitem(rules, "relu", counted)
    return ran


def values(offset: float) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4, 3, 2, 5)) + offset
    return x, rng.normal(size=5), rng.normal(size=5), rng.normal(size=x.shape)


def loss_of(network: Network, x: Any, gamma: Any, beta: Any, weights: Any) -> Tensor:
    return (network(x, gamma, beta) * weights).sum()


def check(network: Network, offset: float) -> None:
    x, gamma, beta, weights = values(offset)
    tensor, scale, shift = Tensor(x), Variable(gamma), Variable(beta)
    with GradientTape() as tape:
        tape.watch(tensor)
        loss = loss_of(network, tensor, scale, shift, weights)
    found = tape.gradient(loss, [tensor, scale, shift])
    rng = np.random.default_rng(4)
    for i, gradient in enumerate(found):
        direction = rng.normal(size=gradient.shape)
        given = [x, gamma, beta]
        ends = []
        for step in (1e-6, -1e-6):
            moved = [v + step * direction if j == i else v for j, v in enumerate(given)]
            ends.append(float(loss_of(network, *map(Tensor, moved), weights).numpy()))
        slope = (ends[0] - ends[1]) / 2e-6
        # central differences lose half of the digits
        assert float((gradient.numpy() * direction).sum()) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("offset", [0.0, 30.0])  # near the mean, and where sums are centred
def test_against_differences(name: str, offset: float, passes: list[Any]) -> None:
    network, count = NETWORKS[name]
    check(network, offset)
    assert len(passes) == count


def test_in_blocks_and_on_threads(monkeypatch: pytest.MonkeyPatch, passes: list[Any]) -> None:
    from edgekit.train.ops import channels

    monkeypatch.setattr(workers, "LEAST_NANOSECONDS", 0)
    monkeypatch.setattr(channels, "BLOCK_ELEMENTS", 7)
    monkeypatch.setattr(channels, "TILE_ELEMENTS", 10)
    channels._tiles.cache_clear()
    set_threads(2)
    try:
        check(plain, 0.0)
        check(plain, 30.0)
    finally:
        set_threads(1)
        channels._tiles.cache_clear()
    assert len(passes) == 2


def test_the_value_between_can_be_asked_for(passes: list[Any]) -> None:
    """Its gradient is then made, so the two are taken one after the other."""
    x, gamma, beta, weights = values(0.0)
    scale, shift = Variable(gamma), Variable(beta)
    with GradientTape() as tape:
        between = normalized(Tensor(x), scale, shift)
        loss = (relu(between) * weights).sum()
    g, g_shift = tape.gradient(loss, [between, shift])
    np.testing.assert_array_equal(g.numpy(), weights * (between.numpy() > 0))
    np.testing.assert_allclose(g_shift.numpy(), g.numpy().sum(axis=(0, 1, 2)), rtol=1e-12)
    assert not passes


def test_a_persistent_tape_is_read_again(passes: list[Any]) -> None:
    x, gamma, beta, weights = values(0.0)
    scale, shift = Variable(gamma), Variable(beta)
    with GradientTape(persistent=True) as tape:
        loss = loss_of(plain, Tensor(x), scale, shift, weights)
    first = [g.numpy().copy() for g in tape.gradient(loss, [scale, shift])]
    for a, b in zip(first, tape.gradient(loss, [scale, shift]), strict=True):
        np.testing.assert_array_equal(a, b.numpy())
    assert len(passes) == 2


def test_the_gradient_that_comes_in_is_not_written_over() -> None:
    """A sum hands one array on to both sides."""
    x, gamma, beta, weights = values(0.0)
    scale, shift, other = Variable(gamma), Variable(beta), Variable(x)
    with GradientTape() as tape:
        loss = ((other + plain(Tensor(x), scale, shift)) * weights).sum()
    found = tape.gradient(loss, [other, scale])
    np.testing.assert_array_equal(found[0].numpy(), weights)


@pytest.mark.parametrize("offset", [0.0, 1.0, 3.0, 5.0, 100.0])
@pytest.mark.parametrize("deviation", [1.0, 1e-3, 0.0])
def test_statistics_in_float32(offset: float, deviation: float) -> None:
    """Against numpy in float64; 3 deviations from zero cost four of 24 bits, further ones none."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 5, 5, 8)) * deviation + offset * (deviation or 1.0)
    x = x.astype(np.float32)
    mean, variance, inverse = batch_norm_passes.batch_statistics(x, 1e-3)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean(axis=(0, 1, 2)), rtol=1e-5, atol=1e-6)
    expected = exact.var(axis=(0, 1, 2))  # to which epsilon is added before anything uses it
    np.testing.assert_allclose(variance, expected, rtol=2e-5, atol=2e-5 * 1e-3)
    np.testing.assert_allclose(inverse, 1 / np.sqrt(expected + 1e-3), rtol=1e-5)
