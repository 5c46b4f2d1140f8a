"""Gradient descent with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import array_module
from edgekit.train.optimizers.optimizer import Optimizer

__all__ = ["SGD"]


class SGD(Optimizer):
    """p <- p - rate g; with momentum m <- momentum m - rate g, p <- p + m.

    With `nesterov` p <- p + momentum m - rate g. Source: Sutskever et al. 2013.
    """

    config_names = (*Optimizer.config_names, "momentum", "nesterov")
    slot_groups = (("momentum",),)

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        if not 0 <= momentum <= 1:
            raise InputError(f"momentum must be from 0 to 1. Received: {momentum}")
        self.momentum = momentum
        self.nesterov = nesterov

    def slot_names(self) -> list[str]:
        return ["momentum"] if self.momentum else []

    def update(self, p, g, slots, rate, scratch):
        module = array_module(p)
        step, ahead = scratch
        module.multiply(g, np.float32(rate), out=step)
        if not self.momentum:
            p -= step
            return
        m = slots["momentum"]
        m *= np.float32(self.momentum)
        m -= step
        if self.nesterov:
            module.multiply(m, np.float32(self.momentum), out=ahead)
            ahead -= step
            p += ahead
        else:
            p += m
