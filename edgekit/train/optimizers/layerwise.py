"""Optimizers that look at a variable as a whole: Adafactor, Lamb, Muon."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from edgekit.train.backend import array_module
from edgekit.train.optimizers.adam import _Moments
from edgekit.train.optimizers.optimizer import Optimizer
from edgekit.train.tensor import Variable

__all__ = ["Adafactor", "Lamb", "Muon"]


class Lamb(_Moments):
    """Adam whose step on each variable is as long as the rate times the variable's norm.

    Source: You et al. 2019.
    """

    slot_groups = (("momentum", "velocity"),)

    def update_step(self, gradient, variable, learning_rate):
        p, g = variable.data, gradient.data
        module = array_module(p)
        m, v = (self._slot_of(variable, name) for name in ("momentum", "velocity"))
        t = self._step_number
        m += (g - m) * np.float32(1 - self.beta_1)
        v += (g * g - v) * np.float32(1 - self.beta_2)
        root = module.sqrt(v / np.float32(1 - self.beta_2**t)) + np.float32(self.epsilon)
        step = m / np.float32(1 - self.beta_1**t) / root
        weight_norm = float(module.sqrt((p * p).sum()))
        step_norm = float(module.sqrt((step * step).sum()))
        ratio = weight_norm / step_norm if weight_norm > 0 and step_norm > 0 else 1.0
        p -= step * np.float32(ratio * learning_rate)


class Adafactor(Optimizer):
    """Second moments of matrices kept as a row and a column. Source: Shazeer and Stern 2018."""

    config_names = (
        *Optimizer.config_names,
        "beta_2_decay",
        "epsilon_1",
        "epsilon_2",
        "clip_threshold",
        "relative_step",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 0.001,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables: Iterable[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        assert self._flat is not None
        self._moments = []
        for v in self._flat.variables:
            shapes: tuple[tuple[int, ...], ...] = ((), ())
            if v.ndim >= 2:
                shapes = (v.shape[:-1], (*v.shape[:-2], v.shape[-1]))
            row, column = (self.add_variable(shape, name=v.path) for shape in shapes)
            self._moments.append((row, column, self.add_variable_from_reference(v, "velocity")))

    def update_step(self, gradient, variable, learning_rate):
        p, g = variable.data, gradient.data
        module = array_module(p)
        row, column, velocity = (x.data for x in self._moments[self._get_variable_index(variable)])
        t = self._step_number
        if isinstance(self._rate, Variable) and self.relative_step:
            learning_rate = min(learning_rate, 1 / math.sqrt(t))
        step = max(self.epsilon_2, _root_mean_square(p)) * min(learning_rate, 1 / math.sqrt(t))
        old = 1 - t**self.beta_2_decay
        squares = g * g + np.float32(self.epsilon_1)
        if p.ndim >= 2:
            for moment, axis in ((row, -1), (column, -2)):
                moment *= np.float32(old)
                moment += squares.mean(axis=axis) * np.float32(1 - old)
            share = row / row.mean(axis=-1, keepdims=True)
            module.multiply(share[..., None], column[..., None, :], out=velocity)
        else:
            velocity *= np.float32(old)
            velocity += squares * np.float32(1 - old)
        u = g / module.sqrt(velocity)
        u /= np.float32(max(1.0, _root_mean_square(u) / self.clip_threshold))
        p -= u * np.float32(step)


def _root_mean_square(x: Any) -> float:
    return math.sqrt(float((x * x).mean()))


class Muon(Optimizer):
    """Steps on matrices made orthogonal by Newton-Schulz iterations; AdamW for all else.

    exclude_layers: patterns in the paths of variables that AdamW is to train. exclude_embeddings:
    leave those with "embedding" in their path to it. Source: Jordan et al. 2024; Liu et al. 2025.
    """

    config_names = (
        *Optimizer.config_names,
        "adam_beta_1", "adam_beta_2", "epsilon", "exclude_layers", "muon_a", "muon_b", "muon_c",
        "adam_lr_ratio", "momentum", "ns_steps", "nesterov", "exclude_embeddings",
        "adam_weight_decay", "rms_rate",
    )  # fmt: skip

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: list[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **named: Any,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema,
            ema_momentum, ema_overwrite_frequency, loss_scale_factor,
            gradient_accumulation_steps, name, **named,
        )  # fmt: skip
        self.adam_beta_1, self.adam_beta_2, self.epsilon = adam_beta_1, adam_beta_2, epsilon
        self.adam_weight_decay, self.adam_lr_ratio = adam_weight_decay, adam_lr_ratio
        self.exclude_layers, self.exclude_embeddings = exclude_layers or [], exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.momentum, self.nesterov = momentum, nesterov
        self.ns_steps, self.rms_rate = ns_steps, rms_rate

    def _is_adams(self, variable: Variable) -> bool:
        path = variable.path
        return (
            variable.ndim != 2
            or (self.exclude_embeddings and "embedding" in path.lower())
            or any(re.search(pattern, path) for pattern in self.exclude_layers)
        )

    def build(self, variables: Iterable[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        assert self._flat is not None
        self._moments: list[tuple[Variable, Variable | None]] = []
        for v in self._flat.variables:
            m = self.add_variable_from_reference(v, "momentum")
            adams = self._is_adams(v)
            second = self.add_variable_from_reference(v, "velocity") if adams else None
            self._moments.append((m, second))

    def _decay_of(self, variable: Variable) -> float | None:
        return self.adam_weight_decay if self._is_adams(variable) else self.weight_decay

    def update_step(self, gradient, variable, learning_rate):
        m, v = self._moments[self._get_variable_index(variable)]
        if v is None:
            self._step_matrix(gradient.data, variable.data, m.data, learning_rate)
        else:
            rate = learning_rate * self.adam_lr_ratio
            self._step_adam(gradient.data, variable.data, m.data, v.data, rate)

    def _step_matrix(self, g: Any, p: Any, m: Any, rate: float) -> None:
        m *= np.float32(self.momentum)
        m += g
        step = g + m * np.float32(self.momentum) if self.nesterov else m
        rows, columns = p.shape
        widened = 1.0 if self.rms_rate is None else self.rms_rate * math.sqrt(max(rows, columns))
        p -= self._orthogonal(step) * np.float32(rate * widened)

    def _orthogonal(self, x: Any) -> Any:
        """A matrix with the singular vectors of `x` and singular values near 1."""
        turned = x.shape[0] > x.shape[1]
        x = x.T if turned else x
        x = x / (array_module(x).sqrt((x * x).sum()) + np.float32(1e-7))
        a, b, c = np.float32(self.muon_a), np.float32(self.muon_b), np.float32(self.muon_c)
        for _ in range(self.ns_steps):
            square = x @ x.T
            x = x * a + (square * b + (square * c) @ square) @ x
        return x.T if turned else x

    def _step_adam(self, g: Any, p: Any, m: Any, v: Any, rate: float) -> None:
        t = self._step_number
        alpha = rate * math.sqrt(1 - self.adam_beta_2**t) / (1 - self.adam_beta_1**t)
        m += (g - m) * np.float32(1 - self.adam_beta_1)
        v += (g * g - v) * np.float32(1 - self.adam_beta_2)
        p -= m * np.float32(alpha) / (array_module(p).sqrt(v) + np.float32(self.epsilon))
