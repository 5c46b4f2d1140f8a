"""RMSprop."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.backend import array_module
from edgekit.train.optimizers.optimizer import Optimizer

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """v <- rho v + (1 - rho) g^2; step = rate g / sqrt(v + epsilon); p <- p - step.

    With `momentum` m <- momentum m + step and p <- p - m; with `centered` the square of the mean
    gradient is taken off v in the root. Source: Hinton 2012, lecture 6.
    """

    config_names = (*Optimizer.config_names, "rho", "momentum", "epsilon", "centered")
    slot_groups = (("velocity",), ("momentum",), ("average_gradient",))

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def slot_names(self) -> list[str]:
        names = ["velocity"]
        names += ["momentum"] if self.momentum > 0 else []
        return names + (["average_gradient"] if self.centered else [])

    def update(self, p, g, slots, rate, scratch):
        module = array_module(p)
        a, b = scratch
        rho, rest = np.float32(self.rho), np.float32(1 - self.rho)
        v = slots["velocity"]
        v *= rho
        module.multiply(g, g, out=a)
        a *= rest
        v += a
        if self.centered:
            mean = slots["average_gradient"]
            mean *= rho
            module.multiply(g, rest, out=a)
            mean += a
            module.multiply(mean, mean, out=a)
            module.subtract(v, a, out=a)
            a += np.float32(self.epsilon)
        else:
            module.add(v, np.float32(self.epsilon), out=a)
        module.sqrt(a, out=a)
        module.multiply(g, np.float32(rate), out=b)
        b /= a
        if self.momentum > 0:
            m = slots["momentum"]
            m *= np.float32(self.momentum)
            m += b
            p -= m
        else:
            p -= b
