"""Adam and its relatives: AdamW, Adamax, Nadam."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from edgekit.train.backend import array_module
from edgekit.train.optimizers.host_scalar import host_variable
from edgekit.train.optimizers.optimizer import Optimizer
from edgekit.train.tensor import Variable

__all__ = ["Adam", "AdamW", "Adamax", "Nadam"]


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
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def slot_names(self) -> list[str]:
        return ["momentum", "velocity", *(["velocity_hat"] if self.amsgrad else [])]

    def update(self, p, g, slots, rate, scratch):
        module = array_module(p)
        t = self._step_number
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
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, *options, **named
        )


class _Moments(Optimizer):
    """The arguments of Adam but `amsgrad`."""

    config_names = (*Optimizer.config_names, "beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon


class Adamax(_Moments):
    """m <- m + (g - m)(1 - b1); u <- max(b2 u, |g|); p <- p - rate m / ((1 - b1^t)(u + epsilon)).

    Source: Kingma and Ba 2014, section 7.
    """

    slot_groups = (("momentum", "norm"),)

    def update(self, p, g, slots, rate, scratch):
        module = array_module(p)
        t = self._step_number
        m, u = slots["momentum"], slots["norm"]
        a, b = scratch
        module.subtract(g, m, out=a)
        a *= np.float32(1 - self.beta_1)
        m += a
        u *= np.float32(self.beta_2)
        module.absolute(g, out=a)
        module.maximum(u, a, out=u)
        module.multiply(m, np.float32(rate / (1 - self.beta_1**t)), out=a)
        module.add(u, np.float32(self.epsilon), out=b)
        a /= b
        p -= a


class Nadam(_Moments):
    """Adam with Nesterov momentum; the momentum of step t is b1 (1 - 0.96^t / 2).

    Source: Dozat 2016.
    """

    slot_groups = (("momentum", "velocity"),)

    def build(self, variables: Iterable[Variable]) -> None:
        if not self.built:
            super().build(variables)
            self._product = host_variable(1.0, np.float32, "u_product")
            self._added.append(self._product)

    def _momentum_at(self, t: int) -> float:
        return self.beta_1 * (1.0 - 0.5 * 0.96**t)

    def begin_update(self) -> None:
        self._product.data *= np.float32(self._momentum_at(self._step_number))

    def update(self, p, g, slots, rate, scratch):
        module = array_module(p)
        t = self._step_number
        now, ahead = self._momentum_at(t), self._momentum_at(t + 1)
        product = float(self._product.data)
        m, v = slots["momentum"], slots["velocity"]
        a, b = scratch
        module.subtract(g, m, out=a)
        a *= np.float32(1 - self.beta_1)
        m += a
        module.multiply(g, g, out=a)
        a -= v
        a *= np.float32(1 - self.beta_2)
        v += a
        module.multiply(m, np.float32(rate * ahead / (1 - product * ahead)), out=a)
        module.multiply(g, np.float32(rate * (1 - now) / (1 - product)), out=b)
        a += b
        module.multiply(v, np.float32(1 / (1 - self.beta_2**t)), out=b)
        module.sqrt(b, out=b)
        b += np.float32(self.epsilon)
        a /= b
        p -= a
