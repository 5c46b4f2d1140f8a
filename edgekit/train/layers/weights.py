"""The weights of a layer and of the layers inside it: made, found, counted, taken and given."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Any

import numpy as np

from edgekit.errors import InputError, ModelFormatError, ShapeError
from edgekit.train import constraints, initializers, regularizers
from edgekit.train.backend import asarray, is_floating, to_numpy
from edgekit.train.layers.added_losses import LossHolder
from edgekit.train.metrics.metric import Metric
from edgekit.train.primitive import current_scope, name_scope
from edgekit.train.serialization import accept_options
from edgekit.train.structure import NESTED, unique
from edgekit.train.tensor import Variable

__all__ = ["LOADING", "WeightBudget", "WeightHolder", "own_scope", "stored_arrays"]


class WeightBudget:
    """What a model file can fill: while it is loaded, weights are zeros and no more than that.

    So a config that declares enormous layers is refused before anything is allocated.
    """

    def __init__(self, size: int) -> None:
        self.left = size

    def zeros(self, shape: tuple[int, ...], dtype: str, layer: str) -> np.ndarray:
        size = math.prod(shape) * np.dtype(dtype).itemsize
        self.left -= size
        if self.left < 0:
            raise ModelFormatError(
                f"layer {layer!r} declares a weight of shape {shape}, which is more than the file "
                "holds"
            )
        return np.zeros(shape, dtype)


LOADING: ContextVar[WeightBudget | None] = ContextVar("loading", default=None)


class WeightHolder(LossHolder):
    """Weights and sub-layers are found in the attributes when they are asked for.

    So a list that grows after it was assigned is seen too, and no attribute access is intercepted.
    """

    name: str
    variable_dtype: str
    built: bool
    _trainable: bool
    _variables: list[Variable]
    # attributes that hold neither weights nor layers of this layer
    _not_tracked: frozenset[str] = frozenset({"_variables", "_losses", "input_spec", "calls"})

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
        **options: Any,
    ) -> Variable:
        """A new weight of this layer, filled by `initializer`: "glorot_uniform" where none is
        given, zeros for integers.

        regularizer: its penalty is part of the loss. constraint: applied to the weight after every
        step of an optimizer. Both by name, as an object or as a config.
        """
        if options:
            accept_options(f"add_weight in layer {self.name!r}", options)
        if not hasattr(self, "_variables"):
            raise InputError(
                f"{type(self).__name__}: call super().__init__() before making weights or layers"
            )
        budget = LOADING.get()
        dtype = dtype or self.variable_dtype
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        if initializer is None:
            initializer = "glorot_uniform" if is_floating(np.dtype(dtype)) else "zeros"
        if budget is None:
            values = initializers.get(initializer)(shape, dtype=dtype)
        else:
            values = budget.zeros(shape, dtype, self.name)
        with own_scope(self.name):
            variable = _LayerVariable(
                asarray(values, dtype), name=name, trainable=trainable and self._trainable
            )
        variable.may_train = trainable
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        self._variables.append(variable)
        return variable

    def children(self) -> Iterator[Any]:
        """The layers kept in this layer's attributes, in the order in which they were set."""
        return self._set_here(WeightHolder)

    def own_variables(self) -> list[Variable]:
        """Weights made by `add_weight`, then variables that were set as attributes."""
        return unique([*self._variables, *self._set_here(Variable)])

    def own_metrics(self) -> list[Metric]:
        """The metrics kept in this layer's attributes."""
        return list(self._set_here(Metric))

    def _set_here(self, kind: type) -> Iterator[Any]:
        """What is of this kind in attributes, and in lists, tuples and dicts there."""
        for name, value in vars(self).items():
            if name not in self._not_tracked:
                yield from _of_kind(kind, value)

    def ordered_variables(self) -> list[Variable]:
        """This layer's own variables in Keras' order: those that may train first."""
        own = self.own_variables()
        return [v for v in own if _may_train(v)] + [v for v in own if not _may_train(v)]

    @property
    def weights(self) -> list[Variable]:
        """Every weight: this layer's trainable ones, its others, then those of its layers."""
        found = self.ordered_variables()
        for layer in self.children():
            found.extend(layer.weights)
        return unique(found)

    variables = weights

    @property
    def trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if v.trainable]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if not v.trainable]

    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether training changes this layer; setting it sets the layers inside too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for variable in self.own_variables():
            variable.trainable = self._trainable and _may_train(variable)
        for layer in self.children():
            layer.trainable = value

    def flat_layers(self) -> list[Any]:
        """This layer and every layer inside, at any depth, each once."""
        found: dict[int, Any] = {}
        waiting = [self]
        while waiting:
            layer = waiting.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                waiting.extend(layer.children())
        return list(found.values())

    def get_weights(self) -> list[np.ndarray]:
        """The values of `weights`, as numpy arrays of their own."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Take values in the order of `weights`; raises ShapeError listing all that do not fit."""
        variables = self.weights
        if len(weights) != len(variables):
            raise ShapeError(
                f"layer {self.name!r}: set_weights expects {len(variables)} arrays. "
                f"Received: {len(weights)}"
            )
        problems = [
            f"{v.path}: expected shape {tuple(v.shape)}, received {np.shape(value)}"
            for v, value in zip(variables, weights, strict=True)
            if tuple(v.shape) != np.shape(value)
        ]
        if problems:
            raise ShapeError(f"layer {self.name!r}: " + "; ".join(problems))
        for variable, value in zip(variables, weights, strict=True):
            variable.assign(asarray(np.asarray(value), variable.dtype))

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Put this layer's own weights into `store` as arrays, under "0", "1" and so on.

        Layers that keep more than their weights in files, or under other names, override this and
        `load_own_variables`.
        """
        for index, variable in enumerate(self.ordered_variables()):
            store[str(index)] = to_numpy(variable)

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Take what `save_own_variables` wrote. Raises ShapeError for what does not fit."""
        for variable, array in self.stored_values(store):
            variable.assign(asarray(array, variable.dtype))

    def stored_values(self, store: Mapping[str, Any]) -> list[tuple[Variable, np.ndarray]]:
        """This layer's own variables with their arrays in `store`."""
        variables = self.ordered_variables()
        if not variables:
            return []
        return list(zip(variables, stored_arrays(store, variables), strict=True))

    def count_params(self) -> int:
        """The number of scalars in the weights."""
        if not self.built:
            raise InputError(
                f"layer {self.name!r} has no weights yet: call it on data, or build(input_shape)"
            )
        return sum(int(np.prod(v.shape)) for v in self.weights)


