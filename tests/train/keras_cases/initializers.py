"""Initializers, regularizers and constraints: their defaults, and what gives the same each time."""

# name, module, class, arguments, the shape of the weight that it is called with
WEIGHT_FUNCTIONS = [
    ("max_norm", "constraints", "MaxNorm", {"max_value": 1.2}, (4, 3)),
    (
        "max_norm_axes",
        "constraints",
        "MaxNorm",
        {"max_value": 1.5, "axis": [0, 1, 2]},
        (2, 2, 3, 4),
    ),
    ("non_neg", "constraints", "NonNeg", {}, (4, 3)),
    ("unit_norm", "constraints", "UnitNorm", {"axis": 1}, (4, 3)),
    ("min_max_norm", "constraints", "MinMaxNorm", {"min_value": 1.5, "max_value": 1.8}, (4, 3)),
    ("min_max_norm_rate", "constraints", "MinMaxNorm", {"rate": 0.4, "axis": 1}, (4, 3)),
    ("l1", "regularizers", "L1", {"l1": 0.2}, (4, 3)),
    ("l2", "regularizers", "L2", {"l2": 0.2}, (4, 3)),
    ("l1_l2", "regularizers", "L1L2", {"l1": 0.2, "l2": 0.1}, (4, 3)),
    ("orthogonal_rows", "regularizers", "OrthogonalRegularizer", {"factor": 0.3}, (4, 3)),
    ("orthogonal_columns", "regularizers", "OrthogonalRegularizer", {"mode": "columns"}, (4, 3)),
]
# name, class, arguments, shape
FIXED_INITIALIZERS = [
    ("constant", "Constant", {"value": 0.25}, (2, 3)),
    ("identity", "Identity", {"gain": 2.0}, (3, 4)),
    ("stft_real", "STFT", {"window": None}, (8, 1, 5)),
    ("stft_imag", "STFT",
     {"side": "imag", "window": [0.1, 0.5, 1.0, 1.0, 0.6, 0.2], "scaling": "spectrum"}, (6, 1, 5)),
]  # fmt: skip

DEFAULTS = {
    "initializers": {
        "Zeros": {}, "Ones": {}, "Constant": {}, "RandomNormal": {}, "RandomUniform": {},
        "TruncatedNormal": {}, "VarianceScaling": {}, "GlorotUniform": {}, "GlorotNormal": {},
        "HeNormal": {}, "HeUniform": {}, "LecunNormal": {}, "LecunUniform": {}, "Identity": {},
        "Orthogonal": {}, "STFT": {"window": None},
    },
    "regularizers": {"L1": {}, "L2": {}, "L1L2": {}, "OrthogonalRegularizer": {}},
    "constraints": {"MaxNorm": {}, "MinMaxNorm": {}, "NonNeg": {}, "UnitNorm": {}},
}  # fmt: skip
