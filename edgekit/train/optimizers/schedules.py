"""Learning rates that depend on the step."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgekit.errors import InputError
from edgekit.train.serialization import Serializable

__all__ = ["CosineDecay", "ExponentialDecay", "LearningRateSchedule", "PiecewiseConstantDecay"]


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
        if decay_steps <= 0:
            raise InputError(f"decay_steps must be positive. Received: {decay_steps}")
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
        if decay_steps <= 0:
            raise InputError(f"decay_steps must be positive. Received: {decay_steps}")
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


CLASSES: dict[str, type[LearningRateSchedule]] = {
    cls.__name__: cls for cls in (CosineDecay, ExponentialDecay, PiecewiseConstantDecay)
}