def own_scope(name: str) -> AbstractContextManager[None]:
    """As `name_scope`, for what may be within that scope already: `build` and `super().build`."""
    entered = current_scope().rpartition("/")[2] == name
    return nullcontext() if entered else name_scope(name)


def stored_arrays(store: Mapping[str, Any], like: Sequence[Any]) -> list[np.ndarray]:
    """The arrays "0", "1" ... of a store, if there are as many as in `like`, of the same shapes.

    Raises ShapeError otherwise, before any is read.
    """
    count = len([name for name in store if name.isdigit()])
    if count != len(like):
        raise ShapeError(f"expected {len(like)} weights, the file has {count or 'none'}")
    for index, one in enumerate(like):
        if str(index) not in store:
            raise ShapeError(f"weight {index} is missing")
        expected, found = tuple(one.shape), tuple(store[str(index)].shape)
        if found != expected:
            raise ShapeError(f"weight {index}: expected shape {expected}, the file has {found}")
    return [np.asarray(store[str(index)]) for index in range(count)]


class _LayerVariable(Variable):
    """A weight that remembers whether it may ever train."""

    __slots__ = ("may_train",)

    may_train: bool


def _may_train(variable: Variable) -> bool:
    return getattr(variable, "may_train", variable.trainable)


def _of_kind(kind: type, value: Any) -> Iterator[Any]:
    """In the order in which they were entered; the keys of a dict may be anything."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, NESTED):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _of_kind(kind, item)
