"""What is compared with Keras, one module for each family: tests and goldens read these tables.

A family has any of LAYERS, OPTIMIZERS, SCHEDULES, LOSSES, METRICS and DEFAULTS. Its goldens are
`tests/golden/keras/<family>.npz` and `.json`; `make_keras_goldens.py <family>` makes them. A new
family is a new module here, and is found by its being here.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any

__all__ = ["DEFAULTS", "FAMILIES", "table"]

FAMILIES: dict[str, ModuleType] = {
    found.name: importlib.import_module(f"{__name__}.{found.name}")
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name)
    if found.name != "case"
}


def table(kind: str) -> dict[str, tuple[str, Any]]:
    """All cases of a kind ("LAYERS" ...), by name: (family, case). A name may be there once."""
    found: dict[str, tuple[str, Any]] = {}
    for family, module in FAMILIES.items():
        for case in getattr(module, kind, ()):
            if case[0] in found:
                raise ValueError(f"case {case[0]!r} is in {found[case[0]][0]!r} and {family!r}")
            found[case[0]] = (family, case)
    return found


def _defaults() -> dict[str, dict[str, dict[str, Any]]]:
    """room -> class -> the arguments it cannot do without, over all families."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for module in FAMILIES.values():
        for room, classes in getattr(module, "DEFAULTS", {}).items():
            found.setdefault(room, {}).update(classes)
    return found


DEFAULTS = _defaults()
