"""How the modules of `edgekit.keras` hand on names that live elsewhere."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from edgekit.train.deprecated_names import MOVED
from edgekit.train.deprecations import moved_module, old_name

__all__ = ["forward", "moved_module"]

Getter = Callable[[str], Any]


def forward(
    place: str,
    target: ModuleType | None,
    more: Mapping[str, str] | None = None,
    own: Iterable[str] = (),
) -> tuple[list[str], Getter, Callable[[], list[str]]]:
    """`__all__`, `__getattr__` and `__dir__` of a module that shows the names of `target`.

    `more` maps names that `target` lacks to "module:attribute" (or "module" for a module); `own`
    are the names that the module defines itself. `place` is the module below `keras`, under which
    old names are looked up.
    """
    found = dict(more or {})
    shown = list(target.__all__) if target is not None else []
    listed = sorted({*shown, *found, *own})

    def get(name: str) -> Any:
        if target is not None and name in shown:
            return getattr(target, name)
        if name in found:
            module, _, attribute = found[name].partition(":")
            held = importlib.import_module(module)
            return getattr(held, attribute) if attribute else held
        if name in MOVED.get(place, ()):
            return importlib.import_module(f"edgekit.keras.{place}.{name}")
        return old_name(place, name)

    return listed, get, lambda: listed
