"""The names of `tf.keras` in their layout: `from edgekit import keras`.

Everything is loaded at its first use, so that `from edgekit import keras` costs nothing. What is
spelled differently today works, with a DeprecationWarning that says how.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "3.0.0"  # the release of Keras whose names, arguments and numbers these are

# name -> "module:attribute", or the module itself
_HOME = {
    "Callback": "edgekit.train.callbacks:Callback",
    "DTypePolicy": "edgekit.train.dtype_policies:DTypePolicy",
    "FloatDTypePolicy": "edgekit.keras.dtype_policies:FloatDTypePolicy",
    "GradientTape": "edgekit.train:GradientTape",
    "Initializer": "edgekit.train.initializers:Initializer",
    "Input": "edgekit.train:Input",
    "InputSpec": "edgekit.train.layers:InputSpec",
    "KerasTensor": "edgekit.train.symbolic:SymbolicTensor",
    "Layer": "edgekit.train:Layer",
    "Loss": "edgekit.train.losses:Loss",
    "Metric": "edgekit.train.metrics:Metric",
    "Model": "edgekit.train:Model",
    "Optimizer": "edgekit.train.optimizers:Optimizer",
    "Regularizer": "edgekit.train.regularizers:Regularizer",
    "Sequential": "edgekit.train:Sequential",
    "Variable": "edgekit.train:Variable",
    "device": "edgekit.train.backend:device",
    "name_scope": "edgekit.train.tape:name_scope",
}
_MODULES = (
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "distribute",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "tree",
    "utils",
    "wrappers",
)

__all__ = [*sorted(_HOME), "__version__", "version", *_MODULES]


def version() -> str:
    """The release of Keras whose names, arguments and numbers these are."""
    return __version__


def __getattr__(name: str) -> Any:
    """Import a name at its first use."""
    if name in _MODULES:
        value: Any = importlib.import_module(f"edgekit.keras.{name}")
    elif name in _HOME:
        module, _, attribute = _HOME[name].partition(":")
        value = getattr(importlib.import_module(module), attribute)
    else:
        from edgekit.train.deprecations import old_name

        return old_name("", name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
