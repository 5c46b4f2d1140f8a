"""Normalization."""

from tests.train.keras_cases.case import IMAGE, SEQUENCE


def spectral(layers, **arguments):
    return layers.SpectralNormalization(layers.Dense(3), **arguments)


def spectral_conv(layers, **arguments):
    return layers.SpectralNormalization(layers.Conv2D(2, 3), **arguments)


# name, class, arguments, inputs
LAYERS = [
    ("batch_norm", "BatchNormalization", {}, [IMAGE], {"training": True}),
    (
        "batch_norm_dense",
        "BatchNormalization",
        {"momentum": 0.9, "epsilon": 1e-05, "center": False},
        [(6, 5)],
        {"training": True},
    ),
    (
        "batch_norm_axis",
        "BatchNormalization",
        {"axis": 1, "scale": False},
        [IMAGE],
        {"training": True},
    ),
    ("layer_norm", "LayerNormalization", {}, [IMAGE]),
    ("layer_norm_axes", "LayerNormalization", {"axis": [1, 2, 3], "epsilon": 1e-06}, [IMAGE]),
    (
        "batch_norm_sequence_mask",
        "BatchNormalization",
        {"gamma_constraint": "non_neg"},
        [SEQUENCE],
        {"training": True, "call": {"mask": ("bool", (2, 9))}},
    ),
    ("layer_norm_rms", "LayerNormalization", {"rms_scaling": True}, [IMAGE]),
    ("layer_norm_plain", "LayerNormalization", {"center": False, "scale": False}, [SEQUENCE]),
    ("rms_norm", "RMSNormalization", {}, [SEQUENCE]),
    ("group_norm", "GroupNormalization", {"groups": 2}, [IMAGE]),
    (
        "group_norm_instances",
        "GroupNormalization",
        {"groups": -1, "epsilon": 1e-5, "center": False},
        [IMAGE],
    ),
    ("group_norm_axis", "GroupNormalization", {"groups": 3, "axis": 1}, [(2, 6, 4, 5)]),
    ("group_norm_sequence", "GroupNormalization", {"groups": 1, "scale": False}, [SEQUENCE]),
    ("unit_norm", "UnitNormalization", {}, [SEQUENCE]),
    ("unit_norm_axes", "UnitNormalization", {"axis": [1, 2]}, [IMAGE]),
    ("spectral_norm", spectral, {"power_iterations": 2}, [(4, 5)], {"training": True}),
    ("spectral_norm_conv", spectral_conv, {}, [IMAGE], {"training": True}),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "BatchNormalization": {},
        "GroupNormalization": {},
        "LayerNormalization": {},
        "RMSNormalization": {},
        "UnitNormalization": {},
    }
}
