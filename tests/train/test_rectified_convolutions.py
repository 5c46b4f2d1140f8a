"""Convolution and ReLU as one primitive, and when a model takes it.

Values against sums written out, derivatives against central differences in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.train import layers, set_threads
from edgekit.train.models import Model
from edgekit.train.ops import windows, workers
from edgekit.train.ops.conv_relu import conv_relu
from edgekit.train.primitive import recording
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Tensor
from tests.train import test_regions
from tests.train.test_regions import (
    CASES,
    IMAGES,
    check_slopes,
    convolved,
    given,
    policy,
    step,
)

NAMES = [name for name, (_, _, attrs) in CASES.items() if not {"separate", "rectify"} & set(attrs)]


@pytest.mark.parametrize("name", NAMES)
def test_values(name: str) -> None:
    (x, kernel, bias, _, _), attrs = given(name)
    y = conv_relu(*map(Tensor, (x, kernel, bias)), **attrs)
    expected = np.maximum(convolved(x, kernel, attrs) + bias, 0)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("elements", [1, 10_000])
@pytest.mark.parametrize("name", NAMES)
def test_derivatives(
    name: str, elements: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays, attrs = given(name)
    monkeypatch.setattr(workers, "LEAST_NANOSECONDS", 0)
    monkeypatch.setattr(windows, "PART_ELEMENTS", elements)
    set_threads(threads)
    try:
        check_slopes(lambda *inputs: conv_relu(*inputs, **attrs), arrays[:3])
        check_slopes(lambda *inputs: conv_relu(*inputs, **attrs), [*arrays[:2], None])
    finally:
        set_threads(1)


# -- models ---------------------------------------------------------------------------------------


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shape of the kernel in each call of the one primitive."""
    found: list[tuple[int, ...]] = []
    forward = conv_relu.forward

    def counted(x: Any, kernel: Any, *inputs: Any, **attrs: Any) -> Any:
        found.append(kernel.shape)
        return forward(x, kernel, *inputs, **attrs)

    monkeypatch.setattr(conv_relu, "forward", counted)
    return found


def blocks() -> list[Any]:
    """ReLU as a layer, as an Activation, as the convolution's own; one of 6, one behind two."""
    return [
        layers.Conv2D(3, 3, 2, "same", name="first"),
        layers.ReLU(),
        layers.Conv2D(4, 2, name="second"),
        layers.Activation("relu"),
        layers.Conv2D(5, 1, activation="relu", name="third"),
        layers.Conv2D(4, 1, activation="relu6"),
        layers.Conv2D(4, 2, groups=2, activation="relu"),
        layers.GlobalAveragePooling2D(),
    ]


def network(kind: str, dtype: str = "float64") -> Any:
    return test_regions.network(kind, dtype, blocks)


TAKEN = [(3, 3, 2, 3), (2, 2, 3, 4), (1, 1, 4, 5)]


@pytest.mark.parametrize("kind", ["functional", "sequential", "deferred"])
def test_models_take_it(kind: str, runs: list[Any]) -> None:
    """To the results of the layers one by one, which run so while somebody listens."""
    model = network(kind)
    with recording():
        y, gradients = step(model)
    assert not runs
    again, gradients_again = step(model)
    assert runs == TAKEN
    np.testing.assert_allclose(again, y, rtol=1e-12)
    for a, b in zip(gradients_again, gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def test_what_else_asks_gets_the_layers_one_by_one(runs: list[Any]) -> None:
    model = network("functional")
    model(IMAGES)
    with GradientTape(), GradientTape():
        model(IMAGES, training=True)
    with policy("float64"):
        Model(model.input, [model.get_layer("first").output, model.output])(IMAGES, training=True)
    assert runs == TAKEN[1:]


def test_layers_that_are_changed_later(runs: list[Any]) -> None:
    from edgekit.train import activations

    model = network("functional")
    model.get_layer("first").activation = activations.tanh
    model.get_layer("third").activation = activations.linear
    with recording():
        expected, _ = step(model)
    y, _ = step(model)
    assert runs == TAKEN[1:2]
    np.testing.assert_allclose(y, expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16"])
def test_other_policies_run_layer_by_layer(dtype: str, runs: list[Any]) -> None:
    network("functional", dtype)(IMAGES.astype(np.float32), training=True)
    assert not runs
