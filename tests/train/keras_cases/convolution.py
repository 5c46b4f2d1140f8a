"""Convolutions: plain, depthwise, separable."""

from tests.train.keras_cases.case import IMAGE

# name, class, arguments, inputs
LAYERS = [
    ("conv", "Conv2D", {"filters": 5, "kernel_size": 3}, [IMAGE]),
    (
        "conv_same_strides",
        "Conv2D",
        {
            "filters": 5,
            "kernel_size": [3, 2],
            "strides": 2,
            "padding": "same",
            "activation": "relu",
        },
        [IMAGE],
    ),
    (
        "conv_dilation",
        "Conv2D",
        {"filters": 3, "kernel_size": 3, "dilation_rate": 2, "padding": "same"},
        [IMAGE],
    ),
    (
        "conv_groups",
        "Conv2D",
        {"filters": 6, "kernel_size": 3, "groups": 2, "use_bias": False},
        [IMAGE],
    ),
    (
        "conv_one_channel",
        "Conv2D",
        {"filters": 4, "kernel_size": 5, "padding": "same"},
        [(2, 9, 8, 1)],
    ),
    ("conv_pointwise", "Conv2D", {"filters": 4, "kernel_size": 1, "strides": 2}, [IMAGE]),
    ("depthwise", "DepthwiseConv2D", {"kernel_size": 3}, [IMAGE]),
    (
        "depthwise_multiplier",
        "DepthwiseConv2D",
        {"kernel_size": 3, "depth_multiplier": 2, "padding": "same", "strides": 2},
        [IMAGE],
    ),
    (
        "separable",
        "SeparableConv2D",
        {"filters": 5, "kernel_size": 3, "padding": "same", "activation": "relu"},
        [IMAGE],
    ),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "Conv2D": {"filters": 2, "kernel_size": 3},
        "DepthwiseConv2D": {"kernel_size": 3},
        "SeparableConv2D": {"filters": 2, "kernel_size": 3},
    }
}
