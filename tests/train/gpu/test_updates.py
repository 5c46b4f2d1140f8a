"""Optimizers on the simulated GPU: the same weights as on the host, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.train import constraints, optimizers
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.gpu.state import capturing
from edgekit.train.optimizers import schedules
from edgekit.train.tensor import Variable

STEPS = 20
KERNELS = {"measure", "update", "directions", "follow_directions"}
SHAPES = ((70, 17), (3,), (1, 5, 2), ())

OPTIMIZERS = {
    "sgd": (optimizers.SGD, {}),
    "momentum": (optimizers.SGD, {"momentum": 0.9}),
    "nesterov": (optimizers.SGD, {"momentum": 0.9, "nesterov": True}),
    "adam": (optimizers.Adam, {}),
    "amsgrad": (optimizers.Adam, {"amsgrad": True}),
    "adamw": (optimizers.AdamW, {"weight_decay": 0.004}),
    "adamax": (optimizers.Adamax, {}),
    "nadam": (optimizers.Nadam, {}),
    "rmsprop": (optimizers.RMSprop, {}),
    "rmsprop_centered": (optimizers.RMSprop, {"momentum": 0.5, "centered": True}),
    "adagrad": (optimizers.Adagrad, {}),
    "adadelta": (optimizers.Adadelta, {"learning_rate": 1.0}),
    "lion": (optimizers.Lion, {}),
    "lamb": (optimizers.Lamb, {}),
    "ftrl": (
        optimizers.Ftrl,
        {"l1_regularization_strength": 0.001, "l2_regularization_strength": 0.01, "beta": 0.1,
         "l2_shrinkage_regularization_strength": 0.01},
    ),
}  # fmt: skip
OPTIONS = {
    "plain": {},
    "clipnorm": {"clipnorm": 1.5},
    "clipvalue": {"clipvalue": 0.4},
    "global_clipnorm": {"global_clipnorm": 2.0},
    "decay": {"weight_decay": 0.02},
    "average": {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 7},
    "accumulation": {"gradient_accumulation_steps": 3, "clipnorm": 1.0, "use_ema": True},
    "loss_scale": {"loss_scale_factor": 128.0},
    "schedule": {"learning_rate": schedules.ExponentialDecay(0.02, 4, 0.7)},
}


def variables(random):
    return [
        Variable(asarray(random.normal(size=shape).astype(np.float32)), name=f"v{i}")
        for i, shape in enumerate(SHAPES)
    ]


def gradients(random, scale=1.0):
    return [(random.normal(size=shape) * scale).astype(np.float32) for shape in SHAPES]


def stepped(make, steps=STEPS, missing=None, grads_of=gradients, at=None):
    """Weights and the optimizer's variables after so many steps with gradients from one seed."""
    random = np.random.default_rng(3)
    weights, optimizer = variables(random), make()
    optimizer.exclude_from_weight_decay(var_names=["v1"])
    optimizer.build(weights)
    for step in range(steps):
        grads = [asarray(g) for g in grads_of(random)]
        if missing is not None and step % 3 == 1:
            grads[missing] = None
        if at is not None:
            at(step, optimizer, grads)
        optimizer.apply(grads, weights)
    return [to_numpy(v).copy() for v in weights], optimizer.get_weights(), optimizer


def same(found, expected, within=1e-6):
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        np.testing.assert_allclose(a, b, rtol=within, atol=within * np.abs(b).max(), err_msg=str(i))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_are_those_of_the_host(name, options, request):
    cls, arguments = OPTIMIZERS[name]

    def make():
        return cls(**{"learning_rate": 0.01, **arguments, **OPTIONS[options]})

    weights, own, _ = stepped(make)
    machine = request.getfixturevalue("gpu")
    on_device, state, optimizer = stepped(make)
    assert {name.partition("<")[0] for name in machine.launches} <= KERNELS
    kernels = (2 if name == "lamb" else 1) + ("norm" in "".join(OPTIONS[options]))
    assert len(machine.launches) == STEPS * kernels
    # a norm's last bit is that of the host's BLAS; Ftrl takes its sums from numbers near them
    within = 5e-6 if name == "ftrl" else 1e-6
    same(on_device, weights, within)
    same(state, own, within)
    updates = int(own[0]) // (optimizer.gradient_accumulation_steps or 1)
    assert int(optimizer.iterations) == updates


@pytest.mark.parametrize(
    "options", [{"clipnorm": 1.0}, {"use_ema": True}, {"gradient_accumulation_steps": 2}]
)
@pytest.mark.filterwarnings("ignore:the loss does not depend on v0")
def test_variables_without_a_gradient_stay(options, request):
    def make():
        return optimizers.Adam(0.01, weight_decay=0.1, **options)

    weights, own, _ = stepped(make, missing=0)
    request.getfixturevalue("gpu")
    on_device, state, _ = stepped(make, missing=0)
    same(on_device, weights)
    same(state, own)


