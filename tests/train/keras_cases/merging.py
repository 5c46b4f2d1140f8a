"""Several tensors into one."""

from tests.train.keras_cases.case import IMAGE

# name, class, arguments, inputs
LAYERS = [
    ("add", "Add", {}, [IMAGE, IMAGE, IMAGE]),
    ("add_broadcast", "Add", {}, [IMAGE, (2, 1, 1, 4)]),
    ("subtract", "Subtract", {}, [IMAGE, IMAGE]),
    ("multiply", "Multiply", {}, [IMAGE, (2, 1, 1, 4)]),
    ("average", "Average", {}, [IMAGE, IMAGE]),
    ("maximum", "Maximum", {}, [IMAGE, IMAGE]),
    ("minimum", "Minimum", {}, [IMAGE, IMAGE]),
    ("concatenate", "Concatenate", {}, [IMAGE, (2, 7, 6, 3)]),
    ("concatenate_rows", "Concatenate", {"axis": 1}, [IMAGE, IMAGE]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "Add": {},
        "Average": {},
        "Concatenate": {},
        "Maximum": {},
        "Minimum": {},
        "Multiply": {},
        "Subtract": {},
    }
}
