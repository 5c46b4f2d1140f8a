"""Initializers: means, deviations and limits of their distributions, seeds, defaults."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.train import initializers, regularizers, set_random_seed
from tests.train.keras_cases import DEFAULTS
from tests.train.keras_goldens import defaults, same_config

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


@pytest.mark.parametrize("room", ["initializers", "regularizers"])
def test_defaults_are_those_of_keras(room):
    module = {"initializers": initializers, "regularizers": regularizers}[room]
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