def test_more_variables_than_one_launch_takes(request):
    """300 of them, and one of several tiles; norms go over all launches."""
    global_norm = {"global_clipnorm": 3.0}

    def trained():
        random = np.random.default_rng(5)
        shapes = [(5000,), *[(random.integers(1, 9),) for _ in range(300)]]
        weights = [Variable(asarray(np.ones(shape, np.float32))) for shape in shapes]
        optimizer = optimizers.Adam(0.01, **global_norm)
        for _ in range(3):
            grads = [asarray(random.normal(size=s).astype(np.float32)) for s in shapes]
            optimizer.apply(grads, weights)
        return [to_numpy(v).copy() for v in weights]

    expected = trained()
    machine = request.getfixturevalue("gpu")
    same(trained(), expected)
    assert machine.launches == ["measure", "measure", "update<Adam>", "update<Adam>"] * 3


def scaled(infinite_at):
    """Gradients of a loss times the scale, with infinities at some steps."""

    def at(step, optimizer, grads):
        scale = optimizer.scale_loss(Variable(asarray(np.float32(1.0))))
        for i in range(len(grads)):
            grads[i] = grads[i] * scale.data
        if step in infinite_at:
            grads[1] = grads[1] / asarray(np.zeros(3, np.float32))

    return at


@pytest.mark.parametrize("inner", ["sgd", "adam", "nadam", "ftrl", "lamb"])
@pytest.mark.parametrize(
    "options",
    [{}, {"global_clipnorm": 1.0}, {"learning_rate": schedules.ExponentialDecay(0.02, 2, 0.7)},
     {"gradient_accumulation_steps": 2}],
)  # fmt: skip
def test_the_loss_scale_adapts_on_the_device(inner, options, request):
    cls, arguments = OPTIMIZERS[inner]

    def make():
        made = cls(**{"learning_rate": 0.01, **arguments, **options})
        return optimizers.LossScaleOptimizer(made, initial_scale=1000.0, dynamic_growth_steps=3)

    at = scaled((0, 5, 6, 13))
    with np.errstate(divide="ignore"):
        weights, own, _ = stepped(make, at=at)
        machine = request.getfixturevalue("gpu")
        on_device, state, optimizer = stepped(make, at=at)
    same(on_device, weights)
    same(state, own)
    assert int(optimizer.iterations) == 16 // (options.get("gradient_accumulation_steps") or 1)
    assert machine.launches.count("measure") == STEPS


def test_a_scaled_step_does_not_wait(gpu):
    optimizer = optimizers.LossScaleOptimizer(optimizers.Adam(clipnorm=1.0))
    weights = variables(np.random.default_rng(0))
    grads = [asarray(g) for g in gradients(np.random.default_rng(1))]
    loss = Variable(asarray(np.float32(1.0)))
    optimizer.apply(grads, weights)
    gpu.synchronizations = gpu.copies_in = 0
    for _ in range(5):
        optimizer.scale_loss(loss)
        optimizer.apply(grads, weights)
    assert (gpu.synchronizations, gpu.copies_in) == (0, 0)
    assert int(optimizer.iterations) == 6
    assert gpu.synchronizations == 1


def captured(optimizer, grads, weights):
    import cupy

    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        with capturing():
            optimizer.apply(grads, weights)
        return stream.end_capture(), stream


@pytest.mark.parametrize("name", ["momentum", "adam", "nadam", "rmsprop", "ftrl", "lamb"])
@pytest.mark.parametrize(
    "options",
    [{}, {"clipnorm": 0.5}, {"use_ema": True}, {"gradient_accumulation_steps": 3},
     {"learning_rate": schedules.ExponentialDecay(0.02, 4, 0.7)}],
)  # fmt: skip
def test_replays_are_steps(name, options, request):
    """Launches of 1, 5 and 14 steps, a rate set between them where there is no schedule."""
    cls, arguments = OPTIMIZERS[name]
    grads = gradients(np.random.default_rng(4))

    def trained(step_of):
        optimizer = cls(**{"learning_rate": 0.01, **arguments, **options})
        weights = variables(np.random.default_rng(3))
        arrays = [asarray(g) for g in grads]
        optimizer.build(weights)
        step = step_of(optimizer, arrays, weights)
        for steps in (1, 5, 14):
            if "learning_rate" not in options:
                optimizer.learning_rate = 0.01 * steps
            step(steps)
        return [to_numpy(v).copy() for v in weights], optimizer.get_weights(), weights, optimizer

    def eager(optimizer, arrays, weights):
        return lambda steps: [optimizer.apply(arrays, weights) for _ in range(steps)]

    def replayed(optimizer, arrays, weights):
        optimizer.apply(arrays, weights)  # everything is made
        optimizer.apply(arrays, weights)
        graph, stream = captured(optimizer, arrays, weights)
        for data, value in zip(weights, variables(np.random.default_rng(3)), strict=True):
            data.assign(value)
        optimizer.set_weights([np.asarray(w) for w in fresh])

        def launch(steps):
            optimizer.prepare(steps)
            for _ in range(steps):
                graph.launch(stream)
            optimizer.taken(steps)

        return launch

    blank = cls(**{"learning_rate": 0.01, **arguments, **options})
    blank.build(variables(np.random.default_rng(3)))
    fresh = blank.get_weights()
    expected, own, _, reference = trained(eager)
    machine = request.getfixturevalue("gpu")
    found, state, weights, optimizer = trained(replayed)
    assert machine.graph_launches == 20
    same(found, expected)
    same(state, own)
    assert int(optimizer.iterations) == int(reference.iterations)
    assert [v.version for v in weights] == [23] * 4  # two steps, an assignment, twenty replays


