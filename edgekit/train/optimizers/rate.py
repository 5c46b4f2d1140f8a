"""The learning rate of an optimizer: a number that can be set, a schedule, or a function."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.optimizers.host_scalar import host_variable
from edgekit.train.optimizers.schedules import CLASSES as SCHEDULES
from edgekit.train.optimizers.schedules import InverseTimeDecay, LearningRateSchedule
from edgekit.train.optimizers.state import OptimizerState
from edgekit.train.serialization import plain, resolve
from edgekit.train.tensor import Variable

__all__ = ["HasLearningRate"]


class _BaseRate(Variable):
    """The rate that a schedule starts from, to read and to set."""

    __slots__ = ("schedule",)

    def __init__(self, schedule: InverseTimeDecay) -> None:
        rate = np.float32(schedule.initial_learning_rate)
        super().__init__(rate, name="learning_rate", trainable=False)
        self.schedule = schedule

    def assign(self, value: Any) -> Variable:
        super().assign(value)
        self.schedule.initial_learning_rate = float(self.data)
        return self


class HasLearningRate(OptimizerState):
    """An optimizer's `learning_rate`, to read and to set."""

    @property
    def learning_rate(self) -> Any:
        """The rate as a variable (`float(...)`, `.assign(...)`), or that of the schedule now."""
        if isinstance(self._rate, Variable):
            return self._rate
        if self.rate_takes_step:
            return self._rate(int(self._iterations.data))
        return self._rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, dict):
            value = resolve(value, SCHEDULES, "learning rate schedule")
        if callable(value):
            self._rate = value
            return
        before = getattr(self, "_rate", None)
        if isinstance(before, LearningRateSchedule):
            raise InputError(
                f"the learning rate of optimizer {self.name!r} follows a schedule "
                f"({type(before).__name__}) and cannot be set; make the optimizer with a number"
            )
        rate = float(value)
        if not 0.0 <= rate < float("inf"):
            raise InputError(f"the learning rate must be finite and >= 0. Received: {value!r}")
        if isinstance(before, Variable):
            before.data[...] = rate
        else:
            self._rate = host_variable(rate, np.float32, "learning_rate")

    @property
    def rate_takes_step(self) -> bool:
        """Whether the learning rate is a schedule, or a function of the step."""
        return isinstance(self._rate, LearningRateSchedule) or (
            not isinstance(self._rate, Variable) and _takes_step(self._rate)
        )

    @property
    def _old_lr(self) -> Any:
        """`lr` of Keras 2: beside decay=, the rate before it is divided."""
        decays = isinstance(self._rate, InverseTimeDecay) and self._rate.decay_steps == 1
        return _BaseRate(self._rate) if decays else self.learning_rate

    @_old_lr.setter
    def _old_lr(self, value: Any) -> None:
        base = self._old_lr
        if isinstance(base, _BaseRate):
            base.assign(np.float32(value))
        else:
            self.learning_rate = value

    def rate_config(self) -> Any:
        """The learning rate as a config holds it."""
        if isinstance(self._rate, Variable):
            return float(self._rate.data)
        if isinstance(self._rate, LearningRateSchedule):
            return plain(self._rate)
        raise InputError(
            f"optimizer {self.name!r}: a learning rate that is a Python function cannot be "
            "saved; use a LearningRateSchedule"
        )


def _takes_step(function: Any) -> bool:
    """Whether a function wants to be given the step; Keras calls it without."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.default is p.empty and p.kind is not p.VAR_KEYWORD for p in parameters)
