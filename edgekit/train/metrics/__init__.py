"""Metrics, under Keras' names."""

from typing import Any

from edgekit.train import losses
from edgekit.train.losses import binary_crossentropy as binary_crossentropy
from edgekit.train.losses import binary_focal_crossentropy as binary_focal_crossentropy
from edgekit.train.losses import categorical_crossentropy as categorical_crossentropy
from edgekit.train.losses import categorical_focal_crossentropy as categorical_focal_crossentropy
from edgekit.train.losses import categorical_hinge as categorical_hinge
from edgekit.train.losses import hinge as hinge
from edgekit.train.losses import huber as huber
from edgekit.train.losses import kl_divergence as kl_divergence
from edgekit.train.losses import log_cosh as log_cosh
from edgekit.train.losses import mean_absolute_error as mean_absolute_error
from edgekit.train.losses import mean_absolute_percentage_error as mean_absolute_percentage_error
from edgekit.train.losses import mean_squared_error as mean_squared_error
from edgekit.train.losses import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from edgekit.train.losses import poisson as poisson
from edgekit.train.losses import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from edgekit.train.losses import squared_hinge as squared_hinge
from edgekit.train.metrics.accuracy import Accuracy as Accuracy
from edgekit.train.metrics.accuracy import BinaryAccuracy as BinaryAccuracy
from edgekit.train.metrics.accuracy import CategoricalAccuracy as CategoricalAccuracy
from edgekit.train.metrics.accuracy import SparseCategoricalAccuracy as SparseCategoricalAccuracy
from edgekit.train.metrics.accuracy import (
    SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy,
)
from edgekit.train.metrics.accuracy import TopKCategoricalAccuracy as TopKCategoricalAccuracy
from edgekit.train.metrics.accuracy import binary_accuracy as binary_accuracy
from edgekit.train.metrics.accuracy import categorical_accuracy as categorical_accuracy
from edgekit.train.metrics.accuracy import (
    sparse_categorical_accuracy as sparse_categorical_accuracy,
)
from edgekit.train.metrics.accuracy import (
    sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy,
)
from edgekit.train.metrics.accuracy import top_k_categorical_accuracy as top_k_categorical_accuracy
from edgekit.train.metrics.auc import AUC as AUC
from edgekit.train.metrics.confusion import FalseNegatives as FalseNegatives
from edgekit.train.metrics.confusion import FalsePositives as FalsePositives
from edgekit.train.metrics.confusion import Precision as Precision
from edgekit.train.metrics.confusion import PrecisionAtRecall as PrecisionAtRecall
from edgekit.train.metrics.confusion import Recall as Recall
from edgekit.train.metrics.confusion import RecallAtPrecision as RecallAtPrecision
from edgekit.train.metrics.confusion import SensitivityAtSpecificity as SensitivityAtSpecificity
from edgekit.train.metrics.confusion import SpecificityAtSensitivity as SpecificityAtSensitivity
from edgekit.train.metrics.confusion import TrueNegatives as TrueNegatives
from edgekit.train.metrics.confusion import TruePositives as TruePositives
from edgekit.train.metrics.fscore import F1Score as F1Score
from edgekit.train.metrics.fscore import FBetaScore as FBetaScore
from edgekit.train.metrics.iou import BinaryIoU as BinaryIoU
from edgekit.train.metrics.iou import IoU as IoU
from edgekit.train.metrics.iou import MeanIoU as MeanIoU
from edgekit.train.metrics.iou import OneHotIoU as OneHotIoU
from edgekit.train.metrics.iou import OneHotMeanIoU as OneHotMeanIoU
from edgekit.train.metrics.means import BinaryCrossentropy as BinaryCrossentropy
from edgekit.train.metrics.means import CategoricalCrossentropy as CategoricalCrossentropy
from edgekit.train.metrics.means import CategoricalHinge as CategoricalHinge
from edgekit.train.metrics.means import ConcordanceCorrelation as ConcordanceCorrelation
from edgekit.train.metrics.means import CosineSimilarity as CosineSimilarity
from edgekit.train.metrics.means import Hinge as Hinge
from edgekit.train.metrics.means import KLDivergence as KLDivergence
from edgekit.train.metrics.means import LogCoshError as LogCoshError
from edgekit.train.metrics.means import MeanAbsoluteError as MeanAbsoluteError
from edgekit.train.metrics.means import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from edgekit.train.metrics.means import MeanSquaredError as MeanSquaredError
from edgekit.train.metrics.means import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from edgekit.train.metrics.means import PearsonCorrelation as PearsonCorrelation
from edgekit.train.metrics.means import Poisson as Poisson
from edgekit.train.metrics.means import RootMeanSquaredError as RootMeanSquaredError
from edgekit.train.metrics.means import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from edgekit.train.metrics.means import SquaredHinge as SquaredHinge
from edgekit.train.metrics.means import concordance_correlation as concordance_correlation
from edgekit.train.metrics.means import pearson_correlation as pearson_correlation
from edgekit.train.metrics.metric import Metric as Metric
from edgekit.train.metrics.r2 import R2Score as R2Score
from edgekit.train.metrics.totals import Mean as Mean
from edgekit.train.metrics.totals import MeanMetricWrapper as MeanMetricWrapper
from edgekit.train.metrics.totals import Sum as Sum
from edgekit.train.names import snake_case
from edgekit.train.serialization import plain, resolve

