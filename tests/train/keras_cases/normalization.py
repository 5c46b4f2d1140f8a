"""Normalization."""

from tests.train.keras_cases.case import IMAGE

# name, class, arguments, inputs
LAYERS = [
    ("batch_norm", "BatchNormalization", {}, [IMAGE], {"training": True}),
    (
        "batch_norm_dense",
        "BatchNormalization",
        {"momentum": 0.9, "epsilon": 1e-05, "center": False},
        [(6, 5)],
        {"training": True},
    ),
    (
        "batch_norm_axis",
        "BatchNormalization",
        {"axis": 1, "scale": False},
        [IMAGE],
        {"training": True},
    ),
    ("layer_norm", "LayerNormalization", {}, [IMAGE]),
    ("layer_norm_axes", "LayerNormalization", {"axis": [1, 2, 3], "epsilon": 1e-06}, [IMAGE]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {"layers": {"BatchNormalization": {}, "LayerNormalization": {}}}
