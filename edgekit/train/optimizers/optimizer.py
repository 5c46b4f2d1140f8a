"""What all optimizers share: one flat vector, slots, step count, rates, clipping, weight decay.

Parameters, gradients and slots are each one flat vector, and the variables become views of it; an
update is a few whole-array operations on pieces that stay in the cache, however many variables
there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module
from edgekit.train.names import snake_case
from edgekit.train.optimizers.schedules import CLASSES as SCHEDULES
from edgekit.train.optimizers.schedules import LearningRateSchedule
from edgekit.train.serialization import Serializable, accept_options, plain, resolve
from edgekit.train.tensor import Tensor, Variable

__all__ = ["Optimizer"]

# elements of a piece of the flat vectors: with two slots and scratch about 400 KB, an L2 cache
_PIECE = 1 << 14


class Optimizer(Serializable):
    """The base. A subclass names its slots and writes `update` on arrays.

    learning_rate: a number, a LearningRateSchedule, or a function of the step.
    weight_decay: each step first takes this share, times the learning rate, off every weight.
    clipnorm, clipvalue, global_clipnorm: bounds on each gradient's norm, on each entry, on the norm
    of all gradients together; at most one of them.
    """

    keras_module = "keras.optimizers"
    config_names: tuple[str, ...] = (
        "name",
        "learning_rate",
        "weight_decay",
        "clipnorm",
        "global_clipnorm",
        "clipvalue",
    )
    # slots that are saved one after the other for each variable, group after group
    slot_groups: tuple[tuple[str, ...], ...] = ()

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        accept_options(f"optimizer {type(self).__name__}", options)
        self.name = name or snake_case(type(self).__name__)
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = [key for key, value in clips.items() if value is not None]
        if len(given) > 1:
            raise InputError(f"only one of {', '.join(clips)} can be set. Received: {given}")
        self.clipnorm, self.clipvalue, self.global_clipnorm = clips.values()
        self.weight_decay = weight_decay
        self.iterations = _host_variable(0, np.int64, "iterations")
        self.learning_rate = learning_rate
        self.built = False
        self._not_decayed: tuple[list[Any], list[str]] = ([], [])
        self._trained: list[Variable] = []
        self._views: list[Any] = []
        self._slots: dict[str, Any] = {}

    # -- the learning rate ------------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:
        """The rate as a variable (`float(...)`, `.assign(...)`), or that of the schedule now."""
        if callable(self._rate):
            return self._rate(int(self.iterations.data))
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, dict):
            value = resolve(value, SCHEDULES, "learning rate schedule")
        if callable(value):
            self._rate: Any = value
            return
        rate = float(value)
        if not 0.0 <= rate < float("inf"):
            raise InputError(f"the learning rate must be finite and >= 0. Received: {value!r}")
        if isinstance(getattr(self, "_rate", None), Variable):
            self._rate.data[...] = rate
        else:
            self._rate = _host_variable(rate, np.float32, "learning_rate")

    # -- to be written by subclasses --------------------------------------------------------------

    def update(
        self, p: Any, g: Any, slots: dict[str, Any], rate: float, scratch: tuple[Any, Any]
    ) -> None:
        """Change `p` and the slots in place; `scratch` are two arrays of the same size."""
        raise NotImplementedError(f"{type(self).__name__} has no update()")

    def slot_names(self) -> list[str]:
        """The slots that are in use."""
        return [name for group in self.slot_groups for name in group]

    # -- building ---------------------------------------------------------------------------------

    def build(self, variables: Iterable[Variable]) -> None:
        """Lay the variables out in one flat vector and make the slots."""
        if self.built:
            return
        self._trained = list(variables)
        size = sum(v.size for v in self._trained)
        module = array_module(self._trained[0].data) if self._trained else np
        self._module = module
        self._parameters = module.empty(size, np.float32)
        self._gradients = module.empty(size, np.float32)
        self._slots = {name: module.zeros(size, np.float32) for name in self.slot_names()}
        self._offsets = [0]
        for v in self._trained:
            self._offsets.append(self._offsets[-1] + v.size)
        self._views = [
            self._parameters[a:b].reshape(v.shape)
            for v, (a, b) in zip(self._trained, self._ranges(), strict=True)
        ]
        self._positions = {id(v): i for i, v in enumerate(self._trained)}
        self._bind()
        width = _PIECE if module is np else max(size, 1)
        self._pieces = [
            self._piece(start, min(start + width, size)) for start in range(0, size, width)
        ]
        self._scratch = tuple(module.empty(min(width, size), np.float32) for _ in range(2))
        self.built = True

    def _ranges(self) -> list[tuple[int, int]]:
        return list(zip(self._offsets, self._offsets[1:], strict=False))

    def _piece(self, start: int, end: int) -> tuple[Any, Any, dict[str, Any]]:
        slots = {name: slot[start:end] for name, slot in self._slots.items()}
        return self._parameters[start:end], self._gradients[start:end], slots

    def _bind(self) -> None:
        """Make every variable a view of the flat vector, where it is not one already."""
        for v, view in zip(self._trained, self._views, strict=True):
            if v.data is not view:
                view[...] = v.data
                v.data = view

    # -- applying ---------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> None:
        """Apply pairs of gradient and variable."""
        gradients, variables = zip(*grads_and_vars, strict=True)
        self.apply(list(gradients), list(variables))

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """One step: clip the gradients, decay the weights, update. None is no gradient."""
        variables = self._trained if trainable_variables is None else list(trainable_variables)
        if not self.built:
            self.build(variables)
        if len(grads) != len(variables):
            raise ShapeError(f"{len(grads)} gradients were given for {len(variables)} variables.")
        if all(g is None for g in grads) and variables:
            raise InputError(
                "no variable has a gradient: does the loss depend on the model's weights? "
                f"Variables: {[v.name for v in variables]}"
            )
        self._bind()
        complete = len(variables) == len(self._trained) and all(
            g is not None and v is own
            for g, v, own in zip(grads, variables, self._trained, strict=True)
        )
        if complete:
            places, pieces = list(range(len(variables))), self._pieces
            flat = [_array(g).reshape(-1) for g in grads]
            if flat:
                self._module.concatenate(flat, out=self._gradients)
        else:
            places = self._load_some(grads, variables)
            pieces = [self._piece(*self._ranges()[i]) for i in places]
        self._clip(places)
        rate = float(self.learning_rate)
        self._decay(places, rate)
        self._update_pieces(pieces, rate)
        for i in places:
            self._trained[i].version += 1
        self.iterations.data += 1

    def _load_some(self, grads: Sequence[Any], variables: Sequence[Variable]) -> list[int]:
        """Copy the gradients of some of the variables to their places; returns these."""
        unknown = [v.name for v in variables if id(v) not in self._positions]
        if unknown:
            raise InputError(
                f"optimizer {self.name!r} was built for other variables; it does not know "
                f"{', '.join(unknown)}. Compile the model again after changing what is trainable"
            )
        places = []
        for g, v in zip(grads, variables, strict=True):
            if g is not None:
                places.append(self._positions[id(v)])
                a, b = self._ranges()[places[-1]]
                self._gradients[a:b] = _array(g).reshape(-1)
        return places

    def _update_pieces(self, pieces: Any, rate: float) -> None:
        for p, g, slots in pieces:
            scratch = self._scratch
            if p.size > scratch[0].size:
                scratch = (self._module.empty_like(p), self._module.empty_like(p))
            n = p.size
            self.update(p, g, slots, rate, (scratch[0][:n], scratch[1][:n]))

    def _clip(self, places: Sequence[int]) -> None:
        module, flat = self._module, self._gradients
        if self.clipvalue is not None:
            module.clip(flat, -self.clipvalue, self.clipvalue, out=flat)
        elif self.clipnorm is not None:
            for i in places:
                g = flat[self._offsets[i] : self._offsets[i + 1]]
                g *= self.clipnorm / module.maximum(module.sqrt(g @ g), np.float32(self.clipnorm))
        elif self.global_clipnorm is not None:
            parts = [flat[self._offsets[i] : self._offsets[i + 1]] for i in places]
            norm = module.sqrt(sum(g @ g for g in parts))
            scale = self.global_clipnorm / module.maximum(norm, np.float32(self.global_clipnorm))
            for g in parts:
                g *= scale

    def _decay(self, places: Sequence[int], rate: float) -> None:
        if not self.weight_decay:
            return
        variables, names = self._not_decayed
        pattern = re.compile("|".join(names)) if names else None
        spared = {id(v) for v in variables}
        for i in places:
            v = self._trained[i]
            if id(v) not in spared and not (pattern and pattern.search(v.name)):
                v.data -= v.data * (self.weight_decay * rate)

    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Spare these variables, and those with one of these patterns in their names."""
        if self.built:
            raise InputError("exclude_from_weight_decay must be called before the first step.")
        self._not_decayed = (list(var_list or []), list(var_names or []))

    # -- state and configs ------------------------------------------------------------------------

    def state(self) -> list[Any]:
        """Arrays to save, in Keras' order: iterations, learning rate, slots of each variable."""
        arrays = [self.iterations.data]
        if isinstance(self._rate, Variable):
            arrays.append(self._rate.data)
        in_use = self.slot_names()
        for group in self.slot_groups:
            names = [name for name in group if name in in_use]
            for (a, b), v in zip(self._ranges(), self._trained, strict=True):
                arrays += [self._slots[name][a:b].reshape(v.shape) for name in names]
        return arrays

    def get_config(self) -> dict[str, Any]:
        config = {name: plain(getattr(self, name)) for name in self.config_names}
        if isinstance(self._rate, Variable):
            config["learning_rate"] = float(self._rate.data)
        elif isinstance(self._rate, LearningRateSchedule):
            config["learning_rate"] = plain(self._rate)
        else:
            raise InputError(
                f"optimizer {self.name!r}: a learning rate that is a Python function cannot be "
                "saved; use a LearningRateSchedule"
            )
        return config


def _array(gradient: Any) -> Any:
    return gradient.data if isinstance(gradient, Tensor) else gradient


def _host_variable(value: float, dtype: Any, name: str) -> Variable:
    """A scalar that stays on the host, whatever the device."""
    variable = Variable(np.zeros((), dtype), name=name, trainable=False)
    variable.data = np.full((), value, dtype)
    return variable