CLASSES: dict[str, type[Metric]] = {
    cls.__name__: cls
    for cls in (
        AUC, Accuracy, BinaryAccuracy, BinaryCrossentropy, BinaryIoU, CategoricalAccuracy,
        CategoricalCrossentropy, CategoricalHinge, ConcordanceCorrelation, CosineSimilarity,
        F1Score, FBetaScore, FalseNegatives, FalsePositives, Hinge, IoU, KLDivergence,
        LogCoshError, Mean, MeanAbsoluteError, MeanAbsolutePercentageError, MeanIoU,
        MeanMetricWrapper, MeanSquaredError, MeanSquaredLogarithmicError, OneHotIoU, OneHotMeanIoU,
        PearsonCorrelation, Poisson, Precision, PrecisionAtRecall, R2Score, Recall,
        RecallAtPrecision, RootMeanSquaredError, SensitivityAtSpecificity,
        SparseCategoricalAccuracy, SparseCategoricalCrossentropy, SparseTopKCategoricalAccuracy,
        SpecificityAtSensitivity, SquaredHinge, Sum, TopKCategoricalAccuracy, TrueNegatives,
        TruePositives,
    )
}  # fmt: skip
_SHORT = {
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "mse": MeanSquaredError,
    "msle": MeanSquaredLogarithmicError,
}
_NAMES: dict[str, Any] = {
    **losses.FUNCTIONS,
    **losses.ALIASES,
    **{snake_case(name): cls for name, cls in CLASSES.items()},
    **_SHORT,
    **{name.upper(): cls for name, cls in _SHORT.items()},
    "logcosh": LogCoshError,
    "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
    "top_k_categorical_accuracy": TopKCategoricalAccuracy,
}
# resolved by the shapes of labels and outputs when these are known
BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")

__all__ = [
    "AUC", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "BinaryIoU", "CategoricalAccuracy",
    "CategoricalCrossentropy", "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity",
    "F1Score", "FBetaScore", "FalseNegatives", "FalsePositives", "Hinge", "IoU", "KLDivergence",
    "LogCoshError", "Mean", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanIoU",
    "MeanMetricWrapper", "MeanSquaredError", "MeanSquaredLogarithmicError", "Metric", "OneHotIoU",
    "OneHotMeanIoU", "PearsonCorrelation", "Poisson", "Precision", "PrecisionAtRecall", "R2Score",
    "Recall", "RecallAtPrecision", "RootMeanSquaredError", "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity", "SquaredHinge", "Sum", "TopKCategoricalAccuracy", "TrueNegatives",
    "TruePositives", "binary_accuracy", "binary_crossentropy", "binary_focal_crossentropy",
    "categorical_accuracy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "categorical_hinge", "concordance_correlation", "deserialize", "get", "hinge", "huber",
    "kl_divergence", "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error",
    "mean_squared_error", "mean_squared_logarithmic_error", "pearson_correlation", "poisson",
    "serialize", "sparse_categorical_accuracy", "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy", "squared_hinge", "top_k_categorical_accuracy",
]  # fmt: skip


def get(identifier: Any) -> Any:
    """A metric from a name, a config, a callable or itself; None stays None."""
    known = {**dict.fromkeys(BY_SHAPE), **_NAMES, **CLASSES}
    return _as_metric(resolve(identifier, known, "metric"), identifier)


def serialize(metric: Any) -> Any:
    """A metric's config with the name of its class."""
    return plain(metric)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """A metric from the result of `serialize`; custom_objects: name -> function or class."""
    known = {**_NAMES, **CLASSES, **(custom_objects or {})}
    return _as_metric(resolve(config, known, "metric"), config)


def _as_metric(found: Any, identifier: Any) -> Any:
    if found is not None and not isinstance(found, Metric):
        found = MeanMetricWrapper(found)
    if isinstance(identifier, str) and found is not None:
        found.name = identifier
    return found
