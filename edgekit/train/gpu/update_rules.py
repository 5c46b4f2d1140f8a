"""The optimizers that have a rule in `sources/updates.cuh`, and the constants of their steps.

A row of constants is made for every step in advance, in float64 as the optimizers on the host do,
and rounded to float32 where they round. So nothing is raised to a power on the device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from edgekit.train import optimizers
from edgekit.train.optimizers.optimizer import Optimizer

__all__ = ["RULES", "UpdateRule", "rule_of"]

_MOMENTUM, _NESTEROV, _CENTERED, _AMSGRAD = 256, 512, 1024, 2048


class UpdateRule(NamedTuple):
    """How an optimizer changes one weight.

    name: of the struct in C++. slots: in the order in which it takes them. constants: from the
    optimizer, the numbers of the steps (from 1) and their learning rates, to the constants of each
    step, one column each. flags: what is switched on. scalars: attributes of the optimizer that
    change on the host; follow: takes them from one number of updates to another. by_variable:
    steps are measured by the norms of a variable and of its step, so there are two kernels.
    """

    name: str
    slots: tuple[str, ...]
    constants: Callable[[Any, Any, Any], list[Any]]
    flags: Callable[[Any], int] = lambda optimizer: 0
    scalars: tuple[str, ...] = ()
    follow: Callable[[Any, int, int], None] | None = None
    by_variable: bool = False


def _sgd(o: Any, t: Any, rate: Any) -> list[Any]:
    return [rate, o.momentum]


def _adam(o: Any, t: Any, rate: Any) -> list[Any]:
    alpha = rate * np.sqrt(1 - o.beta_2**t) / (1 - o.beta_1**t)
    return [alpha, 1 - o.beta_1, 1 - o.beta_2, o.epsilon]


def _adamax(o: Any, t: Any, rate: Any) -> list[Any]:
    return [rate / (1 - o.beta_1**t), 1 - o.beta_1, o.beta_2, o.epsilon]


def _nadam(o: Any, t: Any, rate: Any) -> list[Any]:
    now, ahead = o._momentum_at(t), o._momentum_at(t + 1)
    product = _products(o, now[_changes(t)])[_places(t)].astype(np.float64)
    return [
        rate * ahead / (1 - product * ahead),
        rate * (1 - now) / (1 - product),
        1 / (1 - o.beta_2**t),
        1 - o.beta_1,
        1 - o.beta_2,
        o.epsilon,
    ]


def _changes(t: Any) -> Any:
    """Where a step of another number begins: with accumulation several rows have the same."""
    return np.r_[True, t[1:] != t[:-1]]


def _places(t: Any) -> Any:
    return np.cumsum(_changes(t)) - 1


def _products(o: Any, factors: Any) -> Any:
    """u_product after each step, in float32 as the host keeps it."""
    return np.multiply.accumulate(np.r_[o._product.data, factors.astype(np.float32)])[1:]


def _nadam_followed(o: Any, before: int, now: int) -> None:
    for t in range(before + 1, now + 1):
        o._product.data *= np.float32(o._momentum_at(t))


def _lamb(o: Any, t: Any, rate: Any) -> list[Any]:
    shares = [1 - o.beta_1**t, 1 - o.beta_2**t]
    return [rate, 1 - o.beta_1, 1 - o.beta_2, *shares, o.epsilon]


def _rmsprop(o: Any, t: Any, rate: Any) -> list[Any]:
    return [rate, o.rho, 1 - o.rho, o.epsilon, o.momentum]


def _adagrad(o: Any, t: Any, rate: Any) -> list[Any]:
    return [rate, o.epsilon]


def _adadelta(o: Any, t: Any, rate: Any) -> list[Any]:
    return [rate, o.rho, 1 - o.rho, o.epsilon]


def _lion(o: Any, t: Any, rate: Any) -> list[Any]:
    return [rate, o.beta_1, 1 - o.beta_1, o.beta_2, 1 - o.beta_2]


def _ftrl(o: Any, t: Any, rate: Any) -> list[Any]:
    shrinkage = 2 * o.l2_shrinkage_regularization_strength
    l2 = 2 * o.l2_regularization_strength + o.beta / rate
    return [rate, -o.learning_rate_power, shrinkage, l2, o.l1_regularization_strength]


RULES: dict[type[Optimizer], UpdateRule] = {
    optimizers.SGD: UpdateRule(
        "Sgd", ("momentum",), _sgd,
        lambda o: (_MOMENTUM if o.momentum else 0) | (_NESTEROV if o.nesterov else 0),
    ),
    optimizers.Adam: UpdateRule(
        "Adam", ("momentum", "velocity", "velocity_hat"), _adam,
        lambda o: _AMSGRAD if o.amsgrad else 0,
    ),
    optimizers.Adamax: UpdateRule("Adamax", ("momentum", "norm"), _adamax),
    optimizers.Nadam: UpdateRule(
        "Nadam", ("momentum", "velocity"), _nadam, scalars=("_product",), follow=_nadam_followed
    ),
    optimizers.RMSprop: UpdateRule(
        "RMSprop", ("velocity", "momentum", "average_gradient"), _rmsprop,
        lambda o: (_MOMENTUM if o.momentum > 0 else 0) | (_CENTERED if o.centered else 0),
    ),
    optimizers.Adagrad: UpdateRule("Adagrad", ("accumulator",), _adagrad),
    optimizers.Adadelta: UpdateRule(
        "Adadelta", ("accumulated_grad", "accumulated_delta_var"), _adadelta
    ),
    optimizers.Lion: UpdateRule("Lion", ("momentum",), _lion),
    optimizers.Ftrl: UpdateRule("Ftrl", ("accumulator", "linear"), _ftrl),
    optimizers.Lamb: UpdateRule("Lamb", ("momentum", "velocity"), _lamb, by_variable=True),
}  # fmt: skip
"""Optimizer -> its rule."""


# the methods that make a step what it is
_STEPS = ("update", "update_step", "begin_update", "_decay_of", "_use_weight_decay", "slot_start")


def rule_of(optimizer: Any) -> UpdateRule | None:
    """The rule of an optimizer; None where it, or a subclass, steps in a way of its own."""
    own = type(optimizer)
    for known, rule in RULES.items():
        if all(getattr(own, name) is getattr(known, name) for name in _STEPS):
            return rule
    return None
