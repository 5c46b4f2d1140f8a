"""Transposed convolutions of volumes."""

from tests.train.keras_cases.case import VOLUME

# name, class, arguments, inputs
LAYERS = [
    ("transposed3d", "Conv3DTranspose", {"filters": 3, "kernel_size": 2}, [VOLUME]),
    (
        "transposed3d_same",
        "Conv3DTranspose",
        {
            "filters": 2,
            "kernel_size": [3, 2, 4],
            "strides": [2, 2, 1],
            "padding": "same",
            "activation": "relu",
        },
        [VOLUME],
    ),
    (
        "transposed3d_output_padding",
        "Conv3DTranspose",
        {
            "filters": 3,
            "kernel_size": 3,
            "strides": 2,
            "padding": "same",
            "output_padding": 1,
            "use_bias": False,
        },
        [VOLUME],
    ),
    (
        "transposed3d_gaps",
        "Conv3DTranspose",
        {"filters": 2, "kernel_size": [1, 2, 1], "strides": [3, 2, 2]},
        [VOLUME],
    ),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {"layers": {"Conv3DTranspose": {"filters": 2, "kernel_size": 3}}}
