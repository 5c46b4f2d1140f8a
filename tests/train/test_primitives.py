"""What primitives do beside their derivatives: errors, randomness, statistics, precision."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train.backend import generator, to_numpy
from edgekit.train.ops.activations import erf, sigmoid, softplus
from edgekit.train.ops.channels import channel_sums
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.dense import dense
from edgekit.train.ops.depthwise import depthwise_conv2d
from edgekit.train.ops.losses import sigmoid_cross_entropy, softmax_cross_entropy
from edgekit.train.ops.math import cast
from edgekit.train.ops.normalization import batch_norm
from edgekit.train.ops.pooling import average_pool2d, max_pool2d
from edgekit.train.ops.random import dropout
from edgekit.train.ops.shape import concat, getitem, pad
from edgekit.train.ops.windows import explicit_padding
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Tensor, Variable
from tests.train.device import on_device


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dense(zeros(2, 3), zeros(4, 5)), r"input \(2, 3\) does not fit.*\(4, 5\)"),
        (lambda: dense(zeros(3), zeros(3, 5)), r"expected \(..., 3\)"),
        (lambda: conv2d(zeros(1, 4, 4, 3), zeros(3, 3, 2, 8)), "has 3 channels.*takes 2"),
        (lambda: conv2d(zeros(1, 4, 4, 4), zeros(3, 3, 2, 3), groups=2), "groups=2"),
        (lambda: conv2d(zeros(4, 4, 4), zeros(3, 3, 4, 8)), "expected NHWC"),
        (lambda: conv2d(zeros(1, 2, 2, 1), zeros(3, 3, 1, 1)), "padding='same' or a smaller"),
        (lambda: depthwise_conv2d(zeros(1, 4, 4, 3), zeros(3, 3, 2, 1)), "2 channels"),
        (lambda: max_pool2d(zeros(4, 4, 1), pool_size=(2, 2)), "4 axes"),
        (lambda: average_pool2d(zeros(1, 2, 2, 1), pool_size=(3, 3)), "does not fit"),
        (lambda: pad(zeros(1, 2), paddings=((0, 0),)), "1 pairs given for an input of 2 axes"),
        (
            lambda: batch_norm(zeros(0, 3), None, None, None, None, training=True),
            "an empty batch",
        ),
        (lambda: softmax_cross_entropy(zeros(2, 3), np.array([0, 3])), "from 0 to 3.*3 classes"),
        (lambda: softmax_cross_entropy(zeros(2, 3), np.array([-1, 0])), "from -1 to 0"),
        (
            lambda: softmax_cross_entropy(zeros(2, 3), np.array([[0], [1]])),
            r"class numbers\) have shape \(2, 1\).*expected labels of shape \(2,\)",
        ),
        (
            lambda: softmax_cross_entropy(zeros(2, 3), zeros(2)),
            r"distributions\) have shape \(2,\).*expected labels of shape \(2, 3\)",
        ),
    ],
)
def test_shapes_that_do_not_fit(call, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        call()


def test_unknown_padding() -> None:
    with pytest.raises(UnsupportedOperator, match="padding 'SAME' is not known"):
        conv2d(zeros(1, 4, 4, 1), zeros(3, 3, 1, 1), padding="SAME")


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [
        # (top, bottom) of TensorFlow's documentation of "SAME"
        (5, 3, 1, (1, 1)),
        (5, 3, 2, (1, 1)),
        (6, 3, 2, (0, 1)),
        (6, 2, 1, (0, 1)),
        (13, 6, 5, (1, 2)),
        (4, 2, 3, (0, 1)),
        (4, 1, 3, (0, 0)),
    ],
)
def test_same_padding(size: int, kernel: int, stride: int, expected: tuple[int, int]) -> None:
    top, left, bottom, right = explicit_padding(
        "same", (size, size), (kernel, kernel), (stride, stride)
    )
    assert (top, bottom) == (left, right) == expected


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.25, 0.5, 0.9])
def test_dropout_keeps_the_mean_and_its_gradient_has_the_same_mask(rate: float) -> None:
    x = Variable(np.ones((200, 500), np.float32))
    with GradientTape() as tape:
        y = dropout(x, rate=rate, generator=generator(7))
    kept = y.numpy() != 0
    # 5 standard deviations of 100000 draws
    assert kept.mean() == pytest.approx(1 - rate, abs=5 * math.sqrt(rate * (1 - rate) / 1e5) + 1e-5)
    np.testing.assert_allclose(y.numpy()[kept], 1 / (1 - rate), rtol=2e-4)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), y.numpy())
    assert y.dtype == np.float32


def test_dropout_draws_from_its_generator_alone() -> None:
    x = np.ones((8, 8), np.float32)
    one = generator(3)
    first, second = dropout(x, rate=0.5, generator=one), dropout(x, rate=0.5, generator=one)
    again = dropout(x, rate=0.5, generator=generator(3))
    np.testing.assert_array_equal(first.numpy(), again.numpy())
    assert not np.array_equal(first.numpy(), second.numpy())
    for rate in (-0.1, 1.0):
        with pytest.raises(InputError, match="at least 0 and below 1"):
            dropout(x, rate=rate, generator=one)


def test_batch_norm_hands_out_the_statistics_it_used() -> None:
    x = np.random.default_rng(0).normal(3.0, 2.0, (50, 4, 4, 3)).astype(np.float32)
    gamma, beta = np.ones(3, np.float32), zeros(3)
    _, mean, variance = batch_norm(Tensor(x), gamma, beta, None, None, training=True)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(mean, wide.mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(variance, wide.var((0, 1, 2)), rtol=1e-5)
    assert mean.dtype == variance.dtype == np.float32
    moving = np.full(3, 3.0, np.float32), np.full(3, 4.0, np.float32)
    y, *used = batch_norm(Tensor(x), gamma, beta, *moving, training=False, epsilon=0.0)
    np.testing.assert_allclose(y.numpy(), (x - 3) / 2, rtol=1e-5, atol=1e-6)
    assert used[0] is moving[0]
    assert used[1] is moving[1]


def test_batch_norm_of_another_axis() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3, 5)).astype(np.float64)
    gamma, beta = np.arange(1.0, 4.0), np.arange(3.0)
    y, mean, _ = batch_norm(Tensor(x), gamma, beta, None, None, training=True, axis=1)
    expected = (x - x.mean((0, 2), keepdims=True)) / np.sqrt(x.var((0, 2), keepdims=True) + 1e-3)
    expected = expected * gamma[:, None] + beta[:, None]
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12)
    assert mean.shape == (3,)


def test_batch_norm_far_from_zero_loses_no_digits() -> None:
    """The variance is that of the centred values; E[x^2] - E[x]^2 would give noise here."""
    x = (1000 + np.random.default_rng(0).normal(size=(4096, 8))).astype(np.float32)
    _, _, variance = batch_norm(Tensor(x), None, None, None, None, training=True)
    np.testing.assert_allclose(variance, x.astype(np.float64).var(0), rtol=1e-4)


def test_channel_sums_lose_little_in_float32() -> None:
    x = np.random.default_rng(0).uniform(0, 1, (100_000, 16)).astype(np.float32)
    exact = x.sum(axis=0, dtype=np.float64)
    # one running sum would be off by 1e-5 and more
    np.testing.assert_allclose(channel_sums(x), exact, rtol=2e-6)


def test_erf_of_both_precisions() -> None:
    x = np.concatenate([np.linspace(-7, 7, 2001), [0.0, -0.0, 30.0, -30.0, 1e-30]])
    exact = np.array([math.erf(v) for v in x])
    np.testing.assert_allclose(erf(x), exact, rtol=0, atol=1e-14)
    single = erf(x.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, exact, rtol=0, atol=3e-7)


def test_extreme_inputs_overflow_nowhere() -> None:
    x = np.array([-1e4, -100.0, 0.0, 100.0, 1e4], np.float32)
    assert sigmoid(x).numpy().tolist() == [0.0, pytest.approx(np.exp(-100.0)), 0.5, 1.0, 1.0]
    np.testing.assert_allclose(softplus(x).numpy(), [0, 0, math.log(2), 100, 1e4], atol=1e-40)
    labels = np.array([0.0, 1.0, 1.0, 1.0, 0.0], np.float32)
    losses = sigmoid_cross_entropy(x, labels).numpy()
    np.testing.assert_allclose(losses, [0, 100, math.log(2), 0, 1e4], atol=1e-40)
    logits = np.array([[1e4, -1e4, 0.0], [3e38, 0.0, 0.0]], np.float32)
    loss = softmax_cross_entropy(logits, np.array([1, 0]))
    assert loss.numpy().tolist() == [2e4, 0.0]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])  # in which order they lie
def test_class_numbers_of_any_integers(dtype: str, axes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    shape = (3, 2, 4)
    values = rng.normal(size=[shape[a] for a in axes]).transpose(np.argsort(axes))
    labels = rng.integers(0, 4, shape[:2])
    logits = Tensor(values)
    assert logits.data.strides == values.strides
    with GradientTape() as tape:
        tape.watch(logits)
        loss = softmax_cross_entropy(logits, labels.astype(dtype))
    shares = np.exp(values) / np.exp(values).sum(axis=-1, keepdims=True)
    one_hot = np.eye(4)[labels]
    np.testing.assert_allclose(loss.numpy(), -(np.log(shares) * one_hot).sum(axis=-1), rtol=1e-12)
    np.testing.assert_allclose(tape.gradient(loss, logits).numpy(), shares - one_hot, rtol=1e-12)


def test_max_pool_gives_the_gradient_to_the_first_of_equals() -> None:
    x = Variable(np.ones((1, 2, 4, 1), np.float32))
    with GradientTape() as tape:
        y = max_pool2d(x, pool_size=(2, 2))
    assert tape.gradient(y, x).numpy()[0, :, :, 0].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0]]


def test_max_pool_of_negative_numbers_ignores_padding() -> None:
    x = np.full((1, 3, 3, 1), -5.0, np.float32)
    assert (max_pool2d(x, pool_size=(2, 2), padding="same").numpy() == -5).all()


def test_average_pool_counts_real_elements_only() -> None:
    x = np.ones((1, 3, 3, 1), np.float32)
    assert (average_pool2d(x, pool_size=(2, 2), padding="same").numpy() == 1).all()


def test_cast() -> None:
    x = Variable(np.array([1.5, 2.5], np.float32))
    with GradientTape() as tape:
        y = cast(x, dtype=np.float64) * 2.0
    assert y.dtype == np.float64
    gradient = tape.gradient(y, x)
    assert gradient.dtype == np.float32
    assert gradient.numpy().tolist() == [2.0, 2.0]
    with GradientTape() as tape:
        y = cast(cast(x, dtype=np.int32), dtype=np.float32)
    with pytest.raises(UnsupportedOperator, match="'cast' has no derivative by its input 0"):
        tape.gradient(y, x)


def test_concat_takes_a_list() -> None:
    assert concat([Tensor([1.0]), np.ones(2, np.float32)], axis=0).shape == (3,)


def test_an_index_that_occurs_twice_gets_both_gradients() -> None:
    x = Variable(np.zeros(3))
    with GradientTape() as tape:
        y = getitem(x, index=np.array([1, 1, 2])) * np.array([1.0, 10.0, 100.0])
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 11.0, 100.0]


def test_inputs_are_not_written_to() -> None:
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 4)).astype(np.float32)
    x.flags.writeable = False
    kernel = Variable(np.ones((3, 3, 4, 4), np.float32))
    deep = Variable(np.ones((3, 3, 4, 1), np.float32))
    watched = Tensor(x)
    with GradientTape() as tape:
        tape.watch(watched)
        y = conv2d(watched, kernel, padding="same")
        y = depthwise_conv2d(y + watched, deep)
        y = batch_norm(y, None, None, None, None, training=True)[0]
    g = np.ones(y.shape, np.float32)
    g.flags.writeable = False
    assert tape.gradient(y, watched, output_gradients=g).shape == x.shape


def test_dropout_on_arrays_of_another_module(gpu) -> None:
    x = Tensor(np.zeros(()))
    x.data = on_device(np.ones((40, 60), np.float32))
    with GradientTape() as tape:
        tape.watch(x)
        y = dropout(x, rate=0.3, generator=generator(1))
    found = to_numpy(y)  # which elements are kept is the device's own matter
    none, scale = np.unique(found)
    assert none == 0 and abs(scale - 1 / 0.7) < 1e-4
    # 2400 draws: the share that is kept has a standard deviation of 0.0094
    assert abs((found > 0).mean() - 0.7) < 0.04
    np.testing.assert_array_equal(to_numpy(tape.gradient(y, x)), found)
