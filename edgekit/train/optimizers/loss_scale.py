"""Loss scaling that adapts: for gradients that would vanish in float16."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import array_module
from edgekit.train.optimizers.host_scalar import host_variable
from edgekit.train.optimizers.optimizer import Optimizer
from edgekit.train.serialization import plain
from edgekit.train.tensor import Variable, array_of, wrap

__all__ = ["LossScaleOptimizer", "with_loss_scale"]


def with_loss_scale(optimizer: Any, layers: Iterable[Any]) -> Any:
    """The optimizer, inside of a LossScaleOptimizer where a layer mixes in float16, as in Keras."""
    mixed = any(layer.dtype_policy.name == "mixed_float16" for layer in layers)
    if not mixed or optimizer is None or isinstance(optimizer, LossScaleOptimizer):
        return optimizer
    return LossScaleOptimizer(optimizer, name="loss_scale_optimizer")


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss and divides the gradients by a scale, around another optimizer.

    A step whose gradients are not finite is left out and halves the scale; after
    `dynamic_growth_steps` finite steps in a row the scale doubles.
    """

    def __init__(
        self,
        inner_optimizer: Any,
        initial_scale: float = 32768.0,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **named: Any,
    ) -> None:
        if not isinstance(inner_optimizer, Optimizer):
            raise InputError(
                "LossScaleOptimizer goes around an optimizer. "
                f"Received: inner_optimizer={inner_optimizer!r}"
            )
        self.inner_optimizer = inner_optimizer
        super().__init__(0.0, name=name, **named)
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        self.step_counter = host_variable(0, np.int64, "step_counter")
        self.dynamic_scale = host_variable(initial_scale, np.float32, "dynamic_scale")

    def build(self, variables: Iterable[Variable]) -> None:
        self.inner_optimizer.build(variables)
        self._flat = self.inner_optimizer._flat
        self.built = True

    def device_updates(self, scaling: Any = None) -> Any:
        return self.inner_optimizer.device_updates(self) if self.built else None

    def why_not_captured(self) -> str | None:
        if self.device_updates() is not None:
            return None
        return self.inner_optimizer.why_not_captured()

    @property
    def learning_rate(self) -> Any:
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if hasattr(self, "_rate"):
            self.inner_optimizer.learning_rate = value
        else:
            self._rate = host_variable(value, np.float32, "learning_rate")

    @property
    def iterations(self) -> Any:
        return self.inner_optimizer.iterations

    @property
    def variables(self) -> list[Variable]:
        """Own steps and rate, the counter and the scale, then those of the inner optimizer."""
        scaling = [self.step_counter, self.dynamic_scale] if self.built else []
        return [self._iterations, self._rate, *scaling, *self.inner_optimizer.variables]

    def _apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None) -> None:
        """One step of the inner optimizer, or none where a gradient is not finite."""
        if not self.built and trainable_variables is not None:
            self.build(list(trainable_variables))
        updates = self.device_updates()
        if updates is not None:
            flat, variables = self.inner_optimizer._ready(trainable_variables)
            flat.bind()
            updates.apply(grads, variables)
            return
        arrays = [None if g is None else array_of(g) for g in grads]
        if not all(bool(array_module(g).isfinite(g).all()) for g in arrays if g is not None):
            self.step_counter.data[...] = 0
            self.dynamic_scale.data *= np.float32(0.5)
            return
        scale = np.float32(self.dynamic_scale.data)
        unscaled = [None if g is None else g / scale for g in arrays]
        self.inner_optimizer._apply(unscaled, trainable_variables)
        if int(self.step_counter.data) == self.dynamic_growth_steps - 1:
            self.step_counter.data[...] = 0
            self.dynamic_scale.data *= np.float32(2.0)
        else:
            self.step_counter.data += 1

    def scale_loss(self, loss: Any) -> Any:
        updates = self.device_updates()
        if updates is not None:
            return loss * wrap(updates.scale())
        return loss * (float(self.dynamic_scale.data) if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": plain(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        from edgekit.train.optimizers import get

        config = dict(config)
        return cls(get(config.pop("inner_optimizer")), **config)
