"""Optimizers and schedules against Keras with the same gradients, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit import train
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

IDS = [case[0] for case in OPTIMIZERS]


def make(cls, arguments):
    return cls(optimizers, **arguments) if callable(cls) else getattr(optimizers, cls)(**arguments)


def flat(arrays_):
    return np.concatenate([np.asarray(a, np.float32).reshape(-1) for a in arrays_])


@pytest.mark.parametrize(("name", "cls", "arguments"), OPTIMIZERS, ids=IDS)
def test_twenty_steps_are_those_of_keras(name, cls, arguments):
    found = arrays("optimizers")
    optimizer = make(cls, arguments)
    variables = [Variable(w, name=f"v{i}") for i, w in enumerate(numbered(found, "start"))]
    # float32; the weights are of size 1. Muon's steps pass through five matrix polynomials, which
    # widen the rounding of each product
    tolerance = 1e-5 if "muon" in name else 1e-6
    for step in range(OPTIMIZER_STEPS):
        optimizer.apply(numbered(found, f"gradient{step}_"), variables)
        if step in (0, OPTIMIZER_STEPS - 1):
            np.testing.assert_allclose(
                flat(variables), found[f"{name}/step{step}"], rtol=tolerance, atol=tolerance
            )
    optimizer.finalize_variable_values(variables)
    np.testing.assert_allclose(
        flat(variables), found[f"{name}/final"], rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize(("name", "cls", "arguments"), OPTIMIZERS, ids=IDS)
def test_the_state_is_that_of_keras(name, cls, arguments):
    """Values, sizes, names and their order: what a saved optimizer consists of."""
    found = arrays("optimizers")
    optimizer = make(cls, arguments)
    variables = [Variable(w, name=f"v{i}") for i, w in enumerate(numbered(found, "start"))]
    for step in range(OPTIMIZER_STEPS):
        optimizer.apply(numbered(found, f"gradient{step}_"), variables)
    own = optimizer.variables
    assert [int(np.size(a)) for a in optimizer.state()] == found[f"{name}/sizes"].tolist()
    # sums of twenty squares reach 50
    np.testing.assert_allclose(flat(own), found[f"{name}/state"], rtol=2e-6, atol=2e-6)
    names = [n for n in found[f"{name}/names"].tolist() if not n.startswith("variable")]
    assert [v.name for v in own if v.name != "u_product"] == names
    again = make(cls, arguments)
    fresh = [Variable(w, name=f"v{i}") for i, w in enumerate(numbered(found, "start"))]
    again.build(fresh)
    again.set_weights(optimizer.get_weights())
    for w, v in zip(fresh, variables, strict=True):
        w.assign(v)
    for one, its in ((optimizer, variables), (again, fresh)):
        one.apply(numbered(found, "gradient0_"), its)
    np.testing.assert_array_equal(flat(fresh), flat(variables))


@pytest.mark.parametrize(("name", "cls", "arguments"), OPTIMIZERS, ids=IDS)
@pytest.mark.filterwarnings("ignore:the loss does not depend on:UserWarning")
def test_one_variable_at_a_time_gives_the_same(name, cls, arguments):
    """A step without some gradients takes another path; only the shared norm may differ."""
    if {"global_clipnorm", "gradient_accumulation_steps"} & arguments.keys() or cls == "Nadam":
        pytest.skip("what one variable gets depends on the step of the others")
    found = arrays("optimizers")
    start, gradients = numbered(found, "start"), numbered(found, "gradient0_")
    optimizer = make(cls, arguments)
    variables = [Variable(w, name=f"v{i}") for i, w in enumerate(start)]
    optimizer.build(variables)
    for i in range(len(variables)):
        optimizer.apply([g if i == j else None for j, g in enumerate(gradients)], variables)
        optimizer.iterations.data[...] = 0
    np.testing.assert_allclose(flat(variables), found[f"{name}/step0"], rtol=1e-6, atol=1e-6)


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
    optimizer.learning_rate.assign(np.float32(0.25))
    optimizer.learning_rate.assign_sub(0.125)
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
        (lambda: optimizers.Adam(rate=0.1), UnsupportedOperator, "rate is not an argument"),
        (lambda: optimizers.Adam(use_ema=True, ema_momentum=2), InputError, "ema_momentum must"),
        (lambda: optimizers.Adam(use_ema=True, ema_overwrite_frequency=0.5), InputError,
         "ema_overwrite_frequency must"),
        (lambda: optimizers.Adam(gradient_accumulation_steps=1), InputError, "of at least 2"),
        (lambda: optimizers.Ftrl(learning_rate_power=1, beta=0), InputError, "is above 0"),
        (lambda: optimizers.Lion(beta_1=0), InputError, "beta_1 must be"),
        (lambda: optimizers.LossScaleOptimizer("sgd"), InputError, "goes around an optimizer"),
        (lambda: optimizers.SGD().apply([np.ones(1)]), InputError, "knows no variables yet"),
        (lambda: optimizers.SGD().set_weights([]), InputError, "has no variables yet"),
        (lambda: setattr(optimizers.SGD(schedules.ExponentialDecay(1, 1, 1)), "learning_rate", 1),
         InputError, "follows a schedule"),
        (lambda: optimizers.schedules.InverseTimeDecay(1.0, 0, 1.0), InputError, "decay_steps"),
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


def test_an_optimizer_of_ones_own():
    """As Keras' guide writes one: variables made in build, `update_step` on one variable."""

    class Signs(optimizers.Optimizer):
        def build(self, variables):
            if not self.built:
                super().build(variables)
                self.sums = self.add_optimizer_variables(variables, "sum")

        def update_step(self, gradient, variable, learning_rate):
            total = self.sums[self._get_variable_index(variable)]
            self.assign_add(total, gradient)
            self.assign_sub(variable, np.sign(total.numpy()) * np.float32(learning_rate))

    v = Variable(np.zeros(2, np.float32), name="dense/kernel")
    optimizer = Signs(learning_rate=0.5, name="signs")
    for g in ([1.0, -1.0], [1.0, 3.0]):
        optimizer.apply_gradients([(np.array(g, np.float32), v)])
    np.testing.assert_array_equal(v.numpy(), [-1.0, 0.0])
    np.testing.assert_array_equal(optimizer.sums[0].numpy(), [2.0, 2.0])
    assert [x.name for x in optimizer.variables] == [
        "iteration", "learning_rate", "dense_kernel_sum",
    ]  # fmt: skip


