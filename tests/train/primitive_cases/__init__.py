"""The cases in which every primitive is checked: against PyTorch, along a direction, in float32.

One module for each family, with its `CASES`; the same functions of PyTorch stand in
`tests/golden/torch_references/<family>.py`, the goldens in `tests/golden/primitives/<family>.npz`,
and `make_train_goldens.py <family>` makes them. A new module here is found by its being here.
"""

from __future__ import annotations

import importlib
import pkgutil

from .case import Case as Case
from .case import make_inputs as make_inputs
from .case import second_weight as second_weight

__all__ = ["CASES", "FAMILIES", "Case", "make_inputs", "second_weight"]

FAMILIES: dict[str, list[Case]] = {
    found.name: importlib.import_module(f"{__name__}.{found.name}").CASES
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name)
    if found.name != "case"
}

CASES: list[Case] = [case for cases in FAMILIES.values() for case in cases]
