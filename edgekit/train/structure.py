"""Nested lists, tuples and dicts of tensors: flatten, map, pack; lists without repetitions.

Dicts are visited in the order of their sorted keys, as Keras does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["flatten", "is_nested", "map_structure", "pack", "unique"]


NESTED = (list, tuple, dict)  # `list | tuple | dict` would make a union at every call


def is_nested(value: Any) -> bool:
    """True for a list, tuple or dict."""
    return isinstance(value, NESTED)


def flatten(value: Any) -> list[Any]:
    """The leaves of a structure, in order."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in flatten(value[key])]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in flatten(item)]
    return [value]


def unique(items: Iterable[Any]) -> list[Any]:
    """Each object once, where it first stands; equal ones are not the same."""
    return list({id(item): item for item in items}.values())


def map_structure(function: Callable[[Any], Any], value: Any) -> Any:
    """The same structure with `function` applied to every leaf."""
    if isinstance(value, dict):
        return {key: map_structure(function, value[key]) for key in value}
    if isinstance(value, list | tuple):
        return type(value)(map_structure(function, item) for item in value)
    return function(value)


def pack(structure: Any, leaves: list[Any]) -> Any:
    """`leaves` arranged as in `structure`; the opposite of `flatten`."""
    return _pack(structure, iter(leaves))


def _pack(structure: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        packed = {key: _pack(structure[key], leaves) for key in sorted(structure)}
        return {key: packed[key] for key in structure}
    if isinstance(structure, list | tuple):
        return type(structure)(_pack(item, leaves) for item in structure)
    return next(leaves)
