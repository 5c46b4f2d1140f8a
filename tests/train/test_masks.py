"""Masks: made, handed on, taken into account, and where they end."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train import Input, Model, Sequential, layers, losses
from edgekit.train.layers import Layer
from edgekit.train.masks import mask_of, set_mask
from edgekit.train.ops.comparisons import not_equal
from edgekit.train.tensor import Tensor

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(4, 5, 3)).astype(np.float32)
X[0, 3:] = X[1, 1:] = X[3, 2] = 0
KEPT = (X != 0).any(axis=-1)
Y = RANDOM.normal(size=(4, 5, 2)).astype(np.float32)
KERNEL = (np.arange(6).reshape(3, 2) / 10 - 0.2).astype(np.float32)


class Real(Layer):
    """Masks the steps that hold nothing but zeros."""

    def compute_mask(self, inputs, previous_mask):
        return not_equal(inputs, 0.0).numpy().any(axis=-1)

    def call(self, inputs):
        return inputs * 1.0


class Sees(Layer):
    """Counts the steps that its mask leaves."""

    supports_masking = True

    def call(self, inputs, mask=None):
        self.seen = None if mask is None else np.asarray(mask)
        return inputs * 2.0


class Blind(Layer):
    def call(self, inputs):
        return inputs * 2.0


def test_a_mask_goes_from_layer_to_layer():
    sees = Sees()
    out = layers.Dense(2)(sees(layers.Activation("relu")(Real()(X))))
    np.testing.assert_array_equal(sees.seen, KEPT)
    np.testing.assert_array_equal(mask_of(out), KEPT)


def test_a_given_mask_comes_before_the_one_of_the_tensor():
    sees, given = Sees(), np.zeros((4, 5), bool)
    out = sees(Real()(X), mask=given)
    np.testing.assert_array_equal(sees.seen, given)
    np.testing.assert_array_equal(mask_of(out), given)


def test_a_layer_that_does_not_support_masks_says_so_and_ends_them():
    with pytest.warns(UserWarning, match="layer 'blind.*does not support masking"):
        out = Blind()(Real()(X))
    assert mask_of(out) is None


@pytest.mark.parametrize("kind", ["functional", "sequential", "nested"])
def test_models_hand_masks_on(kind):
    sees = Sees()
    x = Input((5, 3))
    if kind == "functional":
        model = Model(x, layers.Dense(2)(sees(Real()(x))))
    elif kind == "sequential":
        model = Sequential([Real(), sees, layers.Dense(2)])
    else:
        inner = Sequential([Input((5, 3)), Real()])
        model = Sequential([Input((5, 3)), inner, sees, layers.Dense(2)])
    out = model(X)
    np.testing.assert_array_equal(sees.seen, KEPT)
    np.testing.assert_array_equal(mask_of(out), KEPT)
    outer = Tensor(X)
    given = RANDOM.integers(0, 2, (4, 5)).astype(bool)
    second = Sequential([Input((5, 3)), sees])
    second(outer, mask=given)
    np.testing.assert_array_equal(sees.seen, given)


def test_masks_of_several_inputs_come_under_their_names():
    class Pair(Layer):
        def call(self, query, value, query_mask=None, value_mask=None, mask=None):
            self.seen = query_mask, value_mask, mask
            return query + value

    pair = Pair()
    one, two = Tensor(X), Tensor(X)
    set_mask(two, KEPT)
    pair(one, two)
    assert pair.seen[0] is None
    assert pair.seen[1] is KEPT
    assert pair.seen[2] is None
    pair(query=one, value=two)
    assert pair.seen[1] is KEPT


def test_build_gets_the_shapes_that_it_names():
    class Pair(Layer):
        def build(self, query_shape, value_shape):
            self.kernel = self.add_weight((query_shape[-1], value_shape[-1]))

        def call(self, query, value):
            return query @ self.kernel + value

    pair = Pair()
    assert pair(np.ones((2, 3)), np.ones((2, 4))).shape == (2, 4)
    assert pair.get_build_config() == {
        "shapes_dict": {"query_shape": (2, 3), "value_shape": (2, 4)}
    }
    x, y = Input((3,)), Input((4,))
    out = Pair()(x, value=y)
    assert out.shape == (None, 4)
    assert Model([x, y], out).predict([np.ones((2, 3)), np.ones((2, 4))], verbose=0).shape == (2, 4)


# What Keras 3.15 gives for Masking and Dense on these arrays: loss, mae, weighted mse; plain and
# with sample weights 0.0 to 1.9.
OF_KERAS = {
    "sum_over_batch_size": [
        [0.7940720319747925, 0.7619606256484985, 0.794072151184082],
        [0.840119481086731, 0.7619606256484985, 0.803055465221405],
    ],
    "sum": [
        [10.32293701171875, 0.7619606256484985, 0.794072151184082],
        [10.921552658081055, 0.7619606256484985, 0.8030554056167603],
    ],
    "mean_with_sample_weight": [
        [0.7940720915794373, 0.7619606256484985, 0.794072151184082],
        [0.8030553460121155, 0.7619606256484985, 0.8030554056167603],
    ],
}


@pytest.mark.parametrize("reduction", OF_KERAS)
def test_losses_and_metrics_leave_masked_steps_out(reduction):
    model = Sequential([Input((5, 3)), Real(), layers.Dense(2)])
    model.set_weights([KERNEL, np.array([0.1, -0.1])])
    model.compile("sgd", losses.MeanSquaredError(reduction=reduction), metrics=["mae"],
                  weighted_metrics=["mse"])  # fmt: skip
    plain, weighted = OF_KERAS[reduction]
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), plain, rtol=2e-6)
    weights = np.arange(20).reshape(4, 5) / 10
    found = model.evaluate(X, Y, sample_weight=weights, verbose=0)
    np.testing.assert_allclose(found, weighted, rtol=2e-6)


def test_what_a_mask_hides_trains_nothing():
    model = Sequential([Input((5, 3)), Real(), layers.Dense(2)])
    model.compile("sgd", "mse")
    other = Y.copy()
    other[~KEPT] = 100.0
    start = model.get_weights()
    results = []
    for targets in (Y, other):
        model.set_weights(start)
        model.train_on_batch(X, targets)
        results.append(model.get_weights())
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", ["MultiHeadAttention", "GroupQueryAttention"])
def test_a_query_that_may_see_nothing(name):
    """As Keras on PyTorch and on TensorFlow: the mean of all values, zeros beside the scores."""
    rng = np.random.default_rng(0)
    q, v = rng.normal(size=(1, 3, 4)).astype("f4"), rng.normal(size=(1, 5, 4)).astype("f4")
    sizes = {"MultiHeadAttention": (2, 3), "GroupQueryAttention": (3, 4, 2)}[name]
    layer = getattr(layers, name)(*sizes)
    seen = np.ones((1, 3, 5), bool)
    seen[0, 1] = False
    blind = layer(q, v, attention_mask=seen).numpy()
    layer(q, v)
    open_eyed = layer(q * 0, v).numpy()
    bias = layer(q * 0, v * 0).numpy()
    # with no query all scores are those of the query's bias, zero: all values count the same
    np.testing.assert_allclose(blind[0, 1], open_eyed[0, 1], rtol=1e-5, atol=1e-6)
    output, scores = layer(q, v, attention_mask=seen, return_attention_scores=True)
    assert not scores.numpy()[0, :, 1].any()
    np.testing.assert_allclose(output.numpy()[0, 1], bias[0, 1], atol=1e-6)
    np.testing.assert_allclose(output.numpy()[0, [0, 2]], blind[0, [0, 2]], rtol=1e-5, atol=1e-6)


def test_a_softmax_of_nothing_is_zero():
    found = layers.Softmax()(np.ones((2, 3), "f4"), mask=np.array([[True] * 3, [False] * 3]))
    np.testing.assert_allclose(found.numpy(), [[1 / 3] * 3, [0] * 3], rtol=1e-6)
