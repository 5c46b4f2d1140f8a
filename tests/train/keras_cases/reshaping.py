"""Shapes, padding, repetition."""

from tests.train.keras_cases.case import IMAGE, SEQUENCE, VOLUME

# name, class, arguments, inputs
LAYERS = [
    ("flatten", "Flatten", {}, [IMAGE]),
    ("reshape", "Reshape", {"target_shape": [-1, 8]}, [IMAGE]),
    ("permute", "Permute", {"dims": [3, 1, 2]}, [IMAGE]),
    ("zero_padding", "ZeroPadding2D", {"padding": [[1, 0], [2, 3]]}, [IMAGE]),
    ("zero_padding_number", "ZeroPadding2D", {"padding": 2}, [IMAGE]),
    ("up_sampling", "UpSampling2D", {"size": [2, 3]}, [IMAGE]),
    ("flatten_channels_first", "Flatten", {"data_format": "channels_first"}, [IMAGE]),
    ("repeat_vector", "RepeatVector", {"n": 3}, [(4, 5)]),
    ("zero_padding1d", "ZeroPadding1D", {"padding": [2, 1]}, [SEQUENCE]),
    ("zero_padding3d", "ZeroPadding3D", {"padding": [1, 0, 2]}, [VOLUME]),
    (
        "zero_padding_channels_first",
        "ZeroPadding2D",
        {"padding": [1, 2], "data_format": "channels_first"},
        [IMAGE],
    ),
    ("cropping1d", "Cropping1D", {"cropping": [1, 2]}, [SEQUENCE]),
    ("cropping", "Cropping2D", {"cropping": [[1, 0], [2, 1]]}, [IMAGE]),
    (
        "cropping_channels_first",
        "Cropping2D",
        {"cropping": 1, "data_format": "channels_first"},
        [IMAGE],
    ),
    ("cropping3d", "Cropping3D", {"cropping": [[1, 1], [2, 0], [0, 1]]}, [VOLUME]),
    ("up_sampling1d", "UpSampling1D", {"size": 3}, [SEQUENCE]),
    ("up_sampling3d", "UpSampling3D", {"size": [2, 1, 3]}, [VOLUME]),
    (
        "up_sampling_channels_first",
        "UpSampling2D",
        {"size": 2, "data_format": "channels_first"},
        [IMAGE],
    ),
    (
        "up_sampling_bilinear",
        "UpSampling2D",
        {"size": [2, 3], "interpolation": "bilinear"},
        [IMAGE],
    ),
    ("up_sampling_bicubic", "UpSampling2D", {"size": 2, "interpolation": "bicubic"}, [IMAGE]),
    ("up_sampling_lanczos3", "UpSampling2D", {"size": 2, "interpolation": "lanczos3"}, [IMAGE]),
    (
        "up_sampling_lanczos5",
        "UpSampling2D",
        {"size": 2, "interpolation": "lanczos5"},
        [(1, 12, 11, 2)],
    ),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "Cropping1D": {},
        "Cropping2D": {},
        "Cropping3D": {},
        "Flatten": {},
        "Permute": {"dims": [2, 1]},
        "RepeatVector": {"n": 2},
        "Reshape": {"target_shape": [2, 3]},
        "UpSampling1D": {},
        "UpSampling2D": {},
        "UpSampling3D": {},
        "ZeroPadding1D": {},
        "ZeroPadding2D": {},
        "ZeroPadding3D": {},
    }
}
