"""Nested lists, tuples and dicts: `keras.tree`. Dicts are visited in the order of their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from edgekit.errors import InputError
from edgekit.train.structure import is_nested

__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]


class MAP_TO_NONE:  # noqa: N801 - Keras' name
    """What a function of `traverse` returns for None: None itself means "go on inside"."""


def _parts(structure: Any) -> list[tuple[Any, Any]]:
    """The (key, part) pairs of a list, tuple or dict, in the order in which they are visited."""
    if isinstance(structure, dict):
        return [(key, structure[key]) for key in sorted(structure)]
    return list(enumerate(structure))


def _rebuilt(structure: Any, parts: list[Any]) -> Any:
    """A structure of the same kind with other parts, which are in the order of `_parts`."""
    if isinstance(structure, dict):
        made = dict(zip(sorted(structure), parts, strict=True))
        ordered = [(key, made[key]) for key in structure]
        return type(structure)(ordered) if type(structure) is not dict else dict(ordered)
    if hasattr(structure, "_fields"):  # a named tuple
        return type(structure)(*parts)
    return type(structure)(parts)


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """(path, leaf) pairs, a path being the keys and positions that lead to the leaf."""
    if not is_nested(structure):
        return [((), structure)]
    return [
        ((key, *path), leaf)
        for key, part in _parts(structure)
        for path, leaf in flatten_with_path(part)
    ]


def flatten(structure: Any) -> list[Any]:
    """The leaves."""
    return [leaf for _, leaf in flatten_with_path(structure)]


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """func(leaf, ...) in the place of the leaves of the first; the others have its structure.

    With `none_is_leaf=False` None stays None. Raises ValueError for structures that differ.
    """
    if not structures:
        raise InputError("map_structure needs at least one structure")
    first = structures[0]
    for other in structures[1:]:
        assert_same_structure(first, other)
    if not is_nested(first):
        return None if first is None and not none_is_leaf else func(*structures)
    columns = zip(*([part for _, part in _parts(s)] for s in structures), strict=True)
    return _rebuilt(
        first, [map_structure(func, *parts, none_is_leaf=none_is_leaf) for parts in columns]
    )


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """func(part, ...) in the place of the leaves of `shallow_structure`.

    The parts are what the other structures have there, which may be nested.
    """
    if not is_nested(shallow_structure):
        return func(*structures)
    for other in structures:
        _compare(shallow_structure, other)
    columns = zip(*([part for _, part in _parts(s)] for s in structures), strict=True)
    below = [part for _, part in _parts(shallow_structure)]
    return _rebuilt(
        shallow_structure,
        [map_structure_up_to(s, func, *parts) for s, parts in zip(below, columns, strict=True)],
    )


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """func(shape) in the place of the shapes: tuples and lists of integers and None."""
    if isinstance(structure, list | tuple) and all(n is None or type(n) is int for n in structure):
        return func(structure)
    if not is_nested(structure):
        raise InputError(f"map_shape_structure: {structure!r} is no shape and holds none")
    return _rebuilt(structure, [map_shape_structure(func, part) for _, part in _parts(structure)])


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """The structure with each part, and the whole, replaced by what `func` makes of it.

    Where it returns None the part stays, and with `top_down` what is inside is looked at next;
    MAP_TO_NONE stands for None. With `top_down=False` what is inside comes first.
    """
    if top_down and (made := func(structure)) is not None:
        return None if made is MAP_TO_NONE else made
    if is_nested(structure):
        inside = [traverse(func, part, top_down) for _, part in _parts(structure)]
        structure = _rebuilt(structure, inside)
    if not top_down and (made := func(structure)) is not None:
        return None if made is MAP_TO_NONE else made
    return structure


def lists_to_tuples(structure: Any) -> Any:
    """The structure with tuples in the place of its lists."""
    return traverse(lambda x: tuple(x) if isinstance(x, list) else None, structure, top_down=False)


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """The leaves `flat_sequence` arranged as in `structure`; the opposite of `flatten`."""
    leaves, count = list(flat_sequence), len(flatten(structure))
    if len(leaves) != count:
        raise InputError(f"pack_sequence_as: the structure has {count} leaves, not {len(leaves)}")
    return _packed(structure, iter(leaves))


def _packed(structure: Any, leaves: Iterator[Any]) -> Any:
    if not is_nested(structure):
        return next(leaves)
    return _rebuilt(structure, [_packed(part, leaves) for _, part in _parts(structure)])


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise ValueError where the kinds, lengths or keys of `a` and `b` differ."""
    if not is_nested(a) and not is_nested(b):
        return
    if type(a) is not type(b):
        raise InputError(f"structures differ: {a!r} is a {type(a).__name__}, {b!r} is not")
    _compare(a, b)
    for (_, first), (_, second) in zip(_parts(a), _parts(b), strict=True):
        assert_same_structure(first, second)


def _compare(a: Any, b: Any) -> None:
    """Raise ValueError where `b` has other keys, or another number of parts, than `a`."""
    if not is_nested(b):
        raise InputError(f"structures differ: {a!r} is nested, {b!r} is not")
    ours, theirs = ([key for key, _ in _parts(x)] for x in (a, b))
    if ours != theirs:
        raise InputError(f"structures differ: the parts are {ours} in {a!r}, {theirs} in {b!r}")


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ValueError where the paths to the leaves differ; lists and tuples count alike."""
    ours, theirs = ({path for path, _ in flatten_with_path(x)} for x in (a, b))
    only = [
        f"paths of {x} alone: {found}"
        for x, found in (("a", ours - theirs), ("b", theirs - ours))
        if found
    ]
    if only:
        raise InputError(f"structures differ: {'; '.join(only)}")