def test_steps_that_are_not_finite_are_left_out():
    v = Variable(np.ones(2, np.float32))
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(1.0), initial_scale=8.0)
    assert float(optimizer.scale_loss(Variable(np.float32(3)))) == 24
    optimizer.apply([np.full(2, 4, np.float32)], [v])
    np.testing.assert_array_equal(v.numpy(), [0.5, 0.5])
    optimizer.apply([np.array([np.inf, 0], np.float32)], [v])
    np.testing.assert_array_equal(v.numpy(), [0.5, 0.5])
    assert float(optimizer.dynamic_scale) == 4 and int(optimizer.iterations) == 1
    optimizer.learning_rate = 0.25
    assert float(optimizer.inner_optimizer.learning_rate) == 0.25
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()


def test_a_rate_from_a_function():
    rates = iter([1.0, 0.5])
    v = Variable(np.zeros(1, np.float32))
    asked, given = optimizers.SGD(lambda: next(rates)), optimizers.SGD(lambda step: step + 1.0)
    for optimizer in (asked, given):
        for _ in range(2):
            optimizer.apply([np.ones(1, np.float32)], [v])
    np.testing.assert_array_equal(v.numpy(), [-4.5])


def test_names_are_found_in_any_case():
    for name in ("AdamW", "adamw", "SGD", "sgd", "nadam", "Ftrl", "adafactor"):
        assert type(optimizers.get(name)).__name__.lower() == name.lower()


def test_what_has_no_gradient_is_said():
    a, b = Variable(np.ones(1, np.float32), name="a"), Variable(np.ones(1, np.float32), name="b")
    with pytest.warns(UserWarning, match="the loss does not depend on b"):
        optimizers.SGD(1.0).apply([np.ones(1, np.float32), None], [a, b])
    assert (a.numpy(), b.numpy()) == (0, 1)


@pytest.mark.parametrize("auto", [True, False])
def test_a_scaled_loss_trains_as_one_that_is_not(auto):
    """The scale is a power of two, so not a bit changes; the loss in the history is unscaled."""
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("f4")
    y = np.float32(x[:, :1] > 0)
    found = []
    for scaled in (False, True):
        train.set_random_seed(0)
        model = train.Sequential([train.Input((3,)), train.layers.Dense(1)])
        optimizer = train.optimizers.Adam(0.1)
        if scaled:
            optimizer = train.optimizers.LossScaleOptimizer(optimizer, initial_scale=2.0**15)
        loss = train.losses.BinaryCrossentropy(from_logits=True)
        model.compile(optimizer, loss, metrics=["acc"], auto_scale_loss=auto)
        history = model.fit(x, y, epochs=3, verbose=0, shuffle=False, validation_data=(x, y))
        assert set(history.history) == {"loss", "acc", "val_loss", "val_acc"}
        found.append([*model.get_weights(), np.array(history.history["loss"])])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
