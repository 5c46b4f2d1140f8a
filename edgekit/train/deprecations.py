"""Old spellings of Keras: accepted, with one DeprecationWarning that names today's spelling.

What is old stands as data in `deprecation_table`; this module makes it work. Classes hand
themselves to `accept_old_spellings` when they are defined, modules resolve old names with
`old_name`, and functions are decorated with `with_old_arguments`.
"""

from __future__ import annotations

import functools
import importlib
import math
import os
import sys
import types
import warnings
from collections.abc import Callable, Mapping
from dis import opname
from typing import Any

from edgekit.errors import UnsupportedOperator
from edgekit.train.deprecated_names import NAMES, REMOVED
from edgekit.train.deprecation_table import ARGUMENTS, ATTRIBUTES, METHODS, Argument, Method

__all__ = [
    "RemovedName",
    "accept_old_spellings",
    "moved_module",
    "old_name",
    "old_spelling",
    "today",
    "with_old_arguments",
]


class RemovedName(UnsupportedOperator, AttributeError):
    """A name that was removed for good; an AttributeError too, so that hasattr() says no."""


_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_STEPS = {"steps", "steps_per_epoch", "validation_steps"}
# what stands between the user's line and a warning: our code, and the import system
_NOT_COUNTED = "<frozen importlib"  # by `warnings.warn`
_OURS = (_PACKAGE, importlib.__file__, _NOT_COUNTED)

_METHOD_OWNERS = [owner.partition(".")[::2] for owner in ARGUMENTS if "." in owner]
# class -> those of its methods that the table has old arguments for
_METHODS_OF = {
    name: [method for owner, method in _METHOD_OWNERS if owner == name]
    for name, _ in _METHOD_OWNERS
}


def old_spelling(old: str, new: str) -> None:
    """Warn that `old` is written `new` today, at the first line outside of edgekit."""
    warnings.warn(f"{old}: {new}", DeprecationWarning, stacklevel=_users_line()[1])


def _users_line() -> tuple[types.FrameType, int]:
    """The first line that is neither edgekit's nor the import system's, and how far up it is."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        level += not frame.f_code.co_filename.startswith(_NOT_COUNTED)
        frame = frame.f_back
    return frame, level


def _is_imported() -> bool:
    """Whether the user's line is an import statement."""
    frame, _ = _users_line()
    return opname[frame.f_code.co_code[frame.f_lasti]] in ("IMPORT_FROM", "IMPORT_NAME")


def today(owner: str, old: Mapping[str, Argument], given: dict[str, Any]) -> dict[str, Any]:
    """`given` with its old arguments replaced; one warning names all of them."""
    found = [name for name in old if name in given and old[name].applies(given[name])]
    if not found:
        return given
    made = dict(given)
    said = []
    for name in found:
        entry = old[name]
        said.append(f"{name}= is {entry.today}" if not entry.dropped else f"{name}= has no effect")
        if name not in made:  # taken by the one before it
            continue
        for key, replaced in entry.replaced(made.pop(name), made).items():
            if key in made and entry.new == key:
                raise TypeError(f"{owner} got both {name}= and {key}=, which are the same")
            made[key] = replaced
    old_spelling(f"{owner}: an old spelling", "; ".join(said))
    return made


def with_old_arguments(owner: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A function that takes the old arguments that the table has for `owner` too."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        return _renaming(function, owner, ARGUMENTS[owner], skip=0)

    return decorate


def _renaming(
    function: Callable[..., Any], owner: str, old: Mapping[str, Argument], skip: int
) -> Callable[..., Any]:
    """`function` with old keyword arguments; `skip` positional ones are not the user's (self)."""

    @functools.wraps(function)
    def renamed(*args: Any, **kwargs: Any) -> Any:
        if kwargs and not old.keys().isdisjoint(kwargs):
            label = f"{type(args[0]).__name__}" if skip and "." not in owner else owner
            kwargs = today(label, old, kwargs)
        return function(*args, **kwargs)

    return renamed


def accept_old_spellings(cls: type) -> None:
    """Give a class of edgekit.train the old arguments, methods and attributes of the table."""
    if not cls.__module__.startswith("edgekit.train."):
        return
    name = cls.__name__
    if name in ARGUMENTS:  # its own constructor, or that of the base it shares with its ranks
        cls.__init__ = _renaming(cls.__init__, name, ARGUMENTS[name], 1)  # type: ignore[misc]
    for method in _METHODS_OF.get(name, ()):
        if hasattr(cls, method):
            owner = f"{name}.{method}"
            setattr(cls, method, _renaming(getattr(cls, method), owner, ARGUMENTS[owner], 1))
    for called, stands_for in METHODS.get(name, {}).items():
        setattr(cls, called, _old_method(f"{name}.{called}", stands_for))
    for attribute, new in ATTRIBUTES.get(name, {}).items():
        setattr(cls, attribute, _old_attribute(f"{name}.{attribute}", new))


def _old_method(label: str, method: Method) -> Callable[..., Any]:
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        old_spelling(f"{label}() is an old spelling", f"use {method.today}")
        for name, value in zip(method.positions, args, strict=False):
            kwargs[name] = value
        for old, new in method.arguments.items():
            if old in kwargs:
                value = kwargs.pop(old)
                if new is not None:
                    kwargs[new] = value
        for name in _STEPS & kwargs.keys():  # len(x) / 32 was taken for that many and a last one
            kwargs[name] = math.ceil(kwargs[name]) if kwargs[name] is not None else None
        return method.finish(getattr(self, method.calls)(**kwargs))

    called.__name__ = label.rpartition(".")[2]
    called.__doc__ = f"An old spelling: use {method.today}."
    return called


def _old_attribute(label: str, new: str) -> property:
    own = f"_old_{label.rpartition('.')[2]}"  # where it was not quite the same

    def get(self: Any) -> Any:
        old_spelling(f"{label} is an old spelling", f"use {new}")
        return getattr(self, own if hasattr(type(self), own) else new)

    def put(self: Any, value: Any) -> None:
        old_spelling(f"{label} is an old spelling", f"use {new}")
        setattr(self, own if hasattr(type(self), own) else new, value)

    return property(get, put, doc=f"An old spelling: use {new}.")


def old_name(place: str, name: str) -> Any:
    """What an old name of a module was, as `layers.CuDNNLSTM`; raises AttributeError else.

    `place` is the module below `edgekit.keras`. A name that was removed for good raises
    RemovedName, which says what to use.
    """
    path = f"{place}.{name}" if place else name
    if path in REMOVED:
        # of an AttributeError an import statement would not show the message
        error = UnsupportedOperator if _is_imported() else RemovedName
        raise error(f"keras.{path} is gone: {REMOVED[path]}")
    if path not in NAMES:
        raise AttributeError(f"module 'edgekit.keras.{place}' has no attribute {name!r}")
    entry = NAMES[path]
    old_spelling(f"keras.{path} is an old spelling", f"use {entry.today}")
    module, _, attribute = entry.holds.partition(":")
    found = importlib.import_module(module)
    return getattr(found, attribute) if attribute else found


def moved_module(old: str, new: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a module that only an old import path names.

    Warns once, when it is imported.
    """
    target = importlib.import_module(f"edgekit.{new}")
    old_spelling(f"{old} is an old spelling", f"import from {new}")

    def get(name: str) -> Any:
        return getattr(target, name)

    return get, lambda: sorted(target.__all__)
