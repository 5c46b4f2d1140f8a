"""Preprocessing."""

from tests.train.keras_cases.case import IMAGE

# name, class, arguments, inputs
LAYERS = [
    ("rescaling", "Rescaling", {"scale": 0.5, "offset": -1.0}, [IMAGE]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {"layers": {"Rescaling": {"scale": 2.0}}}
