"""Where the weights are on a GPU: steps by one kernel, and what a captured step needs around it.

A step that was captured is replayed without this code, so what it does on the host around every
step is in two methods: `prepare(steps)` before a launch of so many steps, `taken(steps)` after it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.optimizers.rate import HasLearningRate

__all__ = ["OnDevice"]


class OnDevice(HasLearningRate):
    """The part of an optimizer that knows of GPUs."""

    _updates: Any = None
    built: bool

    def device_updates(self, scaling: Any = None) -> Any:
        """What steps on the GPU that holds the weights; None where the array code does.

        scaling: the LossScaleOptimizer around this one.
        """
        flat = self._flat
        if flat is None or flat.module is np:
            return None
        known = self._updates
        if known is None or known.flat is not flat or known.scaling is not scaling:
            from edgekit.train.gpu.update_rules import rule_of
            from edgekit.train.gpu.updates import Updates

            rule = rule_of(self)
            if rule is None or flat.dtype != np.float32 or not flat.variables:
                return None
            self._updates = Updates(self, rule, scaling)
        return self._updates

    def prepare(self, steps: int = 1) -> None:
        """Write to the device what the next so many steps need; before a captured launch."""
        updates = self.device_updates()
        if updates is not None:
            updates.prepare(steps)

    def taken(self, steps: int = 1) -> None:
        """Count so many steps that were launched without `apply`."""
        updates = self.device_updates()
        if updates is not None:
            updates.taken(steps)

    def why_not_captured(self) -> str | None:
        """Why a step of this optimizer cannot be captured and replayed, in words; None if it can.

        Asked after the first step.
        """
        if self._flat is None or self.device_updates() is not None:
            return None
        name = type(self).__name__
        if self._flat.module is np:
            return f"the weights that {name} trains are not on a GPU"
        if self._flat.dtype != np.float32:
            return f"the weights are {self._flat.dtype}; the kernel of {name} steps in float32"
        return f"{name} has no kernel: it steps in array code that reads numbers on the host"
