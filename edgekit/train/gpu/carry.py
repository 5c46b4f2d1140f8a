"""What one step hands on to the next, found by looking at attributes before and after it.

A step of training may bind new arrays to attributes: `self.total = self.total + loss`. The replays
of a captured step write to the same memory each time, so the new array is copied into the old one
at the end of the step, and the attribute is bound to the old one again: replays then add up as
steps do. A number of Python's that a step changes cannot be handed on so: a graph holds the value
of the moment, and a step that has one is not captured.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from edgekit.train.metrics.metric import Metric
from edgekit.train.optimizers import Optimizer
from edgekit.train.optimizers.host_scalar import HostScalar
from edgekit.train.tensor import Tensor, Variable

__all__ = [
    "Changes",
    "NotCapturedError",
    "Snapshot",
    "array_in",
    "carry",
    "is_device_array",
    "participants",
    "same_number",
]

# attributes that hold nothing of what a step computes with
_IGNORED = frozenset(
    {
        "_checked_shape",
        "_compiled",
        "_fit_layers",
        "_fit_metrics",
        "_fit_variables",
        "_gpu_loop",
        "_losses",
        "_nan_place",
        "calls",
        "history",
        "stop_training",
    }
)
_PLAIN = (bool, int, float, str, bytes, type(None), np.generic, np.dtype)

Place = tuple[int, str, Any]  # the id of an object, its attribute, and where in a list or dict


class NotCapturedError(Exception):
    """Why a step cannot be one graph, in words that name the place."""


def is_device_array(x: Any) -> bool:
    """Whether `x` is an array of cupy."""
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(x, cupy.ndarray)


def participants(model: Any) -> list[Any]:
    """The objects whose attributes a step of `model` may change: layers, metrics, optimizers."""
    found = {id(one): one for one in [*model.flat_layers(), *_deep(model.metrics)]}
    for one in [model.optimizer, *vars(model).values()]:
        while isinstance(one, Optimizer) and id(one) not in found:
            found[id(one)] = one
            one = getattr(one, "inner_optimizer", None)
    return list(found.values())


def _deep(metrics: Iterable[Any]) -> Iterator[Any]:
    for metric in metrics:
        yield metric
        yield from _deep(v for v in vars(metric).values() if isinstance(v, Metric))


class Snapshot:
    """What the attributes of some objects hold at a moment.

    arrays: device arrays and tensors of such. plain: numbers, texts and tuples of them. random:
    where the generators of the host stand. variables: each with its array and version.
    """

    def __init__(self, objects: Iterable[Any]) -> None:
        self.owners: dict[int, Any] = {id(owner): owner for owner in objects}
        self.arrays: dict[Place, Any] = {}
        self.plain: dict[Place, Any] = {}
        self.random: dict[Place, Any] = {}
        self.variables: dict[int, tuple[Variable, Any, int]] = {}
        self.iterations = _iterations(self.owners)
        self._held: dict[Place, Any] = {}
        self._contents: dict[Place, Any] = {}
        for owner in self.owners.values():
            for name, value in list(vars(owner).items()):
                if name not in _IGNORED:
                    self._enter(owner, name, value)

    def _enter(self, owner: Any, name: str, value: Any) -> None:
        place: Place = (id(owner), name, None)
        self._held[place] = value
        self._note(place, value)
        if type(value) in (list, dict, tuple):
            items = value.items() if type(value) is dict else enumerate(value)
            self._contents[place] = copied = dict(items)
            for key, one in copied.items():
                self._note((id(owner), name, key), one)

    def _note(self, place: Place, value: Any) -> None:
        if isinstance(value, HostScalar):
            if place[1] == "_rate":
                self.plain[place] = value.data[()]
        elif isinstance(value, Variable):
            self.variables[id(value)] = (value, value.data, value.version)
        elif is_device_array(value) or (isinstance(value, Tensor) and is_device_array(value.data)):
            self.arrays[place] = value
        elif isinstance(value, _PLAIN):
            self.plain[place] = value
        elif isinstance(value, np.ndarray) and value.ndim == 0:
            self.plain[place] = value[()]
        elif isinstance(value, np.random.Generator):
            self.random[place] = _position(value)

    def named(self, place: Place) -> str:
        """A place in words: the object's name, its class, the attribute."""
        owner = self.owners[place[0]]
        kind = type(owner).__name__
        name = getattr(owner, "name", None)
        at = "" if place[2] is None else f"[{place[2]!r}]"
        return f"{name!r} ({kind}), attribute {place[1]}{at}"

    def put_back(self) -> None:
        """Bind every attribute to what it held at the moment; contents of lists and dicts too."""
        for place, value in self._held.items():
            owner, name, _ = place
            contents = self._contents.get(place)
            if vars(self.owners[owner]).get(name) is not value:
                setattr(self.owners[owner], name, value)
            if contents is not None and type(value) is list:
                value[:] = contents.values()
            elif contents is not None and type(value) is dict:
                value.clear()
                value.update(contents)
        for place, number in self.plain.items():
            held = self._held.get(place)
            if isinstance(held, np.ndarray):
                held[...] = number
        for variable, array, version in self.variables.values():
            variable.data, variable.version = array, version

    def holds(self, place: Place) -> Any:
        """What a place holds now, in the form in which a snapshot notes it; None for nothing."""
        owner, name, item = place
        value = vars(self.owners[owner]).get(name)
        if item is not None:
            try:
                value = value[item]
            except (LookupError, TypeError):
                return None
        data = value.data if isinstance(value, Variable) else value
        return data[()] if isinstance(data, np.ndarray) and data.ndim == 0 else value

    def bind(self, place: Place, holder: Any) -> None:
        """Put an array or tensor into a place."""
        owner, name, item = place
        if item is None:
            setattr(self.owners[owner], name, holder)
        elif isinstance(self._held[owner, name, None], tuple):
            setattr(self.owners[owner], name, self._held[owner, name, None])
        else:
            vars(self.owners[owner])[name][item] = holder


