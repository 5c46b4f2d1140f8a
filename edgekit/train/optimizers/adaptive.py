"""Optimizers that give each weight a rate of its own: Adagrad, Adadelta, Ftrl."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import array_module
from edgekit.train.optimizers.optimizer import Optimizer

__all__ = ["Adadelta", "Adagrad", "Ftrl"]


class Adagrad(Optimizer):
    """a <- a + g^2; p <- p - rate g / sqrt(a + epsilon). Source: Duchi, Hazan, Singer 2011."""

    config_names = (*Optimizer.config_names, "initial_accumulator_value", "epsilon")
    slot_groups = (("accumulator",),)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def slot_start(self, name: str) -> float:
        return self.initial_accumulator_value if name == "accumulator" else 0.0

    def update(self, p, g, slots, rate, scratch):
        module = array_module(p)
        a, b = scratch
        total = slots["accumulator"]
        module.multiply(g, g, out=a)
        total += a
        module.add(total, np.float32(self.epsilon), out=a)
        module.sqrt(a, out=a)
        module.multiply(g, np.float32(rate), out=b)
        b /= a
        p -= b


class Adadelta(Optimizer):
    """a <- rho a + (1 - rho) g^2; d = -g sqrt(x + epsilon) / sqrt(a + epsilon);

    x <- rho x + (1 - rho) d^2; p <- p + rate d. Source: Zeiler 2012.
    """

    config_names = (*Optimizer.config_names, "rho", "epsilon")
    slot_groups = (("accumulated_grad", "accumulated_delta_var"),)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.rho = rho
        self.epsilon = epsilon

    def update(self, p, g, slots, rate, scratch):
        module = array_module(p)
        rho, rest = np.float32(self.rho), np.float32(1 - self.rho)
        epsilon = np.float32(self.epsilon)
        squares, steps = slots["accumulated_grad"], slots["accumulated_delta_var"]
        a, b = scratch
        squares *= rho
        module.multiply(g, g, out=a)
        a *= rest
        squares += a
        module.add(steps, epsilon, out=a)
        module.sqrt(a, out=a)
        a *= g
        module.add(squares, epsilon, out=b)
        module.sqrt(b, out=b)
        a /= b
        module.multiply(a, a, out=b)
        b *= rest
        steps *= rho
        steps += b
        a *= np.float32(rate)
        p -= a


class Ftrl(Optimizer):
    """Follow the regularized leader: exact zeros under L1. Source: McMahan et al. 2013.

    n' = n + g^2; z <- z + g + 2 shrinkage p - (n'^-power - n^-power) p / rate;
    p <- (clip(z, -l1, l1) - z) / (n'^-power / rate + 2 l2 + beta / rate).
    """

    config_names = (
        *Optimizer.config_names,
        "learning_rate_power",
        "initial_accumulator_value",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
        "beta",
    )
    slot_groups = (("accumulator", "linear"),)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        self._check()

    def _check(self) -> None:
        problems = [
            f"{name}={getattr(self, name)} is below 0"
            for name in self.config_names[-5:-1]
            if getattr(self, name) < 0
        ]
        if self.learning_rate_power > 0:
            problems.append(f"learning_rate_power={self.learning_rate_power} is above 0")
        if problems:
            raise InputError(f"Ftrl: {'; '.join(problems)}.")

    def slot_start(self, name: str) -> float:
        return self.initial_accumulator_value if name == "accumulator" else 0.0

    def update(self, p, g, slots, rate, scratch):
        module = array_module(p)
        power = np.float32(-self.learning_rate_power)
        n, z = slots["accumulator"], slots["linear"]
        a, b = scratch
        module.power(n, power, out=a)
        module.multiply(g, g, out=b)
        n += b
        module.power(n, power, out=b)
        module.subtract(b, a, out=a)
        a *= p
        a /= np.float32(rate)
        z -= a
        z += g
        if self.l2_shrinkage_regularization_strength:
            module.multiply(p, np.float32(2 * self.l2_shrinkage_regularization_strength), out=a)
            z += a
        b /= np.float32(rate)
        b += np.float32(2 * self.l2_regularization_strength + self.beta / rate)
        l1 = np.float32(self.l1_regularization_strength)
        module.clip(z, -l1, l1, out=a)
        a -= z
        module.divide(a, b, out=p)
