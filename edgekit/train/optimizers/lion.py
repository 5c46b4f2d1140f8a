"""Lion: only the sign of the averaged gradient counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import array_module
from edgekit.train.optimizers.optimizer import Optimizer

__all__ = ["Lion"]


class Lion(Optimizer):
    """p <- p - rate sign(b1 m + (1 - b1) g); m <- b2 m + (1 - b2) g. Source: Chen et al. 2023."""

    config_names = (*Optimizer.config_names, "beta_1", "beta_2")
    slot_groups = (("momentum",),)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        if not 0 < beta_1 <= 1:
            raise InputError(f"beta_1 must be above 0 and at most 1. Received: {beta_1}")
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def update(self, p, g, slots, rate, scratch):
        module = array_module(p)
        m = slots["momentum"]
        a, b = scratch
        module.multiply(m, np.float32(self.beta_1), out=a)
        module.multiply(g, np.float32(1 - self.beta_1), out=b)
        a += b
        module.sign(a, out=a)
        a *= np.float32(rate)
        p -= a
        m *= np.float32(self.beta_2)
        module.multiply(g, np.float32(1 - self.beta_2), out=b)
        m += b
