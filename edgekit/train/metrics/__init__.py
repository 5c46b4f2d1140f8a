"""Metrics, under Keras' names."""

from typing import Any

from edgekit.train import losses
from edgekit.train.metrics.accuracy import Accuracy as Accuracy
from edgekit.train.metrics.accuracy import BinaryAccuracy as BinaryAccuracy
from edgekit.train.metrics.accuracy import CategoricalAccuracy as CategoricalAccuracy
from edgekit.train.metrics.accuracy import SparseCategoricalAccuracy as SparseCategoricalAccuracy
from edgekit.train.metrics.accuracy import (
    SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy,
)
from edgekit.train.metrics.accuracy import TopKCategoricalAccuracy as TopKCategoricalAccuracy
from edgekit.train.metrics.metric import Mean as Mean
from edgekit.train.metrics.metric import MeanMetricWrapper as MeanMetricWrapper
from edgekit.train.metrics.metric import Metric as Metric
from edgekit.train.metrics.metric import Sum as Sum
from edgekit.train.metrics.regression import BinaryCrossentropy as BinaryCrossentropy
from edgekit.train.metrics.regression import CategoricalCrossentropy as CategoricalCrossentropy
from edgekit.train.metrics.regression import MeanAbsoluteError as MeanAbsoluteError
from edgekit.train.metrics.regression import MeanSquaredError as MeanSquaredError
from edgekit.train.metrics.regression import RootMeanSquaredError as RootMeanSquaredError
from edgekit.train.metrics.regression import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from edgekit.train.names import snake_case
from edgekit.train.serialization import resolve

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "Mean",
    "MeanAbsoluteError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "Metric",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "Sum",
    "TopKCategoricalAccuracy",
    "get",
]

CLASSES: dict[str, type[Metric]] = {
    cls.__name__: cls
    for cls in (
        Accuracy, BinaryAccuracy, BinaryCrossentropy, CategoricalAccuracy, CategoricalCrossentropy,
        Mean, MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError, SparseCategoricalAccuracy,
        SparseCategoricalCrossentropy, SparseTopKCategoricalAccuracy, Sum, TopKCategoricalAccuracy,
    )
}  # fmt: skip
_NAMES: dict[str, Any] = {
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    **losses.FUNCTIONS,
    **{snake_case(name): cls for name, cls in CLASSES.items()},
    "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
    "top_k_categorical_accuracy": TopKCategoricalAccuracy,
}
# resolved by the shapes of labels and outputs when these are known
BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")


def get(identifier: Any) -> Any:
    """A metric from a name, a config, a callable or itself; None stays None."""
    known = {**dict.fromkeys(BY_SHAPE), **_NAMES, **CLASSES}
    found = resolve(identifier, known, "metric")
    if found is not None and not isinstance(found, Metric):
        found = MeanMetricWrapper(found)
    if isinstance(identifier, str):
        found.name = identifier
    return found
