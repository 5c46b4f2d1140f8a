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
    ("adaptive_average1d", "AdaptiveAveragePooling1D", {"output_size": 4}, [SEQUENCE]),
    ("adaptive_average_even", "AdaptiveAveragePooling2D", {"output_size": [7, 3]}, [IMAGE]),
    ("adaptive_average", "AdaptiveAveragePooling2D", {"output_size": [3, 4]}, [IMAGE]),
    (
        "adaptive_average_channels_first",
        "AdaptiveAveragePooling2D",
        {"output_size": 3, "data_format": "channels_first"},
        [IMAGE],
    ),
    ("adaptive_average3d", "AdaptiveAveragePooling3D", {"output_size": [2, 4, 3]}, [VOLUME]),
    ("adaptive_max1d", "AdaptiveMaxPooling1D", {"output_size": 2}, [SEQUENCE]),
    ("adaptive_max", "AdaptiveMaxPooling2D", {"output_size": [2, 5]}, [IMAGE]),
    ("adaptive_max3d", "AdaptiveMaxPooling3D", {"output_size": [3, 2, 3]}, [VOLUME]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        **{
            f"Adaptive{kind}Pooling{rank}D": {"output_size": 2}
            for kind in ("Average", "Max")
            for rank in (1, 2, 3)
        },
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
