"""Metrics."""

# name, class, arguments, what kind of data
METRICS = [
    ("binary_accuracy", "BinaryAccuracy", {"threshold": 0.4}, "binary"),
    ("categorical_accuracy", "CategoricalAccuracy", {}, "one_hot"),
    ("sparse_accuracy", "SparseCategoricalAccuracy", {}, "sparse"),
    ("top_k", "TopKCategoricalAccuracy", {"k": 2}, "one_hot"),
    ("sparse_top_k", "SparseTopKCategoricalAccuracy", {"k": 3}, "sparse"),
    ("mse", "MeanSquaredError", {}, "real"),
    ("rmse", "RootMeanSquaredError", {}, "real"),
    ("mae", "MeanAbsoluteError", {}, "real"),
    ("binary_crossentropy", "BinaryCrossentropy", {}, "binary"),
    ("categorical_crossentropy", "CategoricalCrossentropy", {}, "one_hot"),
    ("sparse_crossentropy", "SparseCategoricalCrossentropy", {}, "sparse"),
]

DEFAULTS = {
    "metrics": {
        "BinaryAccuracy": {},
        "CategoricalAccuracy": {},
        "SparseCategoricalAccuracy": {},
        "TopKCategoricalAccuracy": {},
        "SparseTopKCategoricalAccuracy": {},
        "MeanSquaredError": {},
        "RootMeanSquaredError": {},
        "MeanAbsoluteError": {},
    }
}
