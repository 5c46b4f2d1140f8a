"""Copies of a model's variables for the replicas after the first, and the exchange of both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from edgekit.train.backend import array_module
from edgekit.train.metrics.metric import Metric
from edgekit.train.random import derived_generator, generators_of
from edgekit.train.tensor import Variable

__all__ = ["LayerStates", "Mirrors", "counted_apart", "drawing_in", "is_state", "states_of"]


def is_state(variable: Variable) -> bool:
    """Whether a step changes it by itself, as it does moving statistics: never by a gradient."""
    return not getattr(variable, "may_train", True) and variable.dtype.kind == "f"


def states_of(model: Any) -> list[Variable]:
    """The variables of a model that each replica changes for itself."""
    return [v for v in model.weights if is_state(v)]


def drawing_in(model: Any) -> list[tuple[Any, str]]:
    """(layer, name of the attribute) of each random generator in the layers."""
    return [(layer, name) for layer in model.flat_layers() for name, _ in generators_of(layer)]


class Mirrors:
    """What the replicas after the first have instead of the variables' own arrays.

    Variables of one kind and dtype lie in one vector, so that they travel as one. placed(i): the
    context in which the memory of replica i is made.
    """

    def __init__(self, variables: Sequence[Variable], count: int, links: Any, placed: Any) -> None:
        self.variables = list(variables)
        self.links = links
        self._placed = placed
        self._groups: dict[tuple[str, str], list[int]] = {}
        for i, v in enumerate(self.variables):
            kind = "state" if is_state(v) else "trained" if v.trainable else "fixed"
            self._groups.setdefault((kind, v.dtype.str), []).append(i)
        self._vectors: dict[tuple[str, str], list[Any]] = {key: [] for key in self._groups}
        self._arrays: list[list[Any]] = [[None] * len(self.variables) for _ in range(count - 1)]
        self._versions: dict[tuple[str, str], list[int]] = {}
        for replica in range(1, count):
            with placed(replica):
                self._lay_out(replica)

    def fits(self, variables: Sequence[Variable]) -> bool:
        """Whether these are the mirrored variables, as trainable as they were."""
        return len(variables) == len(self.variables) and all(
            a is b for a, b in zip(variables, self.variables, strict=True)
        ) and all(
            (key[0] == "fixed") != self.variables[i].trainable
            for key, places in self._groups.items() if key[0] != "state" for i in places
        )  # fmt: skip

    def _lay_out(self, replica: int) -> None:
        for key, places in self._groups.items():
            first = self.variables[places[0]].data
            size = sum(self.variables[i].size for i in places)
            vector = array_module(first).empty(size, first.dtype)
            self._vectors[key].append(vector)
            start = 0
            for i in places:
                v = self.variables[i]
                self._arrays[replica - 1][i] = vector[start : start + v.size].reshape(v.shape)
                start += v.size

    def refresh(self, kinds: Sequence[str] = ("trained", "fixed", "state")) -> None:
        """Copy what changed since the last time from the first replica to all others."""
        for key, places in self._groups.items():
            versions = [self.variables[i].version for i in places]
            known = self._versions.get(key)
            if key[0] not in kinds or (key[0] != "state" and versions == known):
                continue
            self._versions[key] = versions
            with self._placed(0):
                parts = [self.variables[i].data.reshape(-1) for i in places]
                own = array_module(parts[0]).concatenate(parts)
            self.links.spread([own, *self._vectors[key]])

    @contextlib.contextmanager
    def exchanged(self, replica: int) -> Iterator[None]:
        """Within the block the variables hold the arrays of a replica after the first."""
        before = [v.data for v in self.variables]
        arrays = self._arrays[replica - 1]
        for v, array in zip(self.variables, arrays, strict=True):
            v.data = array
        try:
            yield
        finally:
            for v, array in zip(self.variables, before, strict=True):
                v.data = array


class LayerStates:
    """What layers keep beside variables, for each replica after the first: where their random
    generators stand, and the losses that they added in this step.
    """

    def __init__(self, model: Any, count: int) -> None:
        drawing = drawing_in(model)
        layers = model.flat_layers()
        self._places = [*drawing, *((layer, "_losses") for layer in layers)]
        self._drawing = len(drawing)
        self._values: list[list[Any]] = [
            [
                *(derived_generator(getattr(layer, name), replica) for layer, name in drawing),
                *([] for _ in layers),
            ]
            for replica in range(1, count)
        ]

    @property
    def generators(self) -> list[list[np.random.Generator]]:
        """The random generators of each replica after the first."""
        return [values[: self._drawing] for values in self._values]

    @contextlib.contextmanager
    def exchanged(self, replica: int) -> Iterator[None]:
        """Within the block the layers have what belongs to a replica after the first."""
        before = self._taken()
        self._put(self._values[replica - 1])
        try:
            yield
        finally:
            self._values[replica - 1] = self._taken()
            self._put(before)

    def _taken(self) -> list[Any]:
        return [getattr(layer, name) for layer, name in self._places]

    def _put(self, values: list[Any]) -> None:
        for (layer, name), value in zip(self._places, values, strict=True):
            setattr(layer, name, value)


def _variables_of(metric: Metric) -> list[Variable]:
    inside = [value for value in vars(metric).values() if isinstance(value, Metric)]
    return [*metric._variables, *(v for one in inside for v in _variables_of(one))]


@contextlib.contextmanager
def counted_apart(
    metrics: Sequence[Metric], to_first: Any, placed: Any, replica: int, counts: bool
) -> Iterator[None]:
    """Within the block the metrics count from nothing in the memory of a replica; after it this is
    added to what they had counted before, or forgotten where it does not count.
    """
    with placed(0):
        kept = [[_copied(one) for one in metric.state()] for metric in metrics]
    variables = [v for metric in metrics for v in _variables_of(metric)]
    arrays = [v.data for v in variables]
    with placed(replica):
        for v in variables:
            v.data = array_module(v.data).zeros(v.shape, v.dtype)
        for metric in metrics:
            metric.reset_state()
    try:
        yield
    finally:
        counted = [[_copied(to_first(one)) for one in metric.state()] for metric in metrics]
        for v, array in zip(variables, arrays, strict=True):
            v.data = array
        with placed(0):
            for metric, old, new in zip(metrics, kept, counted, strict=True):
                both = zip(old, new, strict=True)
                metric.restore([a + b for a, b in both] if counts else old)


def _copied(value: Any) -> Any:
    """A copy; a number where it is a single one of the host, which adds to arrays anywhere."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value[()]
    return value.copy() if hasattr(value, "copy") else value
