"""Convolution, batch normalization and ReLU as one primitive, and when a model takes it.

Values against sums written out here, derivatives against central differences in float64.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from edgekit.errors import ShapeError
from edgekit.train import dtype_policies, layers, set_random_seed, set_threads
from edgekit.train.models import Model, Sequential
from edgekit.train.ops import channels, shifts, windows, workers
from edgekit.train.ops.conv_norm import conv_norm
from edgekit.train.primitive import recording
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Tensor, Variable

EPSILON = 1e-3

# name -> (shape of x, shape of kernel, attributes)
CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "pointwise": ((5, 4, 3, 6), (1, 1, 6, 4), {}),
    "pointwise strides": ((4, 5, 4, 6), (1, 1, 6, 4), {"strides": (2, 2)}),
    "same": ((4, 5, 6, 4), (3, 3, 4, 5), {"padding": "same"}),
    "few channels": ((4, 7, 6, 2), (3, 2, 2, 5), {"padding": "same", "strides": (2, 2)}),
    "valid dilated": ((4, 7, 8, 4), (2, 3, 4, 3), {"dilations": (2, 1)}),
    "separate": ((4, 5, 6, 3), (3, 3, 3, 1), {"padding": "same", "separate": True}),
    "separate strides": (
        (4, 7, 6, 3), (3, 3, 3, 1), {"padding": "same", "strides": (2, 2), "separate": True},
    ),
    "separate valid": ((4, 5, 6, 3), (2, 3, 3, 1), {"separate": True}),
    "no relu": ((4, 5, 4, 4), (3, 3, 4, 5), {"padding": "same", "rectify": False}),
}  # fmt: skip


def given(name: str, offset: float = 0.0) -> tuple[list[Any], dict[str, Any]]:
    """x, kernel, bias, gamma and beta in float64, and the attributes."""
    shape, kernel, attrs = CASES[name]
    rng = np.random.default_rng(list(CASES).index(name))
    features = kernel[2] if attrs.get("separate") else kernel[3]
    arrays = [rng.normal(size=shape) + offset, rng.normal(size=kernel)]
    return [*arrays, *rng.normal(size=(3, features))], attrs


def convolved(x: np.ndarray, kernel: np.ndarray, attrs: dict[str, Any]) -> np.ndarray:
    """The convolution, one kernel element after the other."""
    (sh, sw), (dh, dw) = attrs.get("strides", (1, 1)), attrs.get("dilations", (1, 1))
    (kh, kw), (height, width) = kernel.shape[:2], x.shape[1:3]
    if attrs.get("padding") == "same":
        sizes = zip((height, width), (kh, kw), (sh, sw), (dh, dw), strict=True)
        total = [max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0) for n, k, s, d in sizes]
        pads = [(0, 0), *((t // 2, t - t // 2) for t in total), (0, 0)]
        x = np.pad(x, pads)
        height, width = x.shape[1:3]
    rows, columns = (height - (kh - 1) * dh - 1) // sh + 1, (width - (kw - 1) * dw - 1) // sw + 1
    y: Any = 0.0
    for i in range(kh):
        for j in range(kw):
            part = x[:, i * dh :, j * dw :][:, ::sh, ::sw][:, :rows, :columns]
            y = y + (part * kernel[i, j, :, 0] if attrs.get("separate") else part @ kernel[i, j])
    return y


@pytest.mark.parametrize("offset", [0.0, 30.0])
@pytest.mark.parametrize("name", CASES)
def test_values(name: str, offset: float) -> None:
    (x, kernel, bias, gamma, beta), attrs = given(name, offset)
    product = convolved(x, kernel, attrs)
    mean, variance = product.mean(axis=(0, 1, 2)), product.var(axis=(0, 1, 2))
    expected = (product - mean) / np.sqrt(variance + EPSILON) * gamma + beta
    expected = expected if attrs.get("rectify") is False else np.maximum(expected, 0)
    y, saved = conv_norm.call_saving(*map(Tensor, (x, kernel, bias, gamma, beta)), **attrs)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(saved.statistics[0], mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(saved.statistics[1], variance, rtol=1e-9)


def check_slopes(network: Any, arrays: list[Any]) -> None:
    """The gradients of sum(network(*arrays) * weights) along a direction each."""
    rng = np.random.default_rng(9)
    variables = [None if a is None else Variable(a) for a in arrays]
    with GradientTape() as tape:
        y = network(*variables)
        weights = rng.normal(size=y.shape)
        loss = (y * weights).sum()
    sources = [v for v in variables if v is not None]
    found = iter(tape.gradient(loss, sources))
    for i, array in enumerate(arrays):
        if array is None:
            continue
        direction = rng.normal(size=array.shape)
        ends = []
        for step in (1e-6, -1e-6):
            moved = [a if j != i or a is None else a + step * direction
                     for j, a in enumerate(arrays)]  # fmt: skip
            tensors = [None if a is None else Tensor(a) for a in moved]
            ends.append(float((network(*tensors).numpy() * weights).sum()))
        slope = (ends[0] - ends[1]) / 2e-6
        # central differences lose half of the digits
        gradient = float((next(found).numpy() * direction).sum())
        assert gradient == pytest.approx(slope, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("offset", [0.0, 30.0])
@pytest.mark.parametrize("name", CASES)
def test_derivatives(name: str, offset: float) -> None:
    arrays, attrs = given(name, offset)
    check_slopes(lambda *inputs: conv_norm(*inputs, **attrs), arrays)


@pytest.mark.parametrize("missing", [(2,), (3,), (4,), (2, 3, 4)])
def test_derivatives_without_some_parameters(missing: tuple[int, ...]) -> None:
    arrays, attrs = given("same")
    arrays = [None if i in missing else a for i, a in enumerate(arrays)]
    check_slopes(lambda *inputs: conv_norm(*inputs, **attrs), arrays)


@pytest.mark.parametrize("scales", [(0.0, 1.0, -2.0), (1e-9, 1.0, 1.0), (-0.3, 0.3, 2.0)])
def test_derivatives_by_the_scale(scales: tuple[float, ...]) -> None:
    """From the output where that tells the normalized product, else from the product."""
    (x, kernel, bias, _, _), attrs = given("separate")
    arrays = [x, kernel, bias, np.array(scales), np.array((0.5, -0.7, 1.0))]
    check_slopes(lambda *inputs: conv_norm(*inputs, **attrs), arrays)


def two_in_a_row(x: Any, kernel: Any, bias: Any, gamma: Any, beta: Any, second: Any) -> Any:
    y = conv_norm(x, kernel, bias, gamma, beta, padding="same", separate=True)
    return conv_norm(y, second, None, gamma, beta, padding="same")


def test_derivatives_handed_on_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays, _ = given("separate")
    arrays.append(np.random.default_rng(2).normal(size=(3, 3, 3, 3)))
    monkeypatch.setattr(channels, "BLOCK_ELEMENTS", 7)
    monkeypatch.setattr(channels, "TILE_ELEMENTS", 10)
    monkeypatch.setattr(channels, "SMALL_ELEMENTS", 0)
    monkeypatch.setattr(shifts, "LOOP_ELEMENTS", 20)
    monkeypatch.setattr(workers, "LEAST_NANOSECONDS", 0)
    channels._tiles.cache_clear()
    for threads in (1, 2):
        set_threads(threads)
        try:
            for elements in (1, 100, 10_000):
                monkeypatch.setattr(windows, "PART_ELEMENTS", elements)
                check_slopes(two_in_a_row, arrays)
        finally:
            set_threads(1)
    channels._tiles.cache_clear()


# -- models ---------------------------------------------------------------------------------------


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The attributes of each call of the one primitive."""
    found: list[dict[str, Any]] = []
    forward = conv_norm.forward

    def counted(*inputs: Any, **attrs: Any) -> Any:
        found.append(attrs)
        return forward(*inputs, **attrs)

    monkeypatch.setattr(conv_norm, "forward", counted)
    return found


