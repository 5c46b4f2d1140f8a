"""Shapes, padding, repetition."""

from tests.train.keras_cases.case import IMAGE

# name, class, arguments, inputs
LAYERS = [
    ("flatten", "Flatten", {}, [IMAGE]),
    ("reshape", "Reshape", {"target_shape": [-1, 8]}, [IMAGE]),
    ("permute", "Permute", {"dims": [3, 1, 2]}, [IMAGE]),
    ("zero_padding", "ZeroPadding2D", {"padding": [[1, 0], [2, 3]]}, [IMAGE]),
    ("zero_padding_number", "ZeroPadding2D", {"padding": 2}, [IMAGE]),
    ("up_sampling", "UpSampling2D", {"size": [2, 3]}, [IMAGE]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "Flatten": {},
        "Permute": {"dims": [2, 1]},
        "Reshape": {"target_shape": [2, 3]},
        "UpSampling2D": {},
        "ZeroPadding2D": {},
    }
}
