"""Optimizers and schedules against Keras with the same gradients, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train import GradientTape, Variable, optimizers
from edgekit.train.optimizers import schedules
from tests.train.keras_cases import DEFAULTS
from tests.train.keras_cases.optimizers import (
    OPTIMIZER_STEPS,
    OPTIMIZERS,
    SCHEDULE_STEPS,
    SCHEDULES,
)
from tests.train.keras_goldens import arrays, defaults, numbered, same_config


@pytest.mark.parametrize(("name", "cls", "arguments"), OPTIMIZERS, ids=[o[0] for o in OPTIMIZERS])
def test_twenty_steps_are_those_of_keras(name, cls, arguments):
    found = arrays("optimizers")
    optimizer = getattr(optimizers, cls)(**arguments)
    variables = [Variable(w, name=f"v{i}") for i, w in enumerate(numbered(found, "start"))]
    for step in range(OPTIMIZER_STEPS):
        optimizer.apply(numbered(found, f"gradient{step}_"), variables)
        if step in (0, OPTIMIZER_STEPS - 1):
            for i, v in enumerate(variables):
                # float32; the weights are of size 1
                np.testing.assert_allclose(
                    v.numpy(), found[f"{name}/step{step}_{i}"], rtol=1e-6, atol=1e-6
                )
    sizes = [int(np.size(a)) for a in optimizer.state()]
    assert sizes == found[f"{name}/state"].tolist()


@pytest.mark.parametrize(("name", "cls", "arguments"), OPTIMIZERS, ids=[o[0] for o in OPTIMIZERS])
def test_one_variable_at_a_time_gives_the_same(name, cls, arguments):
    """A step without some gradients takes another path; only the shared norm may differ."""
    if "global_clipnorm" in arguments:
        pytest.skip("the norm of all gradients is not the norm of one")
    found = arrays("optimizers")
    start, gradients = numbered(found, "start"), numbered(found, "gradient0_")
    optimizer = getattr(optimizers, cls)(**arguments)
    variables = [Variable(w, name=f"v{i}") for i, w in enumerate(start)]
    optimizer.build(variables)
    for i in range(len(variables)):
        optimizer.apply([g if i == j else None for j, g in enumerate(gradients)], variables)
        optimizer.iterations.data[...] = 0
    for i, v in enumerate(variables):
        np.testing.assert_allclose(v.numpy(), found[f"{name}/step0_{i}"], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("name", "cls", "arguments"), SCHEDULES, ids=[s[0] for s in SCHEDULES])
def test_schedules_are_those_of_keras(name, cls, arguments):
    schedule = getattr(schedules, cls)(**arguments)
    ours = [schedule(step) for step in range(SCHEDULE_STEPS)]
    np.testing.assert_allclose(ours, arrays("optimizers")[f"schedule_{name}"], rtol=2e-6, atol=1e-8)
    again = type(schedule).from_config(schedule.get_config())
    assert [again(step) for step in range(SCHEDULE_STEPS)] == ours


@pytest.mark.parametrize("cls", DEFAULTS["optimizers"])
def test_defaults_are_those_of_keras(cls):
    optimizer = getattr(optimizers, cls)()
    assert same_config(optimizer.get_config(), defaults()["optimizers"][cls]) == []
    again = type(optimizer).from_config(defaults()["optimizers"][cls])
    assert again.get_config() == optimizer.get_config() | {"name": again.name}


def test_variables_share_one_vector_and_keep_their_values():
    a = Variable(np.arange(6, dtype=np.float32).reshape(2, 3))
    b = Variable(np.ones(2, np.float32))
    optimizers.SGD(1.0).apply([np.ones((2, 3), np.float32), np.zeros(2, np.float32)], [a, b])
    assert a.data.base is b.data.base
    np.testing.assert_array_equal(a.numpy(), np.arange(6).reshape(2, 3) - 1)


def test_a_second_optimizer_takes_the_variables_over():
    v = Variable(np.zeros(3, np.float32))
    first, second = optimizers.SGD(1.0), optimizers.SGD(10.0)
    g = [np.ones(3, np.float32)]
    first.apply(g, [v])
    second.apply(g, [v])
    first.apply(g, [v])
    np.testing.assert_array_equal(v.numpy(), [-12, -12, -12])


def test_a_step_over_many_pieces_is_the_formula():
    """More elements than fit one piece, and a piece that is not full."""
    random = np.random.default_rng(0)
    start = random.normal(size=70_001).astype(np.float32)
    g = random.normal(size=70_001).astype(np.float32)
    v = Variable(start)
    optimizers.Adam(0.01).apply([g], [v])
    # the first step of Adam is rate * sign(g), but for epsilon
    np.testing.assert_allclose(
        v.numpy(), start - 0.01 * g / (np.abs(g) + 1e-7 / 0.001**0.5), atol=1e-6
    )


def test_the_rate_can_be_read_and_set():
    optimizer = optimizers.Adam(0.5)
    assert float(optimizer.learning_rate) == 0.5
    optimizer.learning_rate = 0.25
    optimizer.learning_rate.assign(np.float32(0.125))
    assert float(optimizer.learning_rate) == 0.125
    scheduled = optimizers.SGD(schedules.PiecewiseConstantDecay([0], [1.0, 0.1]))
    v = Variable(np.zeros(1, np.float32))
    for _ in range(2):
        scheduled.apply([np.ones(1, np.float32)], [v])
    np.testing.assert_allclose(v.numpy(), [-1.1], rtol=1e-6)
    assert int(scheduled.iterations) == 2


def test_weight_decay_spares_what_is_excluded():
    kernel = Variable(np.ones(2, np.float32), name="dense/kernel")
    bias = Variable(np.ones(2, np.float32), name="dense/bias")
    optimizer = optimizers.SGD(1.0, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.apply([np.zeros(2, np.float32)] * 2, [kernel, bias])
    np.testing.assert_allclose(kernel.numpy(), 0.9, rtol=1e-6)
    np.testing.assert_array_equal(bias.numpy(), [1, 1])


def test_it_descends_with_a_tape():
    w = Variable(np.array([3.0, -2.0], np.float32))
    optimizer = optimizers.SGD(0.1)
    for _ in range(100):
        with GradientTape() as tape:
            loss = (w * w)[0] + (w * w)[1]
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    assert np.abs(w.numpy()).max() < 1e-6


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: optimizers.get("adm"), UnsupportedOperator, "Did you mean 'adam'"),
        (lambda: optimizers.Adam(lr=0.1), UnsupportedOperator, "lr is not an argument"),
        (lambda: optimizers.Adam(use_ema=True), UnsupportedOperator, "use_ema=True"),
        (lambda: optimizers.Adam(-1.0), InputError, "must be finite and >= 0"),
        (lambda: optimizers.SGD(momentum=2), InputError, "momentum must be from 0 to 1"),
        (lambda: optimizers.SGD(clipnorm=1, clipvalue=1), InputError, "only one of"),
        (lambda: optimizers.SGD().apply([None], [Variable(np.ones(1, np.float32))]),
         InputError, "no variable has a gradient"),
        (lambda: optimizers.SGD().apply([], [Variable(np.ones(1, np.float32))]),
         ShapeError, "0 gradients were given for 1 variables"),
        (lambda: schedules.PiecewiseConstantDecay([1], [1.0]), InputError, "one entry more"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_a_variable_it_was_not_built_for_is_named():
    optimizer = optimizers.SGD()
    a, b = Variable(np.ones(1, np.float32), name="a"), Variable(np.ones(1, np.float32), name="b")
    optimizer.build([a])
    with pytest.raises(InputError, match="it does not know b"):
        optimizer.apply([np.ones(1, np.float32)], [b])