def blocks() -> list[Any]:
    """Three regions: with and without ReLU, and one in which the bias is missing."""
    return [
        layers.Conv2D(4, 3, 2, "same", name="first"),
        layers.BatchNormalization(name="norm1"),
        layers.ReLU(),
        layers.DepthwiseConv2D(3, padding="same", use_bias=False),
        layers.BatchNormalization(name="norm2"),
        layers.Activation("relu"),
        layers.Conv2D(6, 1, name="last"),
        layers.BatchNormalization(name="norm3"),
        layers.GlobalAveragePooling2D(),
    ]


def network(kind: str, dtype: str = "float64", blocks: Callable[[], list[Any]] = blocks) -> Any:
    """A model of these layers for images of 9 x 8 x 2."""
    set_random_seed(1)
    with policy(dtype):
        stack = blocks()
        if kind == "sequential":
            return Sequential([layers.Input((9, 8, 2)), *stack])
        if kind == "deferred":
            return Sequential(stack)
        image = x = layers.Input((9, 8, 2))
        for layer in stack:
            x = layer(x)
        return Model(image, x)


@contextlib.contextmanager
def policy(dtype: str) -> Iterator[None]:
    before = dtype_policies.dtype_policy()
    dtype_policies.set_dtype_policy(dtype)
    try:
        yield
    finally:
        dtype_policies.set_dtype_policy(before)


