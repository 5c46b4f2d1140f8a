"""Loss functions and classes, under Keras' names."""

from collections.abc import Callable
from typing import Any

from edgekit.train.losses.crossentropies import BinaryCrossentropy as BinaryCrossentropy
from edgekit.train.losses.crossentropies import CategoricalCrossentropy as CategoricalCrossentropy
from edgekit.train.losses.crossentropies import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from edgekit.train.losses.crossentropies import binary_crossentropy as binary_crossentropy
from edgekit.train.losses.crossentropies import categorical_crossentropy as categorical_crossentropy
from edgekit.train.losses.crossentropies import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from edgekit.train.losses.distributions import KLDivergence as KLDivergence
from edgekit.train.losses.distributions import Poisson as Poisson
from edgekit.train.losses.distributions import kl_divergence as kl_divergence
from edgekit.train.losses.distributions import poisson as poisson
from edgekit.train.losses.focal import BinaryFocalCrossentropy as BinaryFocalCrossentropy
from edgekit.train.losses.focal import CategoricalFocalCrossentropy as CategoricalFocalCrossentropy
from edgekit.train.losses.focal import (
    CategoricalGeneralizedCrossEntropy as CategoricalGeneralizedCrossEntropy,
)
from edgekit.train.losses.focal import binary_focal_crossentropy as binary_focal_crossentropy
from edgekit.train.losses.focal import (
    categorical_focal_crossentropy as categorical_focal_crossentropy,
)
from edgekit.train.losses.focal import (
    categorical_generalized_cross_entropy as categorical_generalized_cross_entropy,
)
from edgekit.train.losses.hinge import CategoricalHinge as CategoricalHinge
from edgekit.train.losses.hinge import Hinge as Hinge
from edgekit.train.losses.hinge import SquaredHinge as SquaredHinge
from edgekit.train.losses.hinge import categorical_hinge as categorical_hinge
from edgekit.train.losses.hinge import hinge as hinge
from edgekit.train.losses.hinge import squared_hinge as squared_hinge
from edgekit.train.losses.loss import Loss as Loss
from edgekit.train.losses.loss import LossFunctionWrapper as LossFunctionWrapper
from edgekit.train.losses.overlap import Dice as Dice
from edgekit.train.losses.overlap import Tversky as Tversky
from edgekit.train.losses.overlap import dice as dice
from edgekit.train.losses.overlap import tversky as tversky
from edgekit.train.losses.pairs import Circle as Circle
from edgekit.train.losses.pairs import circle as circle
from edgekit.train.losses.regression import CosineSimilarity as CosineSimilarity
from edgekit.train.losses.regression import Huber as Huber
from edgekit.train.losses.regression import LogCosh as LogCosh
from edgekit.train.losses.regression import MeanAbsoluteError as MeanAbsoluteError
from edgekit.train.losses.regression import (
    MeanAbsolutePercentageError as MeanAbsolutePercentageError,
)
from edgekit.train.losses.regression import MeanSquaredError as MeanSquaredError
from edgekit.train.losses.regression import (
    MeanSquaredLogarithmicError as MeanSquaredLogarithmicError,
)
from edgekit.train.losses.regression import cosine_similarity as cosine_similarity
from edgekit.train.losses.regression import huber as huber
from edgekit.train.losses.regression import log_cosh as log_cosh
from edgekit.train.losses.regression import mean_absolute_error as mean_absolute_error
from edgekit.train.losses.regression import (
    mean_absolute_percentage_error as mean_absolute_percentage_error,
)
from edgekit.train.losses.regression import mean_squared_error as mean_squared_error
from edgekit.train.losses.regression import (
    mean_squared_logarithmic_error as mean_squared_logarithmic_error,
)
from edgekit.train.losses.sequences import CTC as CTC
from edgekit.train.losses.sequences import ctc as ctc
from edgekit.train.serialization import plain, resolve

CLASSES: dict[str, type[Loss]] = {
    cls.__name__: cls
    for cls in (
        BinaryCrossentropy, BinaryFocalCrossentropy, CTC, CategoricalCrossentropy,
        CategoricalFocalCrossentropy, CategoricalGeneralizedCrossEntropy, CategoricalHinge, Circle,
        CosineSimilarity, Dice, Hinge, Huber, KLDivergence, LogCosh, MeanAbsoluteError,
        MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError, Poisson,
        SparseCategoricalCrossentropy, SquaredHinge, Tversky,
    )
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy,
        categorical_focal_crossentropy, categorical_generalized_cross_entropy, categorical_hinge,
        circle, cosine_similarity, ctc, dice, hinge, huber, kl_divergence, log_cosh,
        mean_absolute_error, mean_absolute_percentage_error, mean_squared_error,
        mean_squared_logarithmic_error, poisson, sparse_categorical_crossentropy, squared_hinge,
        tversky,
    )
}  # fmt: skip
# other names of the same functions: today's short ones, and those of Keras before 3
ALIASES: dict[str, Callable[..., Any]] = {
    "bce": binary_crossentropy,
    "kld": kl_divergence,
    "kullback_leibler_divergence": kl_divergence,
    "logcosh": log_cosh,
    "mae": mean_absolute_error,
    "mape": mean_absolute_percentage_error,
    "mse": mean_squared_error,
    "msle": mean_squared_logarithmic_error,
}
ALIASES.update(
    {name.upper(): ALIASES[name] for name in ("bce", "kld", "mae", "mape", "mse", "msle")}
)
bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
mse = MSE = mean_squared_error
msle = MSLE = mean_squared_logarithmic_error
_NAMES = {**FUNCTIONS, **ALIASES, **CLASSES}

__all__ = [
    "BCE", "CTC", "KLD", "MAE", "MAPE", "MSE", "MSLE", "BinaryCrossentropy",
    "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy", "CategoricalHinge", "Circle", "CosineSimilarity", "Dice",
    "Hinge", "Huber", "KLDivergence", "LogCosh", "Loss", "LossFunctionWrapper",
    "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "Poisson", "SparseCategoricalCrossentropy", "SquaredHinge",
    "Tversky", "bce", "binary_crossentropy", "binary_focal_crossentropy",
    "categorical_crossentropy", "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy", "categorical_hinge", "circle", "cosine_similarity",
    "ctc", "deserialize", "dice", "get", "hinge", "huber", "kl_divergence", "kld",
    "kullback_leibler_divergence", "log_cosh", "logcosh", "mae", "mape", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error",
    "mse", "msle", "poisson", "serialize", "sparse_categorical_crossentropy", "squared_hinge",
    "tversky",
]  # fmt: skip


def get(identifier: Any) -> Any:
    """A loss from a name, a config, a callable or itself; None stays None."""
    return _as_loss(resolve(identifier, _NAMES, "loss"), identifier)


def serialize(loss: Any) -> Any:
    """A loss' config with the name of its class; the name of one of Keras' functions."""
    if callable(loss) and not isinstance(loss, Loss):
        return getattr(loss, "__name__", plain(loss))
    return plain(loss)


def deserialize(name: Any, custom_objects: Any = None) -> Any:
    """A loss from the result of `serialize`; custom_objects: name -> function or class."""
    return _as_loss(resolve(name, {**_NAMES, **(custom_objects or {})}, "loss"), name)


def _as_loss(found: Any, identifier: Any) -> Any:
    if found is None or isinstance(found, Loss):
        return found
    name = identifier if isinstance(identifier, str) else None
    return LossFunctionWrapper(found, name=name)
