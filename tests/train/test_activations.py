"""`keras.activations`: every function of Keras 3, by name and as a function, with its arguments."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from edgekit import keras
from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras import activations
from edgekit.train import GradientTape, Tensor, layers, load_model
from tests.train.keras_goldens import FOLDER

SIGNATURES = json.loads((FOLDER / "signatures.json").read_text())["activations"]
OTHERS = {"deserialize", "get", "serialize"}
NAMES = sorted(SIGNATURES.keys() - OTHERS)
X = np.random.default_rng(0).normal(0, 2, (5, 6)).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def softplus(x):
    return np.log1p(np.exp(-abs(x))) + np.maximum(x, 0)


def hard_sigmoid(x):
    return np.clip(x + 3, 0, 6) / 6


def softmax(x, axis=-1):
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    y = np.where(x >= threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else np.minimum(y, max_value)


def gelu(x, approximate=False):
    if approximate:
        return x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
    return x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2


def glu(x, axis=-1):
    first, second = np.split(x, 2, axis)
    return first * sigmoid(second)


def sparsemax(x, axis=-1):
    """By bisection: max(x - tau, 0) that sums to 1."""
    low, high = x.min(axis, keepdims=True) - 1, x.max(axis, keepdims=True)
    for _ in range(100):
        middle = (low + high) / 2
        above = np.maximum(x - middle, 0).sum(axis, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.maximum(x - high, 0)


# the functions in float64, with Keras' arguments; sources are named in edgekit.train.activations
FORMULAS = {
    "celu": lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)),
    "elu": elu,
    "exponential": np.exp,
    "gelu": gelu,
    "glu": glu,
    "hard_shrink": lambda x, threshold=0.5: np.where(abs(x) > threshold, x, 0),
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": lambda x: x * hard_sigmoid(x),
    "hard_swish": lambda x: x * hard_sigmoid(x),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "leaky_relu": lambda x, negative_slope=0.2: np.where(x > 0, x, negative_slope * x),
    "linear": lambda x: x,
    "log_sigmoid": lambda x: -softplus(-x),
    "log_softmax": lambda x, axis=-1: np.log(softmax(x, axis)),
    "mish": lambda x: x * np.tanh(softplus(x)),
    "relu": relu,
    "relu6": lambda x: np.clip(x, 0, 6),
    "selu": lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772),
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "soft_shrink": lambda x, t=0.5: np.sign(x) * np.maximum(abs(x) - t, 0),
    "softmax": softmax,
    "softplus": softplus,
    "softsign": lambda x: x / (1 + abs(x)),
    "sparse_plus": lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)),
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
    "sparsemax": sparsemax,
    "squareplus": lambda x, b=4: (x + np.sqrt(x * x + b)) / 2,
    "swish": lambda x: x * sigmoid(x),
    "tanh": np.tanh,
    "tanh_shrink": lambda x: x - np.tanh(x),
    "threshold": lambda x, threshold, default_value: np.where(x > threshold, x, default_value),
}
CALLS = [(name, (0.3, -2.0) if name == "threshold" else ()) for name in NAMES] + [
    ("celu", (0.7,)), ("elu", (1.5,)), ("gelu", (True,)), ("glu", (0,)), ("hard_shrink", (0.8,)),
    ("leaky_relu", (0.4,)), ("log_softmax", (0,)), ("relu", (0.1, 1.5, 0.2)), ("relu", (0.1,)),
    ("soft_shrink", (0.8,)), ("softmax", (0,)), ("sparsemax", (0,)), ("squareplus", (2,)),
]  # fmt: skip


def test_all_functions_of_keras_are_there():
    assert set(activations.__all__) >= set(SIGNATURES)
    assert FORMULAS.keys() == set(NAMES)


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=str)
def test_functions_take_keras_arguments_and_tensors_arrays_and_lists(name, arguments):
    function = getattr(activations, name)
    x = np.concatenate([X, X[:1]]) if arguments == (0,) else X  # halves along the first axis
    expected = FORMULAS[name](x.astype(np.float64), *arguments)
    given = [Tensor(x), x] + ([x.tolist()] if name != "linear" else [])
    for value in given:
        y = np.asarray(function(value, *arguments))
        assert y.dtype == np.float32
        # float32 against float64; exp(6) is the largest value
        np.testing.assert_allclose(y, expected, rtol=3e-6, atol=2e-6)
    named = dict(zip([a[0] for a in SIGNATURES[name][1:]], arguments, strict=False))
    np.testing.assert_array_equal(function(Tensor(x), **named), function(x, *arguments))


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"glu", "threshold"}))
def test_functions_and_their_names_are_the_same_activation(name, tmp_path):
    function = getattr(activations, name)
    assert activations.get(name) is function and activations.deserialize(name) is function
    written = activations.serialize(function)
    assert written == {"hard_swish": "hard_silu", "swish": "silu"}.get(name, name)
    assert activations.get(written) is function
    model = keras.Sequential([keras.Input((6,)), layers.Dense(4, activation=function)])
    assert model.layers[0].get_config()["activation"] == written
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    assert again.layers[0].activation is function
    np.testing.assert_array_equal(again(X).numpy(), model(X).numpy())


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"glu", "threshold"}))
def test_functions_have_gradients(name):
    """Along a random direction, by the formulas in float64."""
    x = Tensor(X.astype(np.float64))
    direction = np.random.default_rng(1).normal(size=X.shape)
    weight = np.random.default_rng(2).normal(size=X.shape)
    with GradientTape() as tape:
        tape.watch(x)
        loss = (getattr(activations, name)(x) * weight).sum()
    found = float((tape.gradient(loss, x).numpy() * direction).sum())
    wide, step = X.astype(np.float64), 1e-6
    up, down = (FORMULAS[name](wide + side * step * direction) for side in (1, -1))
    assert found == pytest.approx(float(((up - down) * weight).sum() / (2 * step)), rel=1e-5)


def test_vectors_and_numbers():
    np.testing.assert_allclose(activations.softmax(np.ones(4)), np.full(4, 0.25))
    assert float(activations.tanh(2)) == pytest.approx(math.tanh(2))
    assert activations.elu(np.array([-1, 2])).dtype == np.float32


def test_layers_in_the_place_of_functions(tmp_path):
    config = activations.serialize(layers.ReLU(max_value=2.0, name="r"))
    made = activations.deserialize(config)
    assert isinstance(made, layers.ReLU) and made.max_value == 2.0
    model = keras.Sequential([keras.Input((6,)), layers.Dense(4, activation=layers.ReLU(2.0))])
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "m.keras")(X).numpy(), model(X).numpy())


def test_functions_of_ones_own():
    def doubled(x):
        return x * 2.0

    assert activations.deserialize("doubled", {"doubled": doubled}) is doubled
    assert activations.serialize(doubled) == "doubled"
    assert activations.get(doubled) is doubled and activations.get(None) is activations.linear
    with pytest.raises(UnsupportedOperator, match="doubled"):
        activations.get("doubled")
    with pytest.raises(InputError, match="expected a name, a callable or a config"):
        activations.get(3)


def test_the_relu_of_2019():
    with pytest.warns(DeprecationWarning, match="alpha= is negative_slope="):
        y = activations.relu(X, alpha=0.1, max_value=1.0)
    np.testing.assert_allclose(y, relu(X, 0.1, 1.0), rtol=1e-6)