IMAGES = np.random.default_rng(0).normal(size=(6, 9, 8, 2))


def step(model: Any, x: Any = IMAGES) -> tuple[Any, list[Any]]:
    """The output in training and the gradients of a sum."""
    with GradientTape() as tape:
        y = model(x, training=True)
        loss = (y * y * np.arange(1.0, y.shape[-1] + 1)).sum()
    return y.numpy(), [g.numpy() for g in tape.gradient(loss, model.trainable_variables)]


@pytest.mark.parametrize("kind", ["functional", "sequential", "deferred"])
def test_models_take_it(kind: str, runs: list[Any]) -> None:
    """To the results of the layers one by one, which run so while somebody listens."""
    model = network(kind)
    model(IMAGES[:1])  # makes the weights
    before = [v.numpy().copy() for v in model.variables]
    with recording():
        y, gradients = step(model)
    assert not runs
    moved = [v.numpy().copy() for v in model.variables]
    for v, value in zip(model.variables, before, strict=True):
        v.assign(value)
    again, gradients_again = step(model)
    assert [attrs["rectify"] for attrs in runs] == [True, True, False]
    assert [attrs["separate"] for attrs in runs] == [False, True, False]
    np.testing.assert_allclose(again, y, rtol=1e-10)
    for variable, a, b in zip(model.trainable_variables, gradients_again, gradients, strict=True):
        # a bias before a normalization has no slope: zeros here, and what rounding leaves there
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10, err_msg=variable.name)
    for variable, value in zip(model.variables, moved, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", ["functional", "deferred"])
def test_the_first_step_is_like_all_others(kind: str, runs: list[Any]) -> None:
    """So that a run which goes on in another process computes the same bits."""
    model = network(kind)
    first, _ = step(model)
    assert len(runs) == 3
    second, _ = step(model)
    np.testing.assert_array_equal(first, second)
    step(model, IMAGES[:2])
    assert len(runs) == 9


def test_inputs_that_do_not_fit_are_refused_as_ever() -> None:
    model = network("functional")
    with recording(), pytest.raises(ShapeError) as expected:
        model(np.zeros((6, 9, 8, 3)), training=True)
    with pytest.raises(ShapeError) as found:
        model(np.zeros((6, 9, 8, 3)), training=True)
    assert str(found.value) == str(expected.value)


def test_what_else_asks_gets_the_layers_one_by_one(runs: list[Any]) -> None:
    model = network("functional")
    model(IMAGES)
    model(IMAGES, training=False)
    with recording():
        model(IMAGES, training=True)
    with GradientTape(), GradientTape():
        model(IMAGES, training=True)
    assert not runs
    model.get_layer("norm2").trainable = False
    step(model)
    assert len(runs) == 2


def test_layers_that_are_changed_later(runs: list[Any]) -> None:
    from edgekit.train import activations

    model = network("functional")
    model.get_layer("first").activation = activations.relu
    step(model)
    assert len(runs) == 2


@pytest.mark.parametrize("name, count", [("norm1", 3), ("first", 2)])
def test_what_lies_between_can_be_read(name: str, count: int, runs: list[Any]) -> None:
    """Behind the normalization the region ends before the ReLU; behind the convolution is none."""
    model = network("functional")
    with policy("float64"):
        inner = Model(model.input, [model.get_layer(name).output, model.output])
    between, _ = inner(IMAGES, training=True)
    assert len(runs) == count
    assert float(between.numpy().min()) < 0


def test_shared_and_branching_layers(runs: list[Any]) -> None:
    """A normalization that two read ends its region; a convolution that two read has none."""
    image = layers.Input((6, 6, 4))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(image))
    y = layers.ReLU()(x)
    z = layers.Conv2D(4, 1)(layers.Add()([x, y]))
    outputs = [layers.ReLU()(layers.BatchNormalization()(z)), layers.ReLU()(z)]
    model = Model(image, outputs)
    data = np.random.default_rng(0).normal(size=(3, 6, 6, 4)).astype(np.float32)
    with recording():
        first = [y.numpy() for y in model(data, training=True)]
    second = [y.numpy() for y in model(data, training=True)]
    assert [attrs["rectify"] for attrs in runs] == [False]
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16"])
def test_other_policies_run_layer_by_layer(dtype: str, runs: list[Any]) -> None:
    model = network("functional", dtype)
    for _ in range(2):
        model(IMAGES.astype(np.float32), training=True)
    assert not runs
