"""Losses."""

# name, class, arguments, what kind of data
LOSSES = [
    ("mse", "MeanSquaredError", {}, "real"),
    ("mse_sum", "MeanSquaredError", {"reduction": "sum"}, "real"),
    ("mae", "MeanAbsoluteError", {}, "real"),
    ("mae_none", "MeanAbsoluteError", {"reduction": None}, "real"),
    ("huber", "Huber", {"delta": 0.6}, "real"),
    ("huber_weighted_mean", "Huber", {"reduction": "mean_with_sample_weight"}, "real"),
    ("binary", "BinaryCrossentropy", {}, "binary"),
    ("binary_smoothed", "BinaryCrossentropy", {"label_smoothing": 0.1}, "binary"),
    ("binary_logits", "BinaryCrossentropy", {"from_logits": True}, "binary_logits"),
    ("categorical", "CategoricalCrossentropy", {}, "one_hot"),
    ("categorical_smoothed", "CategoricalCrossentropy", {"label_smoothing": 0.2}, "one_hot"),
    ("categorical_logits", "CategoricalCrossentropy", {"from_logits": True}, "one_hot_logits"),
    ("sparse", "SparseCategoricalCrossentropy", {}, "sparse"),
    ("sparse_logits", "SparseCategoricalCrossentropy", {"from_logits": True}, "sparse_logits"),
    ("sparse_ignore", "SparseCategoricalCrossentropy", {"ignore_class": 2}, "sparse"),
]

DEFAULTS = {
    "losses": {
        "BinaryCrossentropy": {},
        "CategoricalCrossentropy": {},
        "Huber": {},
        "MeanAbsoluteError": {},
        "MeanSquaredError": {},
        "SparseCategoricalCrossentropy": {},
    }
}
