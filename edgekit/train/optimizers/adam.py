"""Adam, and Adam with decoupled weight decay."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.train.backend import array_module
from edgekit.train.optimizers.optimizer import Optimizer

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """m <- m + (g - m)(1 - b1); v <- v + (g^2 - v)(1 - b2); p <- p - alpha m / (sqrt(v) + epsilon)

    with alpha = rate sqrt(1 - b2^t) / (1 - b1^t). With `amsgrad` the largest v so far is used.
    Source: Kingma and Ba 2014, in the form that Keras computes; Reddi et al. 2018.
    """

    config_names: tuple[str, ...] = (
        *Optimizer.config_names,
        "beta_1",
        "beta_2",
        "epsilon",
        "amsgrad",
    )
    slot_groups = (("momentum", "velocity"), ("velocity_hat",))

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        name: str = "adam",
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, name=name, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def slot_names(self) -> list[str]:
        return ["momentum", "velocity", *(["velocity_hat"] if self.amsgrad else [])]

    def update(self, p, g, slots, rate, scratch):
        module = array_module(p)
        t = int(self.iterations.data) + 1
        alpha = rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        m, v = slots["momentum"], slots["velocity"]
        a, b = scratch
        module.subtract(g, m, out=a)
        a *= np.float32(1 - self.beta_1)
        m += a
        module.multiply(g, g, out=a)
        a -= v
        a *= np.float32(1 - self.beta_2)
        v += a
        if self.amsgrad:
            v_hat = slots["velocity_hat"]
            module.maximum(v_hat, v, out=v_hat)
            v = v_hat
        module.sqrt(v, out=a)
        a += np.float32(self.epsilon)
        module.multiply(m, np.float32(alpha), out=b)
        b /= a
        p -= b


class AdamW(Adam):
    """Adam whose weight decay does not pass through the moments. Loshchilov, Hutter 2017."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        name: str = "adamw",
        **options: Any,
    ) -> None:
        options["weight_decay"] = weight_decay
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, name, **options)