def test_what_may_not_change_after_a_capture_is_refused(gpu):
    optimizer = optimizers.Adam()
    weights = variables(np.random.default_rng(0))
    grads = [asarray(g) for g in gradients(np.random.default_rng(1))]
    optimizer.apply(grads, weights)
    captured(optimizer, grads, weights)
    optimizer.prepare()
    optimizer.clipnorm = 1.0
    with pytest.raises(InputError, match="since its step was captured"):
        optimizer.prepare()


def test_rows_are_written_anew_when_a_number_changes(request):
    def at(step, optimizer, grads):
        if step == 5:
            optimizer.beta_1 = 0.5
        if step == 9:
            optimizer.learning_rate = 0.1
        if step == 12:
            optimizer.iterations.assign(np.int64(40))

    weights, own, _ = stepped(lambda: optimizers.Adam(0.01), at=at)
    request.getfixturevalue("gpu")
    on_device, state, _ = stepped(lambda: optimizers.Adam(0.01), at=at)
    same(on_device, weights)
    same(state, own)


def test_more_steps_than_rows(request):
    """The rows are written again after 512 steps."""

    def make():
        return optimizers.SGD(schedules.InverseTimeDecay(0.1, 10, 0.5))

    def small(random):
        return gradients(random, 0.1)

    weights, _, _ = stepped(make, 600, grads_of=small)
    machine = request.getfixturevalue("gpu")
    on_device, _, optimizer = stepped(make, 600, grads_of=small)
    for a, b in zip(on_device, weights, strict=True):  # 600 roundings
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    assert len(machine.launches) == 600
    with pytest.raises(InputError, match="at most 512 steps"):
        optimizer.prepare(513)


def test_constraints_follow_the_step(request):
    def trained():
        weights = variables(np.random.default_rng(3))
        weights[0].constraint = constraints.MaxNorm(2.0)
        weights[1].constraint = constraints.NonNeg()
        optimizer = optimizers.SGD(0.1)
        for seed in range(5):
            grads = [asarray(g) for g in gradients(np.random.default_rng(seed))]
            optimizer.apply(grads, weights)
        return [to_numpy(v).copy() for v in weights]

    expected = trained()
    request.getfixturevalue("gpu")
    same(trained(), expected)


@pytest.mark.parametrize("cls", [optimizers.Adafactor, optimizers.Muon])
def test_array_code_where_there_is_no_kernel(cls, request):
    weights, own, _ = stepped(lambda: cls(0.01, clipnorm=1.0), steps=4)
    machine = request.getfixturevalue("gpu")
    on_device, state, optimizer = stepped(lambda: cls(0.01, clipnorm=1.0), steps=4)
    assert not [name for name in machine.launches if name.startswith("update")]
    assert "no kernel" in optimizer.why_not_captured()
    # orthogonal matrices are found by iterations that make roundings ten times as large
    for a, b in zip([*on_device, *state], [*weights, *own], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * np.abs(b).max())


def test_why_a_step_cannot_be_captured(gpu):
    weights = [Variable(asarray(np.ones((3, 3), np.float32)))]
    grads = [asarray(np.ones((3, 3), np.float32))]
    for optimizer in (optimizers.Muon(), optimizers.Adafactor()):
        optimizer.build(weights)
        assert "no kernel" in optimizer.why_not_captured()
    double = [Variable(asarray(np.ones(3)))]
    adam = optimizers.Adam()
    adam.build(double)
    assert "float64" in adam.why_not_captured()
    adam.apply([asarray(np.ones(3))], double)  # in array code

    class Own(optimizers.Adam):
        def update(self, p, g, slots, rate, scratch):
            p -= g

    own = Own()
    own.apply(grads, weights)
    assert own.why_not_captured() is not None


def test_gradients_that_do_not_fit_are_refused(gpu):
    weights = variables(np.random.default_rng(0))
    optimizer = optimizers.SGD()
    optimizer.build(weights)
    with pytest.raises(ShapeError, match="its gradient"):
        optimizer.apply([asarray(np.ones(2, np.float32))] * 4, weights)
    with pytest.raises(ShapeError, match="1 gradients"):
        optimizer.apply([asarray(np.ones(2, np.float32))], weights)
    with pytest.raises(InputError, match="built for other variables"):
        optimizer.apply([asarray(np.ones(2, np.float32))], [Variable(np.ones(2, np.float32))])
    with pytest.raises(InputError, match="no variable has a gradient"):
        optimizer.apply([None] * 4, weights)
