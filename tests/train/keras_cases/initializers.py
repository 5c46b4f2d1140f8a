"""Initializers and regularizers: their defaults."""

DEFAULTS = {
    "initializers": {
        "Zeros": {},
        "Ones": {},
        "Constant": {},
        "RandomNormal": {},
        "RandomUniform": {},
        "TruncatedNormal": {},
        "VarianceScaling": {},
        "GlorotUniform": {},
        "GlorotNormal": {},
        "HeNormal": {},
        "HeUniform": {},
        "LecunNormal": {},
        "LecunUniform": {},
    },
    "regularizers": {"L1": {}, "L2": {}, "L1L2": {}},
}
