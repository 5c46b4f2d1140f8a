"""Dropout and noise."""

from tests.train.keras_cases.case import IMAGE

# name, class, arguments, inputs
LAYERS = [
    ("dropout", "Dropout", {"rate": 0.5}, [IMAGE]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {"layers": {"Dropout": {"rate": 0.5}}}
