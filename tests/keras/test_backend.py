"""`keras.backend`: the functions of Keras 2, with its signatures and defaults."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest

from edgekit.keras import backend as K
from edgekit.train import GradientTape, Tensor
from tests.train.keras_goldens import FOLDER

SIGNATURES = json.loads((FOLDER / "backend_signatures.json").read_text())
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(2, 3, 4)).astype("float32")


@pytest.mark.parametrize("name", [name for name in K.__all__ if name in SIGNATURES])
def test_signatures_are_those_of_keras_2(name):
    """More parameters may follow, as in the functions of Keras 3 that they are."""
    found = list(inspect.signature(getattr(K, name)).parameters.values())
    for ours, (parameter, default, required) in zip(found, SIGNATURES[name], strict=False):
        assert ours.name == parameter
        assert (ours.default is ours.empty) == required
        expected = tuple(default) if isinstance(default, list) else default
        assert required or ours.default == expected
    assert len(found) >= len(SIGNATURES[name])


@pytest.mark.parametrize(("found", "expected"), [
    (lambda: K.arange(4), np.arange(4, dtype="int32")),
    (lambda: K.argmax(X), X.argmax(-1)),
    (lambda: K.argmin(X, axis=0), X.argmin(0)),
    (lambda: K.clip(X, min_value=-0.5, max_value=0.5), X.clip(-0.5, 0.5)),
    (lambda: K.concatenate([X, Y]), np.concatenate([X, Y], -1)),
    (lambda: K.concatenate(tensors=[X, Y], axis=0), np.concatenate([X, Y])),
    (lambda: K.cumsum(X), X.cumsum(0)),
    (lambda: K.dot(x=X, y=Y.T), X @ Y.T),
    (lambda: K.elu(X, alpha=2.0), np.where(X > 0, X, 2 * np.expm1(X))),
    (lambda: K.equal(x=X, y=X), X == X),
    (lambda: K.expand_dims(X), X[..., None]),
    (lambda: K.eye(3, "int32"), np.eye(3, dtype="int32")),
    (lambda: K.hard_sigmoid(X), np.clip(0.2 * X + 0.5, 0, 1)),
    (lambda: K.less(x=X, y=Y), X < Y),
    (lambda: K.max(X, axis=1, keepdims=True), X.max(1, keepdims=True)),
    (lambda: K.maximum(x=X, y=Y), np.maximum(X, Y)),
    (lambda: K.one_hot(indices=[2, 0], num_classes=3), np.eye(3)[[2, 0]]),
    (lambda: K.ones((2, 3), dtype="int32", name="o"), np.ones((2, 3), "int32")),
    (lambda: K.pow(X, a=2), X**2),
    (lambda: K.relu(X, alpha=0.1, max_value=0.5), np.where(X < 0, 0.1 * X, X.clip(0, 0.5))),
    (lambda: K.reshape(X, shape=(4, 3)), X.reshape(4, 3)),
    (lambda: K.reverse(X, axes=1), X[:, ::-1]),
    (lambda: K.softmax(X), np.exp(X) / np.exp(X).sum(-1, keepdims=True)),
    (lambda: K.squeeze(X[None], axis=0), X),
    (lambda: K.tile(X, n=(1, 2)), np.tile(X, (1, 2))),
    (lambda: K.transpose(X), X.T),
    (lambda: K.zeros_like(X, name="z"), np.zeros_like(X)),
])  # fmt: skip
def test_values_are_those_of_numpy(found, expected):
    made = found().numpy()
    assert made.shape == expected.shape
    np.testing.assert_allclose(made, expected, rtol=1e-6, atol=1e-7)


def test_gradients_stop_at_each_of_a_list():
    x = Tensor(X)
    with GradientTape() as tape:
        tape.watch(x)
        first, second = K.stop_gradient([x, x * 2.0])
        y = K.sum(first + second + x)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), np.ones_like(X))
