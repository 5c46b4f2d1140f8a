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
    ("add_fewer_axes", "Add", {}, [(2, 5, 3, 4), (2, 4)]),
    ("dot_vectors", "Dot", {"axes": 1}, [(3, 5), (3, 5)]),
    ("dot_cosine", "Dot", {"axes": -1, "normalize": True}, [(3, 5), (3, 5)]),
    ("dot_matrices", "Dot", {"axes": [2, 1]}, [(2, 3, 5), (2, 5, 4)]),
    ("dot_first_axes", "Dot", {"axes": 1}, [(2, 3, 5), (2, 3, 4)]),
    ("dot_matrix_vector", "Dot", {"axes": [1, 1]}, [(2, 3, 5), (2, 3)]),
    ("dot_four_axes", "Dot", {"axes": [3, 1]}, [(2, 3, 2, 5), (2, 5, 4)]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "Add": {},
        "Average": {},
        "Concatenate": {},
        "Dot": {"axes": 1},
        "Maximum": {},
        "Minimum": {},
        "Multiply": {},
        "Subtract": {},
    }
}
