"""Weight decay: what is taken off each weight before a step, and which weights are spared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.optimizers.on_device import OnDevice
from edgekit.train.tensor import Variable

__all__ = ["Decaying"]


class Decaying(OnDevice):
    """The part of an optimizer that decays weights."""

    weight_decay: float | None
    _not_decayed: tuple[list[Any], list[str]]

    def _decay_of(self, variable: Variable) -> float | None:
        """The share that weight decay takes off this variable."""
        return self.weight_decay

    def _apply_weight_decay(self, variables: Sequence[Variable]) -> None:
        if self.weight_decay is None and type(self)._decay_of is Decaying._decay_of:
            return
        for v in variables:
            decay = self._decay_of(v)
            if decay and self._use_weight_decay(v):
                v.data -= v.data * np.float32(decay * float(self.learning_rate))

    def _use_weight_decay(self, variable: Variable) -> bool:
        variables, names = self._not_decayed
        if any(v is variable for v in variables):
            return False
        return not (names and re.search("|".join(names), variable.name))

    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Spare these variables, and those with one of these patterns in their names."""
        if self.built:
            raise InputError("exclude_from_weight_decay must be called before the first step.")
        self._not_decayed = (list(var_list or []), list(var_names or []))
