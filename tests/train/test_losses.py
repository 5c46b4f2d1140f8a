"""Losses against Keras and PyTorch, and what they say of targets that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train import GradientTape, Tensor, Variable, activations, losses
from edgekit.train.ops import reductions
from tests.train.keras_cases import DEFAULTS
from tests.train.keras_cases.losses import GRADIENTS, LOSSES
from tests.train.keras_goldens import arrays, defaults, same_config

LABELS = np.array([0, 2, 1])
GRADIENT_FILE = Path(__file__).parent.parent / "golden" / "loss_gradients.npz"


@pytest.mark.parametrize(("name", "cls", "arguments", "kind"), LOSSES, ids=[x[0] for x in LOSSES])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_are_those_of_keras(name, cls, arguments, kind, weighted):
    found = arrays("losses")
    loss = getattr(losses, cls)(**arguments)
    weight = found[f"loss_{name}_weight"] if weighted else None
    value = loss(found[f"{kind}/true"], found[f"{kind}/pred"], sample_weight=weight)
    expected = found[f"loss_{name}" + ("_weighted" if weighted else "")]
    assert value.shape == expected.shape
    # float32 logarithms of values near 1
    np.testing.assert_allclose(value.numpy(), expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("cls", DEFAULTS["losses"])
def test_defaults_are_those_of_keras(cls):
    made = getattr(losses, cls)()
    keras = defaults()["losses"][cls]
    assert made.name == keras["name"]
    if cls == "Huber":
        keras = {"delta": 1.0, **keras}  # which Keras' config leaves out
    assert same_config(made.get_config(), keras) == []
    again = losses.deserialize(losses.serialize(made))
    assert type(again) is type(made) and again.get_config() == made.get_config()


@pytest.mark.parametrize("number", range(len(GRADIENTS)), ids=lambda i: GRADIENTS[i][0])
def test_gradients_are_those_of_pytorch(number):
    """In float64, of the sum of the values weighted by 1, 2, 3 ..."""
    function, arguments, kind = GRADIENTS[number]
    found = arrays("losses")
    with np.load(GRADIENT_FILE) as archive:
        values, gradient = archive[f"{number}/values"], archive[f"{number}/gradient"]
    y_true = Tensor(found[f"{kind}/true"])
    y_true = Tensor(y_true.numpy().astype("f8")) if y_true.dtype.kind == "f" else y_true
    y_pred = Tensor(found[f"{kind}/pred"].astype("f8"))
    weight = np.arange(1.0, values.size + 1).reshape(values.shape)
    with GradientTape() as tape:
        tape.watch(y_pred)
        ours = getattr(losses, function)(y_true, y_pred, **arguments)
        total = reductions.sum(ours * Tensor(weight))
    np.testing.assert_allclose(ours.numpy(), values, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(tape.gradient(total, y_pred).numpy(), gradient, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("function", "activation", "labels"),
    [
        (losses.sparse_categorical_crossentropy, activations.softmax, LABELS),
        (losses.categorical_crossentropy, activations.softmax, np.eye(3, dtype=np.float32)[LABELS]),
        (losses.binary_crossentropy, activations.sigmoid, np.eye(3, dtype=np.float32)[LABELS]),
    ],
)
def test_crossentropies_look_behind_the_last_activation(function, activation, labels):
    """exp(-200) is 0 in float32: computed from probabilities, loss and gradient would be wrong."""
    logits = Variable(np.array([[-200, 0, 0], [0, 0, 200], [3, 1, 2]], np.float32))
    with GradientTape() as tape:
        values = function(labels, activation(logits))
    gradient = tape.gradient(values, logits).numpy()
    direct = function(labels, logits, from_logits=True).numpy()
    np.testing.assert_array_equal(values.numpy(), direct)
    assert values.numpy()[0] > 60
    p = activation(Tensor(logits.numpy())).numpy()
    one_hot = np.eye(3, dtype=np.float32)[LABELS]
    share = 3 if function is losses.binary_crossentropy else 1
    np.testing.assert_allclose(gradient, (p - one_hot) / share, atol=1e-6)


def test_probabilities_of_unknown_origin_are_clipped():
    value = losses.sparse_categorical_crossentropy([0], np.array([[0.0, 1.0]], np.float32))
    np.testing.assert_allclose(value.numpy(), -np.log(1e-7), rtol=1e-5)


def test_any_callable_is_a_loss():
    loss = losses.get(lambda y_true, y_pred: (y_true - y_pred) * (y_true - y_pred))
    assert float(loss(np.zeros((2, 1), np.float32), np.full((2, 1), 3, np.float32))) == 9


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: losses.get("sparse_categorical_crosentropy"), UnsupportedOperator,
         "Did you mean 'sparse_categorical_crossentropy'"),
        (lambda: losses.MeanSquaredError(reduction="avg"), InputError, "reduction must be one of"),
        (lambda: losses.mean_squared_error(np.zeros((2, 3)), np.zeros((2, 4))), ShapeError,
         r"y_true has shape \(2, 3\), the model gives \(2, 4\)"),
        (lambda: losses.categorical_crossentropy(LABELS, np.ones((3, 4))), ShapeError,
         "for class numbers use sparse_categorical_crossentropy"),
        (lambda: losses.sparse_categorical_crossentropy(np.eye(3), np.ones((3, 3))), ShapeError,
         "for one-hot labels use categorical_crossentropy"),
        (lambda: losses.sparse_categorical_crossentropy([0, 3], np.ones((2, 3)) / 3), ShapeError,
         "there are 3 classes"),
        (lambda: losses.sparse_categorical_crossentropy([0, -1], np.ones((2, 3)) / 3), ShapeError,
         "class numbers from -1"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_functions_have_all_their_names():
    short = {"bce": "binary_crossentropy", "kld": "kl_divergence", "mae": "mean_absolute_error",
             "mape": "mean_absolute_percentage_error", "mse": "mean_squared_error",
             "msle": "mean_squared_logarithmic_error"}  # fmt: skip
    for name, function in short.items():
        for spelled in (name, name.upper()):
            assert getattr(losses, spelled) is getattr(losses, function)
            assert losses.get(spelled).fn is getattr(losses, function)
    assert losses.get("KLDivergence").name == "kl_divergence"


def test_a_loss_of_ones_own_computes_in_the_dtype_it_names():
    class Cubed(losses.Loss):
        def call(self, y_true, y_pred):
            return (y_pred - y_true) ** 3.0

    assert Cubed(dtype="float64")(np.zeros(2), np.array([1.0, 2.0])).dtype == "float64"
    assert float(Cubed(reduction="sum")(np.zeros(2), np.array([1.0, 2.0]))) == 9
    assert (Cubed().dtype, Cubed(dtype="float64").dtype) == ("float32", "float64")


def test_sequences_that_cannot_be_spelt_are_infinite_and_give_no_gradient():
    logits = Tensor(np.zeros((2, 2, 3), np.float32))
    with GradientTape() as tape:
        tape.watch(logits)
        values = losses.ctc([[1, 1], [0, 0]], logits)
    # two equal labels need a blank between them; no label at all needs two blanks
    np.testing.assert_allclose(values.numpy(), [np.inf, 2 * np.log(3)], rtol=1e-6)
    gradient = tape.gradient(values, logits).numpy()
    np.testing.assert_array_equal(gradient[0], 0)
    np.testing.assert_allclose(gradient[1], [[-2 / 3, 1 / 3, 1 / 3]] * 2, rtol=1e-6)


def test_embeddings_without_a_partner_count_nothing():
    x = np.eye(3, dtype=np.float32)
    embeddings = Tensor(x)
    with GradientTape() as tape:
        tape.watch(embeddings)
        value = losses.Circle()([0, 1, 2], embeddings)
    assert float(value) == 0
    np.testing.assert_array_equal(tape.gradient(value, embeddings).numpy(), 0)


def test_vectors_of_length_zero_have_no_direction():
    zero = Tensor(np.zeros((1, 3), np.float32))
    with GradientTape() as tape:
        tape.watch(zero)
        value = losses.cosine_similarity(np.ones((1, 3), np.float32), zero)
    assert float(value.numpy()[0]) == 0
    assert np.isfinite(tape.gradient(value, zero).numpy()).all()
