"""Training with the Keras API over numpy or cupy arrays.

    from edgekit.train import Sequential, layers

    model = Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, "softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=3)

Names, arguments, defaults and numerics are Keras 3's. `to_categorical` and `set_random_seed`, which
Keras keeps under `utils`, stand here directly.
"""

import importlib
from typing import TYPE_CHECKING, Any

from edgekit.train import activations as activations
from edgekit.train import callbacks as callbacks
from edgekit.train import constraints as constraints
from edgekit.train import dtype_policies as dtype_policies
from edgekit.train import initializers as initializers
from edgekit.train import layers as layers
from edgekit.train import losses as losses
from edgekit.train import metrics as metrics
from edgekit.train import models as models
from edgekit.train import optimizers as optimizers
from edgekit.train import regularizers as regularizers
from edgekit.train.backend import memory_info as memory_info
from edgekit.train.custom_gradient import custom_gradient as custom_gradient
from edgekit.train.data import to_categorical as to_categorical
from edgekit.train.layers import Input as Input
from edgekit.train.layers import Layer as Layer
from edgekit.train.models import Model as Model
from edgekit.train.models import Sequential as Sequential
from edgekit.train.names import clear_session as clear_session
from edgekit.train.ops.math import stop_gradient as stop_gradient
from edgekit.train.ops.workers import get_threads as get_threads
from edgekit.train.ops.workers import set_threads as set_threads
from edgekit.train.precision import get_float32_precision as get_float32_precision
from edgekit.train.precision import set_float32_precision as set_float32_precision
from edgekit.train.py_dataset import PyDataset as PyDataset
from edgekit.train.random import set_random_seed as set_random_seed
from edgekit.train.tape import GradientTape as GradientTape
from edgekit.train.tensor import Tensor as Tensor
from edgekit.train.tensor import Variable as Variable

if TYPE_CHECKING:
    from edgekit.train import datasets as datasets
    from edgekit.train import quantization as quantization
    from edgekit.train.saving import load_model as load_model

__all__ = [
    "GradientTape",
    "Input",
    "Layer",
    "Model",
    "PyDataset",
    "Sequential",
    "Tensor",
    "Variable",
    "activations",
    "callbacks",
    "clear_session",
    "constraints",
    "custom_gradient",
    "datasets",
    "dtype_policies",
    "get_float32_precision",
    "get_threads",
    "initializers",
    "layers",
    "load_model",
    "losses",
    "memory_info",
    "metrics",
    "models",
    "optimizers",
    "quantization",
    "regularizers",
    "set_float32_precision",
    "set_random_seed",
    "set_threads",
    "stop_gradient",
    "to_categorical",
]

# loaded at their first use: they bring networking, archives and the converter, which a first step
# does without
_LATER = {
    "datasets": "edgekit.train.datasets",
    "load_model": "edgekit.train.saving:load_model",
    "quantization": "edgekit.train.quantization",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'edgekit.train' has no attribute {name!r}")
    module, _, attribute = _LATER[name].partition(":")
    found = importlib.import_module(module)
    found = getattr(found, attribute) if attribute else found
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
