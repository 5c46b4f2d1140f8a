"""edgekit: train a network, convert it to int8, run it wherever numpy runs.

The names below are resolved when first used (PEP 562), so that `import edgekit` costs no more than
numpy itself and a device never loads what only a desktop needs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# public name -> the module that holds it
_HOME = {
    "Interpreter": "edgekit.interpreter",
    "convert": "edgekit.conversion",
    "load": "edgekit.importers",
    "save": "edgekit.export",
}
_ROOMS = (
    "errors",
    "export",
    "importers",
    "interpreter",
    "ir",
    "keras",
    "quantize",
    "train",
)

__all__ = [
    "Interpreter",
    "__version__",
    "convert",
    "errors",
    "export",
    "importers",
    "interpreter",
    "ir",
    "keras",
    "load",
    "quantize",
    "save",
    "train",
]

if TYPE_CHECKING:
    from edgekit import errors, export, importers, interpreter, ir, keras, quantize, train
    from edgekit.conversion import convert
    from edgekit.export import save
    from edgekit.importers import load
    from edgekit.interpreter import Interpreter


def __getattr__(name: str) -> Any:
    """Import a public name at its first use."""
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    elif name in _ROOMS:
        value = importlib.import_module(f"edgekit.{name}")
    else:
        raise AttributeError(f"module 'edgekit' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
