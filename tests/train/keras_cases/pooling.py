"""Pooling."""

from tests.train.keras_cases.case import IMAGE

# name, class, arguments, inputs
LAYERS = [
    ("max_pool", "MaxPooling2D", {}, [IMAGE]),
    ("max_pool_same", "MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, [IMAGE]),
    ("average_pool", "AveragePooling2D", {"pool_size": [2, 3], "strides": 1}, [IMAGE]),
    (
        "average_pool_same",
        "AveragePooling2D",
        {"pool_size": 3, "strides": 2, "padding": "same"},
        [IMAGE],
    ),
    ("global_average_pool", "GlobalAveragePooling2D", {}, [IMAGE]),
    ("global_max_pool_keepdims", "GlobalMaxPooling2D", {"keepdims": True}, [IMAGE]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "AveragePooling2D": {"pool_size": 2},
        "GlobalAveragePooling2D": {},
        "GlobalMaxPooling2D": {},
        "MaxPooling2D": {},
    }
}
