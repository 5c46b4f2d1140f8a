"""Activations as layers and by name."""

from tests.train.keras_cases.case import IMAGE

# name, class, arguments, inputs
LAYERS = [
    ("relu", "ReLU", {}, [IMAGE]),
    ("relu_options", "ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}, [IMAGE]),
    ("relu_six", "ReLU", {"max_value": 6.0}, [IMAGE]),
    ("leaky_relu", "LeakyReLU", {}, [IMAGE]),
    ("elu", "ELU", {"alpha": 0.7}, [IMAGE]),
    ("prelu", "PReLU", {}, [IMAGE]),
    ("prelu_shared", "PReLU", {"shared_axes": [1, 2], "alpha_initializer": "ones"}, [IMAGE]),
    ("softmax_axes", "Softmax", {"axis": [1, 2]}, [IMAGE]),
    ("softmax", "Softmax", {}, [IMAGE]),
    ("softmax_axis", "Softmax", {"axis": 1}, [IMAGE]),
] + [
    (f"activation_{name}", "Activation", {"activation": name}, [(5, 9)])
    for name in (
        "elu",
        "exponential",
        "gelu",
        "hard_sigmoid",
        "hard_silu",
        "leaky_relu",
        "linear",
        "log_softmax",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "softmax",
        "softplus",
        "softsign",
        "celu",
        "hard_shrink",
        "hard_tanh",
        "log_sigmoid",
        "mish",
        "soft_shrink",
        "sparse_plus",
        "sparse_sigmoid",
        "squareplus",
        "tanh_shrink",
        "tanh",
    )
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "PReLU": {},
        "Activation": {"activation": "relu"},
        "ELU": {},
        "LeakyReLU": {},
        "ReLU": {},
        "Softmax": {},
    }
}
