"""The variables of an optimizer: in Keras' order, under Keras' names, to read and to set.

Here is also what an optimizer of one's own is written with, as in Keras: `build` makes variables
with `add_variable_from_reference`, `update_step(gradient, variable, learning_rate)` changes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train import initializers
from edgekit.train.backend import asarray, same_place, to_numpy
from edgekit.train.optimizers.flat import FlatVector
from edgekit.train.optimizers.host_scalar import host_variable
from edgekit.train.serialization import Serializable
from edgekit.train.tensor import Variable

__all__ = ["OptimizerState"]


class OptimizerState(Serializable):
    """What an optimizer keeps from step to step."""

    name: str
    use_ema: bool
    gradient_accumulation_steps: int | None
    # slots that are saved one after the other for each variable, group after group
    slot_groups: tuple[tuple[str, ...], ...] = ()
    _rate: Any

    def __init__(self) -> None:
        self._iterations = host_variable(0, np.int64, "iteration")
        self._flat: FlatVector | None = None
        self._added: list[Variable] = []
        self._built_variables: list[Variable] | None = None

    # -- slots ------------------------------------------------------------------------------------

    def slot_names(self) -> list[str]:
        """The slots that are in use."""
        return [name for group in self.slot_groups for name in group]

    def slot_start(self, name: str) -> float:
        """The value that a slot starts with."""
        return 0.0

    def _lay_out(self, variables: Iterable[Variable]) -> FlatVector:
        """The flat vector, with the slots that this optimizer needs."""
        starts = {name: self.slot_start(name) for name in self.slot_names()}
        if self.use_ema:
            starts["average"] = 0.0
        if self.gradient_accumulation_steps:
            starts["gradient_accumulator"] = 0.0
        return FlatVector(list(variables), starts)

    def _slot_of(self, variable: Variable, name: str) -> Any:
        """The part of a slot that belongs to a variable, in its shape."""
        assert self._flat is not None
        a, b = self._flat.ranges[self._flat.position(variable)]
        return self._flat.slots[name][a:b].reshape(variable.shape)

    # -- all variables ----------------------------------------------------------------------------

    @property
    def variables(self) -> list[Variable]:
        """Every variable in the order of Keras: steps, rate, averages, accumulators, slots."""
        own = [self._iterations]
        if isinstance(self._rate, Variable):
            own.append(self._rate)
        if self._flat is not None:
            if self._built_variables is None:
                self._built_variables = self._slot_variables(self._flat)
            own += self._built_variables
        own += self._added
        for variable in own:
            variable.path = f"{self.name}/{variable.name}"
        return own

    def _slot_variables(self, flat: FlatVector) -> list[Variable]:
        groups = [("average",), ("gradient_accumulator",), *self.slot_groups]
        found = []
        for group in groups:
            names = [name for name in group if name in flat.slots]
            views = {name: flat.views(flat.slots[name]) for name in names}
            for i, v in enumerate(flat.variables):
                for name in names:
                    found.append(_view_variable(views[name][i], _slot_name(v, name)))
        return found

    def state(self) -> list[Any]:
        """The arrays of `variables`: writing into them changes the optimizer."""
        return [variable.data for variable in self.variables]

    def get_weights(self) -> list[np.ndarray]:
        """The values of `variables`, copied."""
        return [np.array(to_numpy(data)) for data in self.state()]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Take the values of `variables` from a list in the same order."""
        if self._flat is None:
            raise InputError(
                f"optimizer {self.name!r} has no variables yet: call build(trainable_variables)"
            )
        own = self.variables
        if len(weights) != len(own):
            raise ShapeError(
                f"optimizer {self.name!r} has {len(own)} variables. Received: {len(weights)}"
            )
        for variable, value in zip(own, weights, strict=True):
            data = same_place(value, variable.data)
            if data.shape != variable.shape:
                raise ShapeError(
                    f"optimizer variable {variable.name!r} has shape {variable.shape}. "
                    f"Received: {data.shape}"
                )
            variable.data[...] = data

    def save_own_variables(self, store: Any) -> None:
        """Put every variable into a mapping, under its number."""
        for index, value in enumerate(self.get_weights()):
            store[str(index)] = value

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Take every variable from such a mapping."""
        self.set_weights([store[str(index)] for index in range(len(store))])

    # -- for optimizers of one's own --------------------------------------------------------------

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str | None = None,
    ) -> Variable:
        """A variable of the optimizer."""
        made = initializers.get(initializer)(tuple(shape), dtype or "float32")
        variable = Variable(asarray(made), name=name or "variable", trainable=False)
        self._added.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Any, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A variable of the same shape as one of the model's."""
        full = _slot_name(reference_variable, name or "var")
        return self.add_variable(reference_variable.shape, initializer, name=full)

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Any], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """A list with a variable for each of the model's; a tuple of lists for several names."""
        names = [name] if isinstance(name, str) else list(name)
        starts = initializer if isinstance(initializer, list | tuple) else [initializer]
        starts = list(starts) * (len(names) if len(starts) == 1 else 1)
        if len(starts) != len(names):
            raise InputError(f"{len(names)} names were given, {len(starts)} initializers.")
        found: tuple[list[Variable], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for made, one, start in zip(found, names, starts, strict=True):
                made.append(self.add_variable_from_reference(variable, one, start))
        return found[0] if isinstance(name, str) else found

    def assign(self, variable: Variable, value: Any) -> None:
        """variable <- value."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """variable <- variable + value."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """variable <- variable - value."""
        variable.assign_sub(value)

    def _get_variable_index(self, variable: Variable) -> int:
        assert self._flat is not None
        return self._flat.position(variable)


def _slot_name(variable: Any, slot: str) -> str:
    return f"{variable.path.replace('/', '_').replace(':', '_')}_{slot}"


def _view_variable(view: Any, name: str) -> Variable:
    """A variable whose values are those of the view."""
    variable = Variable(np.zeros((), np.float32), name=name, trainable=False)
    variable.data = view
    return variable
