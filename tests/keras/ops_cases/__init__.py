"""The cases in which `keras.ops` is checked: against Keras' own, and by derivatives.

One module for each family, with its `CASES`; `tests/golden/make_ops_goldens.py` makes their
goldens. A new module here is found by its being here.
"""

from __future__ import annotations

import importlib
import pkgutil

from .case import Case as Case
from .case import outputs_of as outputs_of
from .case import weights_of as weights_of

__all__ = ["FAMILIES", "Case", "outputs_of", "weights_of"]

FAMILIES: dict[str, dict[str, Case]] = {
    found.name: importlib.import_module(f"{__name__}.{found.name}").CASES
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name)
    if found.name not in ("case", "inputs")
}
