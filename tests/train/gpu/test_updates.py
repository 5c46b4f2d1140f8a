"""Optimizers on the simulated GPU: the same weights as on the host, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train import constraints, optimizers
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.gpu.state import capturing
from edgekit.train.optimizers import schedules
from edgekit.train.tensor import Variable

STEPS = 20
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


def stepped(make, steps=STEPS, missing=None):
    """Weights and the optimizer's variables after so many steps with gradients from one seed."""
    random = np.random.default_rng(3)
    weights, optimizer = variables(random), make()
    if hasattr(optimizer, "exclude_from_weight_decay"):
        optimizer.exclude_from_weight_decay(var_names=["v1"])
    optimizer.build(weights)
    for step in range(steps):
        grads = [asarray(g) for g in gradients(random)]
        if missing is not None and step % 3 == 1:
            grads[missing] = None
        optimizer.apply(grads, weights)
    found = [to_numpy(v).copy() for v in weights]
    assert [v.version for v in weights] == [
        steps - (steps // 3 if i == missing else 0) for i in range(len(SHAPES))
    ] or missing is not None
    return found, optimizer.get_weights(), optimizer


def same(found, expected):
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6 * np.abs(b).max(), err_msg=str(i))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_are_those_of_the_host(name, options, request):
    cls, arguments = OPTIMIZERS[name]

    def make():
        return cls(**{"learning_rate": 0.01, **arguments, **OPTIONS[options]})

    weights, own, _ = stepped(make)
    request.getfixturevalue("gpu")
    on_device, state, optimizer = stepped(make)
    assert optimizer.why_not_captured() is None
    same(on_device, weights)
    same(state, own)
    assert int(optimizer.iterations) == int(own[0]) // (optimizer.gradient_accumulation_steps or 1)
