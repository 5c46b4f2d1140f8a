"""Dense."""

# name, class, arguments, inputs
LAYERS = [
    ("dense", "Dense", {"units": 5}, [(4, 7)]),
    ("dense_no_bias", "Dense", {"units": 3, "activation": "relu", "use_bias": False}, [(4, 7)]),
    ("dense_on_three_axes", "Dense", {"units": 3, "activation": "tanh"}, [(2, 5, 7)]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {"layers": {"Dense": {"units": 2}}}
