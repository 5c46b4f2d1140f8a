"""Convolutions: plain, depthwise, separable."""

from tests.train.keras_cases.case import IMAGE, SEQUENCE, VOLUME

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
    (
        "conv_channels_first",
        "Conv2D",
        {
            "filters": 3,
            "kernel_size": 3,
            "padding": "same",
            "strides": 2,
            "data_format": "channels_first",
            "kernel_constraint": "max_norm",
            "bias_constraint": "non_neg",
        },
        [IMAGE],
    ),
    ("conv1d", "Conv1D", {"filters": 5, "kernel_size": 3, "activation": "relu"}, [SEQUENCE]),
    (
        "conv1d_causal",
        "Conv1D",
        {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2},
        [SEQUENCE],
    ),
    (
        "conv1d_causal_strides",
        "Conv1D",
        {"filters": 3, "kernel_size": 4, "padding": "causal", "strides": 2},
        [SEQUENCE],
    ),
    (
        "conv1d_same_strides",
        "Conv1D",
        {"filters": 3, "kernel_size": 4, "padding": "same", "strides": 2},
        [SEQUENCE],
    ),
    (
        "conv1d_groups",
        "Conv1D",
        {"filters": 4, "kernel_size": 2, "groups": 2, "use_bias": False},
        [SEQUENCE],
    ),
    (
        "conv1d_channels_first",
        "Conv1D",
        {"filters": 3, "kernel_size": 3, "data_format": "channels_first"},
        [SEQUENCE],
    ),
    ("conv3d", "Conv3D", {"filters": 3, "kernel_size": 2, "activation": "relu"}, [VOLUME]),
    (
        "conv3d_same_strides",
        "Conv3D",
        {"filters": 3, "kernel_size": [3, 2, 3], "padding": "same", "strides": [2, 1, 2]},
        [VOLUME],
    ),
    (
        "conv3d_dilation",
        "Conv3D",
        {"filters": 2, "kernel_size": 2, "dilation_rate": [2, 3, 1], "use_bias": False},
        [VOLUME],
    ),
    (
        "depthwise1d",
        "DepthwiseConv1D",
        {"kernel_size": 3, "depth_multiplier": 2, "activation": "tanh"},
        [SEQUENCE],
    ),
    (
        "depthwise1d_same_strides",
        "DepthwiseConv1D",
        {"kernel_size": 4, "padding": "same", "strides": 2},
        [SEQUENCE],
    ),
    (
        "depthwise_channels_first",
        "DepthwiseConv2D",
        {"kernel_size": 2, "data_format": "channels_first"},
        [IMAGE],
    ),
    (
        "depthwise_dilation",
        "DepthwiseConv2D",
        {"kernel_size": 3, "dilation_rate": [2, 1], "padding": "same"},
        [IMAGE],
    ),
    (
        "separable1d",
        "SeparableConv1D",
        {"filters": 5, "kernel_size": 3, "depth_multiplier": 2, "padding": "same"},
        [SEQUENCE],
    ),
    (
        "separable_strides",
        "SeparableConv2D",
        {"filters": 3, "kernel_size": 3, "strides": 2, "depth_multiplier": 2, "use_bias": False},
        [IMAGE],
    ),
    ("transposed1d", "Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2}, [SEQUENCE]),
    (
        "transposed1d_same",
        "Conv1DTranspose",
        {"filters": 3, "kernel_size": 4, "strides": 3, "padding": "same", "activation": "relu"},
        [SEQUENCE],
    ),
    (
        "transposed1d_output_padding",
        "Conv1DTranspose",
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1},
        [SEQUENCE],
    ),
    ("transposed", "Conv2DTranspose", {"filters": 3, "kernel_size": 3}, [IMAGE]),
    (
        "transposed_strides",
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": [3, 2], "strides": 2},
        [IMAGE],
    ),
    (
        "transposed_same",
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": [3, 4], "strides": [2, 3], "padding": "same"},
        [IMAGE],
    ),
    (
        "transposed_small_window",
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": 1, "strides": 2, "use_bias": False},
        [IMAGE],
    ),
    (
        "transposed_gaps",
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": 2, "strides": 3, "padding": "same"},
        [IMAGE],
    ),
    (
        "transposed_dilation",
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": 3, "dilation_rate": 2, "padding": "same"},
        [IMAGE],
    ),
    (
        "transposed_output_padding",
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 1, "padding": "same"},
        [IMAGE],
    ),
    (
        "transposed_output_padding_valid",
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": [2, 3], "output_padding": [1, 0]},
        [IMAGE],
    ),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "Conv1D": {"filters": 2, "kernel_size": 3},
        "Conv1DTranspose": {"filters": 2, "kernel_size": 3},
        "Conv2D": {"filters": 2, "kernel_size": 3},
        "Conv2DTranspose": {"filters": 2, "kernel_size": 3},
        "Conv3D": {"filters": 2, "kernel_size": 3},
        "DepthwiseConv1D": {"kernel_size": 3},
        "DepthwiseConv2D": {"kernel_size": 3},
        "SeparableConv1D": {"filters": 2, "kernel_size": 3},
        "SeparableConv2D": {"filters": 2, "kernel_size": 3},
    }
}
