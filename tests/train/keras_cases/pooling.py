"""Pooling."""

from tests.train.keras_cases.case import IMAGE, SEQUENCE, VOLUME

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
    ("max_pool1d", "MaxPooling1D", {}, [SEQUENCE]),
    (
        "max_pool1d_same",
        "MaxPooling1D",
        {"pool_size": 3, "strides": 2, "padding": "same"},
        [SEQUENCE],
    ),
    (
        "average_pool1d_same",
        "AveragePooling1D",
        {"pool_size": 4, "strides": 3, "padding": "same"},
        [SEQUENCE],
    ),
    (
        "average_pool1d_channels_first",
        "AveragePooling1D",
        {"pool_size": 2, "data_format": "channels_first"},
        [SEQUENCE],
    ),
    (
        "max_pool_channels_first",
        "MaxPooling2D",
        {"pool_size": [2, 3], "data_format": "channels_first"},
        [IMAGE],
    ),
    ("max_pool3d", "MaxPooling3D", {"pool_size": [2, 3, 2]}, [VOLUME]),
    (
        "max_pool3d_same",
        "MaxPooling3D",
        {"pool_size": 3, "strides": [2, 1, 2], "padding": "same"},
        [VOLUME],
    ),
    ("average_pool3d", "AveragePooling3D", {"pool_size": 2}, [VOLUME]),
    (
        "average_pool3d_same",
        "AveragePooling3D",
        {"pool_size": [2, 3, 3], "strides": 2, "padding": "same"},
        [VOLUME],
    ),
    ("global_average_pool1d", "GlobalAveragePooling1D", {}, [SEQUENCE]),
    (
        "global_average_pool1d_mask",
        "GlobalAveragePooling1D",
        {},
        [SEQUENCE],
        {"call": {"mask": ("bool", (2, 9))}},
    ),
    ("global_average_pool1d_keepdims", "GlobalAveragePooling1D", {"keepdims": True}, [SEQUENCE]),
    ("global_max_pool1d", "GlobalMaxPooling1D", {}, [SEQUENCE]),
    (
        "global_average_pool_channels_first",
        "GlobalAveragePooling2D",
        {"data_format": "channels_first", "keepdims": True},
        [IMAGE],
    ),
    ("global_average_pool3d", "GlobalAveragePooling3D", {}, [VOLUME]),
    ("global_max_pool3d_keepdims", "GlobalMaxPooling3D", {"keepdims": True}, [VOLUME]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "AveragePooling1D": {"pool_size": 2},
        "AveragePooling2D": {"pool_size": 2},
        "AveragePooling3D": {"pool_size": 2},
        "GlobalAveragePooling1D": {},
        "GlobalAveragePooling2D": {},
        "GlobalAveragePooling3D": {},
        "GlobalMaxPooling1D": {},
        "GlobalMaxPooling2D": {},
        "GlobalMaxPooling3D": {},
        "MaxPooling1D": {},
        "MaxPooling2D": {},
        "MaxPooling3D": {},
    }
}
