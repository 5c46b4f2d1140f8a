"""What a layer's `call` and `build` take, read once for each class."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from edgekit.train.structure import flatten, map_structure

__all__ = ["Signature", "shapes_of"]

_PLAIN = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Signature:
    """The parameters of `call(self, inputs, ..., training=None, mask=None)`.

    names: those that can be given by position, without self; `first` is the first of them.
    training_default: what `training` is where nobody says anything.
    """

    def __init__(self, call: Callable[..., Any], build: Callable[..., Any]) -> None:
        parameters = list(inspect.signature(call).parameters.values())[1:]
        self.names = tuple(p.name for p in parameters if p.kind in _PLAIN)
        known = {p.name: p for p in parameters}
        self.first = self.names[0] if self.names else "inputs"
        self.takes_training = "training" in known
        default = known["training"].default if self.takes_training else None
        self.training_default = default if isinstance(default, bool) else False
        self.takes_mask = "mask" in known
        shapes = list(inspect.signature(build).parameters.values())[1:]
        self.build_names = tuple(p.name for p in shapes if p.kind in _PLAIN)

    def further_tensors(self, args: Any, kwargs: dict[str, Any]) -> list[tuple[str, Any]]:
        """The arguments after the first that are tensors or structures of them, by name."""
        if len(args) == 1 and not kwargs:
            return []
        given = [*zip(self.names[1:], args[1:], strict=False), *kwargs.items()]
        return [
            (name, value)
            for name, value in given
            if not name.endswith("mask") and _has_shapes(value)
        ]

    def build_shapes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What `build` is given for a call: the shape of the first argument, or where it names
        several (`query_shape`, `value_shape`) a dict of these.
        """
        if len(self.build_names) < 2:
            return shapes_of(args[0])
        given = {**dict(zip(self.names, args, strict=False)), **kwargs}
        return Shapes(
            {
                f"{name}_shape": shapes_of(value)
                for name, value in given.items()
                if f"{name}_shape" in self.build_names and _has_shapes(value)
            }
        )


class Shapes(dict):
    """The shapes of several arguments by the name that `build` has for each."""


def _has_shapes(value: Any) -> bool:
    leaves = flatten(value)
    return bool(leaves) and all(hasattr(x, "shape") for x in leaves)


def shapes_of(inputs: Any) -> Any:
    """The shapes of a structure of tensors."""
    return map_structure(lambda x: None if x is None else tuple(x.shape), inputs)