def _iterations(owners: dict[int, Any]) -> dict[int, int | None]:
    """How many steps the optimizers have made; those inside of others are left out.

    Where losses are scaled the device counts: None stands for one step of the optimizer a step.
    """
    inner = {id(getattr(one, "inner_optimizer", None)) for one in owners.values()}
    return {
        key: None if hasattr(one, "inner_optimizer") else int(one._iterations.data)
        for key, one in owners.items()
        if isinstance(one, Optimizer) and one.built and key not in inner
    }


def _position(generator: np.random.Generator) -> Any:
    """Where a generator stands, to be compared."""
    return repr(generator.bit_generator.state)


class Changes:
    """What a step changes, found from the moments around two steps of the same kind.

    Raises NotCapturedError where it cannot be handed on by a graph. Optimizers count by themselves.
    """

    def __init__(self, first: Snapshot, before: Snapshot, after: Snapshot) -> None:
        self.steps: list[tuple[Any, int]] = []  # variables, and by how much a step counts them up
        # optimizers that the step uses, and how many steps of theirs it makes
        self.optimizers = [
            (after.owners[key], 1 if count is None else count - (before.iterations.get(key) or 0))
            for key, count in after.iterations.items()
            if count is None or count != before.iterations.get(key)
        ]
        optimizers = [o for o in after.owners.values() if isinstance(o, Optimizer)]
        flats = [o._flat for o in optimizers if o._flat is not None]
        trained = {id(v) for flat in flats for v in flat.variables}
        problems = [*self._numbers(first, before, after), *self._generators(before, after)]
        if problems:
            raise NotCapturedError("; ".join(problems))
        for key, (variable, _, version) in after.variables.items():
            if key in trained or key not in before.variables:
                continue
            if version != before.variables[key][2]:
                self.steps.append((variable, version - before.variables[key][2]))

    def _numbers(self, first: Snapshot, before: Snapshot, after: Snapshot) -> Iterator[str]:
        """Numbers that went on, but for those of optimizers."""
        for place, value in after.plain.items():
            was = before.plain.get(place, value)
            stayed = place in first.plain and same_number(value, first.plain[place])
            if stayed or same_number(value, was):
                continue
            if isinstance(after.owners[place[0]], Optimizer):
                continue
            yield (
                f"{after.named(place)} went from {was!r} to {value!r}, and a graph would repeat "
                "one value; keep it in a variable made by add_weight"
            )

    def _generators(self, before: Snapshot, after: Snapshot) -> Iterator[str]:
        for place, state in after.random.items():
            if place in before.random and state != before.random[place]:
                yield (
                    f"{after.named(place)} draws random numbers on the host, and a graph would "
                    "repeat them"
                )

    def count(self, steps: int) -> None:
        """Enter into the host's own numbers that so many steps were made on the device."""
        for variable, versions in self.steps:
            variable.version += versions * steps


def same_number(a: Any, b: Any) -> bool:
    """Whether two plain values are the same; NaN is the same as NaN."""
    return type(a) is type(b) and (a is b or a == b or (a != a and b != b))


def carry(before: Snapshot, after: Snapshot) -> list[tuple[Any, Any]]:
    """Pairs (old, new) of arrays: what is to be copied where, for the next step to find it.

    Raises NotCapturedError where an attribute's array changes its shape or its dtype.
    """
    pairs: list[tuple[Any, Any]] = []
    for key, (variable, new, _) in after.variables.items():
        old = before.variables[key][1] if key in before.variables else new
        if new is not old:
            pairs.append(_pair(f"variable {variable.path!r}", old, new))
    for place, value in after.arrays.items():
        if place not in before.arrays:
            raise NotCapturedError(
                f"{after.named(place)} held no array of the GPU before the step, and does after it"
            )
        old, new = array_in(before.arrays[place]), array_in(value)
        if new is not old:
            pairs.append(_pair(after.named(place), old, new))
    written = {id(old.data.mem) for old, _ in pairs}
    # what lies where another is copied to is set aside first
    return [(old, new.copy() if id(new.data.mem) in written else new) for old, new in pairs]


def array_in(x: Any) -> Any:
    """The array of a tensor, or the array itself."""
    return x.data if isinstance(x, Tensor) else x


def _pair(where: str, old: Any, new: Any) -> tuple[Any, Any]:
    if not is_device_array(new) or not is_device_array(old):
        raise NotCapturedError(f"{where} went from the host to the GPU, or back")
    if old.shape != new.shape or old.dtype != new.dtype:
        raise NotCapturedError(
            f"{where} went from {old.dtype}{old.shape} to {new.dtype}{new.shape}, and the memory "
            "of a graph stays as it is"
        )
    return old, new
