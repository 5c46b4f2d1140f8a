"""Loss functions and classes, under Keras' names."""

from collections.abc import Callable
from typing import Any

from edgekit.train.losses.classes import BinaryCrossentropy as BinaryCrossentropy
from edgekit.train.losses.classes import CategoricalCrossentropy as CategoricalCrossentropy
from edgekit.train.losses.classes import Huber as Huber
from edgekit.train.losses.classes import MeanAbsoluteError as MeanAbsoluteError
from edgekit.train.losses.classes import MeanSquaredError as MeanSquaredError
from edgekit.train.losses.classes import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from edgekit.train.losses.functions import binary_crossentropy as binary_crossentropy
from edgekit.train.losses.functions import categorical_crossentropy as categorical_crossentropy
from edgekit.train.losses.functions import huber as huber
from edgekit.train.losses.functions import mean_absolute_error as mean_absolute_error
from edgekit.train.losses.functions import mean_squared_error as mean_squared_error
from edgekit.train.losses.functions import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from edgekit.train.losses.loss import Loss as Loss
from edgekit.train.losses.loss import LossFunctionWrapper as LossFunctionWrapper
from edgekit.train.serialization import resolve

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Huber",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "get",
    "huber",
    "mean_absolute_error",
    "mean_squared_error",
    "sparse_categorical_crossentropy",
]

CLASSES: dict[str, type[Loss]] = {
    cls.__name__: cls
    for cls in (
        BinaryCrossentropy, CategoricalCrossentropy, Huber, MeanAbsoluteError, MeanSquaredError,
        SparseCategoricalCrossentropy,
    )
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "binary_crossentropy": binary_crossentropy,
    "categorical_crossentropy": categorical_crossentropy,
    "huber": huber,
    "mae": mean_absolute_error,
    "mean_absolute_error": mean_absolute_error,
    "mean_squared_error": mean_squared_error,
    "mse": mean_squared_error,
    "sparse_categorical_crossentropy": sparse_categorical_crossentropy,
}
_NAMES = {**FUNCTIONS, "MAE": mean_absolute_error, "MSE": mean_squared_error, **CLASSES}


def get(identifier: Any) -> Any:
    """A loss from a name, a config, a callable or itself; None stays None."""
    found = resolve(identifier, _NAMES, "loss")
    if found is None or isinstance(found, Loss):
        return found
    name = identifier if isinstance(identifier, str) else None
    return LossFunctionWrapper(found, name=name)
