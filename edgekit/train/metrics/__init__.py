"""Metrics, under Keras' names."""

from typing import Any

from edgekit.train import losses
from edgekit.train.metrics import accuracy as _accuracy
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
_FUNCTIONS: dict[str, Any] = {
    **losses.FUNCTIONS,
    "binary_accuracy": _accuracy.binary_accuracy,
    "categorical_accuracy": _accuracy.categorical_accuracy,
    "root_mean_squared_error": RootMeanSquaredError,
    "sparse_categorical_accuracy": _accuracy.sparse_categorical_accuracy,
    "sparse_top_k_categorical_accuracy": _accuracy.sparse_top_k_categorical_accuracy,
    "top_k_categorical_accuracy": _accuracy.top_k_categorical_accuracy,
}
# resolved by the shapes of labels and outputs when these are known
BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")


def get(identifier: Any) -> Any:
    """A metric from a name, a config, a callable or itself; None stays None."""
    known = {**_FUNCTIONS, **CLASSES, **dict.fromkeys(BY_SHAPE)}
    found = resolve(identifier, known, "metric")
    if found is None or isinstance(found, Metric):
        return found
    name = identifier if isinstance(identifier, str) else None
    return MeanMetricWrapper(found, name=name)
