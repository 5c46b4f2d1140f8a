"""Initializers: means, deviations and limits of their distributions, seeds, defaults."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.train import (
    GradientTape,
    Sequential,
    Variable,
    constraints,
    initializers,
    layers,
    optimizers,
    regularizers,
    set_random_seed,
)
from tests.train.keras_cases import DEFAULTS
from tests.train.keras_cases.initializers import FIXED_INITIALIZERS, WEIGHT_FUNCTIONS
from tests.train.keras_goldens import arrays, defaults, same_config

ROOMS = {
    "initializers": initializers, "regularizers": regularizers, "constraints": constraints,
}  # fmt: skip

# a kernel 3 x 3 from 40 to 60 channels: fan_in 360, fan_out 540; 21600 draws
SHAPE = (3, 3, 40, 60)

# class, arguments, standard deviation, largest magnitude (None: no limit)
DISTRIBUTIONS = [
    ("GlorotUniform", {}, math.sqrt(2 / 900), math.sqrt(6 / 900)),
    ("GlorotNormal", {}, math.sqrt(2 / 900), 2 * math.sqrt(2 / 900) / 0.8796),
    ("HeUniform", {}, math.sqrt(2 / 360), math.sqrt(6 / 360)),
    ("HeNormal", {}, math.sqrt(2 / 360), 2 * math.sqrt(2 / 360) / 0.8796),
    ("LecunUniform", {}, math.sqrt(1 / 360), math.sqrt(3 / 360)),
    ("LecunNormal", {}, math.sqrt(1 / 360), 2 * math.sqrt(1 / 360) / 0.8796),
    ("RandomNormal", {"stddev": 0.2}, 0.2, None),
    ("RandomUniform", {"minval": -0.3, "maxval": 0.3}, 0.6 / math.sqrt(12), 0.3),
    ("TruncatedNormal", {"stddev": 0.5}, 0.5 * 0.8796, 1.0),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"},
     math.sqrt(3 / 540), None),
]  # fmt: skip


@pytest.mark.parametrize(("cls", "arguments", "stddev", "limit"), DISTRIBUTIONS)
def test_distributions(cls, arguments, stddev, limit):
    values = getattr(initializers, cls)(seed=1, **arguments)(SHAPE)
    assert values.dtype == np.float32
    # four standard errors of 21600 draws
    assert abs(values.mean()) < 4 * stddev / math.sqrt(values.size)
    assert abs(values.std() / stddev - 1) < 0.02
    if limit is not None:
        assert 0.97 * limit < np.abs(values).max() <= limit * 1.0001


def test_seeds():
    draw = initializers.GlorotUniform(seed=4)
    np.testing.assert_array_equal(draw((3, 4)), initializers.GlorotUniform(seed=4)((3, 4)))
    np.testing.assert_array_equal(draw((3, 4)), draw((3, 4)))
    free = initializers.GlorotUniform()
    set_random_seed(9)
    first = free((3, 4)), free((3, 4))
    set_random_seed(9)
    again = free((3, 4)), free((3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(*first)


@pytest.mark.parametrize("room", ["initializers", "regularizers", "constraints"])
def test_defaults_are_those_of_keras(room):
    module = ROOMS[room]
    for cls, arguments in DEFAULTS[room].items():
        made = getattr(module, cls)(**arguments)
        assert same_config(made.get_config(), defaults()[room][cls]) == [], cls
        again = module.get({"class_name": cls, "config": defaults()[room][cls]})
        assert same_config(again.get_config(), made.get_config()) == []


@pytest.mark.parametrize("name", ["he_normal", "HeNormal", "zeros", "glorot_uniform"])
def test_names(name):
    assert initializers.get(name)((2, 2)).shape == (2, 2)


def test_wrong_use_is_refused():
    with pytest.raises(UnsupportedOperator, match="Did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrom")
    with pytest.raises(ValueError, match="must be positive"):
        initializers.VarianceScaling(scale=0)
    with pytest.raises(ValueError, match="expected one of"):
        initializers.VarianceScaling(mode="fan")
    with pytest.raises(ValueError, match="integer of at least 0"):
        set_random_seed(-1)
    with pytest.raises(ValueError, match="must be finite"):
        regularizers.L2(-1.0)


@pytest.mark.parametrize(
    ("name", "room", "cls", "arguments", "shape"), WEIGHT_FUNCTIONS, ids=lambda x: str(x)[:20]
)
def test_what_becomes_of_a_weight_is_that_of_keras(name, room, cls, arguments, shape):
    found = arrays("initializers")
    made = getattr(ROOMS[room], cls)(**arguments)
    ours = made(Variable(found[f"{name}/in"]))
    # float32
    np.testing.assert_allclose(ours.numpy(), found[f"{name}/out"], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("name", "cls", "arguments", "shape"), FIXED_INITIALIZERS)
def test_weights_that_are_not_random_are_those_of_keras(name, cls, arguments, shape):
    made = getattr(initializers, cls)(**arguments)(shape)
    # Keras takes pi from arccos in float32
    np.testing.assert_allclose(made, arrays("initializers")[name], rtol=1e-5, atol=2e-6)


def test_windows_are_those_of_numpy():
    for name, expected in (
        ("hann", np.hanning(9)), ("hamming", np.hamming(9)), ("blackman", np.blackman(9)),
        ("boxcar", np.ones(9)),
    ):  # fmt: skip
        kernel = initializers.STFT(window=name, scaling=None)((9, 1, 5))
        np.testing.assert_allclose(kernel[:, 0, 0], expected, atol=1e-6)
    periodic = initializers.STFT(periodic=True, scaling="spectrum")((8, 1, 5))[:, 0, 0]
    np.testing.assert_allclose(periodic, np.hanning(9)[:8] / 4, atol=1e-6)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (3, 3, 2, 5), (5, 5)])
def test_orthogonal_matrices(shape):
    w = initializers.Orthogonal(gain=2.0, seed=3)(shape).reshape(-1, shape[-1]).astype("f8")
    small = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    np.testing.assert_allclose(small, 4 * np.eye(min(w.shape)), atol=1e-5)
    signs = [np.sign(initializers.Orthogonal(seed=i)((3, 3))[0, 0]) for i in range(60)]
    # a fair coin 60 times: six standard deviations
    assert abs(sum(signs)) < 6 * math.sqrt(60)


def test_fans_can_be_named():
    shape = (4, 30, 50)
    one = initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal", 5, (1,), (0, 2))
    assert abs(one(shape).std() / math.sqrt(2 / 200) - 1) < 0.04
    assert initializers.compute_fans(shape) == (120, 200)
    assert initializers.compute_fans((7,)) == (7, 7)
    again = initializers.get(initializers.serialize(one))
    np.testing.assert_array_equal(again(shape), one(shape))


def test_names_of_functions_are_classes_too():
    for name in DEFAULTS["initializers"]:
        snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_")
        snake = "stft" if name == "STFT" else snake
        assert getattr(initializers, snake) is getattr(initializers, name)
        assert type(initializers.get(snake)) is getattr(initializers, name)
    assert isinstance(regularizers.l1_l2(0.1), regularizers.L1L2)
    assert isinstance(constraints.max_norm(3), constraints.MaxNorm)
    assert isinstance(regularizers.get("l1l2"), regularizers.L1L2)


def test_constraints_hold_after_every_update():
    """A Dense layer on random targets: without the constraint its norms pass the bound."""
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("f4") * 3
    norms = {}
    for bound in (None, constraints.MaxNorm(0.5)):
        dense = layers.Dense(3, kernel_constraint=bound, bias_constraint="non_neg")
        model = Sequential([layers.Input((4,)), dense])
        model.compile(optimizers.SGD(0.5, momentum=0.9), "mse")
        model.fit(x, -np.abs(x[:, :3]), epochs=3, verbose=0)
        norms[bound is None] = np.linalg.norm(dense.get_weights()[0], axis=0)
        assert dense.get_weights()[1].min() >= 0
    assert norms[True].max() > 0.6 and norms[False].max() <= 0.5 + 1e-6


def test_the_orthogonal_penalty_has_a_gradient():
    w = Variable(np.random.default_rng(1).normal(size=(4, 4)).astype("f4"))
    penalty = regularizers.OrthogonalRegularizer(1.0)
    before = float(penalty(w))
    for _ in range(200):
        with GradientTape() as tape:
            value = penalty(w)
        optimizers.SGD(0.05).apply([tape.gradient(value, w)], [w])
    assert float(penalty(w)) < 0.2 * before


def test_more_wrong_use_is_refused():
    for act, message in (
        (lambda: initializers.Identity()((2, 2, 2)), "two axes"),
        (lambda: initializers.Orthogonal()((2,)), "at least two axes"),
        (lambda: initializers.STFT("both"), "side must be"),
        (lambda: initializers.STFT(window="han"), "hann"),
        (lambda: initializers.STFT(window=[1, 2])((4, 1, 3)), "must have the shape"),
        (lambda: regularizers.OrthogonalRegularizer(mode="all"), "mode must be"),
        (lambda: regularizers.OrthogonalRegularizer()(Variable(np.ones(3))), "two axes"),
        (lambda: constraints.MinMaxNorm(rate=2), "rate must be"),
        (lambda: constraints.get("max_nrom"), "max_norm"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            act()
