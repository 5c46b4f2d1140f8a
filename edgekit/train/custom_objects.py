"""Classes and functions of one's own, by the names under which model files hold them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "is_registered",
    "register_keras_serializable",
]

_OBJECTS: dict[str, Any] = {}
_NAMES: dict[Any, str] = {}


def get_custom_objects() -> dict[str, Any]:
    """name -> class or function; what is put in is found when a model is loaded."""
    return _OBJECTS


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[Any], Any]:
    """A decorator: the class or function is found by its name when a model is loaded."""

    def register(found: Any) -> Any:
        short = name or found.__name__
        _NAMES[found] = f"{package}>{short}"
        _OBJECTS[f"{package}>{short}"] = _OBJECTS[short] = found
        return found

    return register


def get_registered_name(obj: Any) -> str:
    """package>name of what was registered, else its own name."""
    return _NAMES.get(obj, obj.__name__)


def is_registered(obj: Any) -> bool:
    """Whether a file finds it under a name of its own."""
    return obj in _NAMES


def get_registered_object(name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """What has this name, or None."""
    return {**_OBJECTS, **(custom_objects or {})}.get(name)


@contextlib.contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Within the block these names are known too."""
    before = dict(_OBJECTS)
    _OBJECTS.update(custom_objects or {})
    try:
        yield
    finally:
        _OBJECTS.clear()
        _OBJECTS.update(before)


CustomObjectScope = custom_object_scope
