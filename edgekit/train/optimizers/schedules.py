"""Learning rates that depend on the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from edgekit.errors import InputError
from edgekit.train.serialization import Serializable, plain, resolve

__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay",
    "LearningRateSchedule", "PiecewiseConstantDecay", "PolynomialDecay", "deserialize",
    "serialize",
]  # fmt: skip


class LearningRateSchedule(Serializable):
    """The base: `schedule(step)` gives the learning rate of a step, counted from 0."""

    keras_module = "keras.optimizers.schedules"

    def __call__(self, step: int) -> float:
        raise NotImplementedError


class ExponentialDecay(LearningRateSchedule):
    """initial * decay_rate^(step / decay_steps); whole powers only with `staircase`."""

    config_names = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        _check_steps("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: int) -> float:
        power = step / self.decay_steps
        power = math.floor(power) if self.staircase else power
        return float(self.initial_learning_rate * self.decay_rate**power)


class CosineDecay(LearningRateSchedule):
    """Half a cosine from the initial rate to alpha times it, after a linear warm-up if asked for.

    With `warmup_target` the rate rises from the initial one to the target over `warmup_steps`, and
    the cosine starts from the target. Source: Loshchilov and Hutter 2016.
    """

    config_names = (
        "initial_learning_rate",
        "decay_steps",
        "alpha",
        "name",
        "warmup_target",
        "warmup_steps",
    )

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        _check_steps("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: int) -> float:
        top = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return float(top + (self.warmup_target - top) * step / self.warmup_steps)
            step, top = step - self.warmup_steps, self.warmup_target
        share = min(step / self.decay_steps, 1.0)
        cosine = 0.5 * (1.0 + math.cos(math.pi * share))
        return float(top * ((1.0 - self.alpha) * cosine + self.alpha))


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[i] up to and including step boundaries[i], the last value after the last boundary."""

    config_names = ("boundaries", "values", "name")

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(values) != len(boundaries) + 1:
            raise InputError(
                "values must have one entry more than boundaries. "
                f"Received: {len(values)} values, {len(boundaries)} boundaries"
            )
        self.boundaries = list(boundaries)
        self.values = list(values)
        self.name = name

    def __call__(self, step: int) -> float:
        for boundary, value in zip(self.boundaries, self.values, strict=False):
            if step <= boundary:
                return float(value)
        return float(self.values[-1])


class PolynomialDecay(LearningRateSchedule):
    """(initial - end) (1 - step / decay_steps)^power + end, and `end` after the last step.

    With `cycle` the decay is stretched to the next multiple of `decay_steps` instead of ending.
    """

    config_names = (
        "initial_learning_rate",
        "decay_steps",
        "end_learning_rate",
        "power",
        "cycle",
        "name",
    )

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        _check_steps("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: int) -> float:
        steps = self.decay_steps
        if self.cycle:
            steps *= max(1, math.ceil(step / self.decay_steps))
        share = min(step, steps) / steps
        span = self.initial_learning_rate - self.end_learning_rate
        return float(span * (1.0 - share) ** self.power + self.end_learning_rate)


class InverseTimeDecay(LearningRateSchedule):
    """initial / (1 + decay_rate step / decay_steps); whole quotients only with `staircase`."""

    config_names = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        _check_steps("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: int) -> float:
        passed = step / self.decay_steps
        passed = math.floor(passed) if self.staircase else passed
        return float(self.initial_learning_rate / (1.0 + self.decay_rate * passed))


class CosineDecayRestarts(LearningRateSchedule):
    """Half cosines one after the other: each `t_mul` times as long, `m_mul` times as high.

    The first takes `first_decay_steps`; every one ends at `alpha` times its height.
    Source: Loshchilov and Hutter 2016.
    """

    config_names = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        _check_steps("first_decay_steps", first_decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: int) -> float:
        share, restarts, length = step / self.first_decay_steps, 0, 1.0
        if self.t_mul == 1.0:
            restarts, share = int(share), share - int(share)
        else:
            while share >= length:
                share, length, restarts = share - length, length * self.t_mul, restarts + 1
            share /= length
        height = self.m_mul**restarts
        cosine = 0.5 * height * (1.0 + math.cos(math.pi * share))
        return float(self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha))


CLASSES: dict[str, type[LearningRateSchedule]] = {
    cls.__name__: cls
    for cls in (
        CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay,
        PiecewiseConstantDecay, PolynomialDecay,
    )
}  # fmt: skip


def serialize(learning_rate_schedule: Any) -> Any:
    """A schedule's config with the name of its class."""
    return plain(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """A schedule from the result of `serialize`; custom_objects: class name -> class."""
    return resolve(config, {**CLASSES, **(custom_objects or {})}, "learning rate schedule")


def _check_steps(name: str, steps: float) -> None:
    if steps <= 0:
        raise InputError(f"{name} must be positive. Received: {steps}")
