"""Dropout and noise."""

from tests.train.keras_cases.case import IMAGE, SEQUENCE, VOLUME

# name, class, arguments, inputs
LAYERS = [
    ("dropout", "Dropout", {"rate": 0.5}, [IMAGE]),
    (
        "dropout_noise_shape",
        "Dropout",
        {"rate": 0.5, "noise_shape": [2, 1, 4], "seed": 3},
        [SEQUENCE],
    ),
    ("spatial_dropout1d", "SpatialDropout1D", {"rate": 0.3}, [SEQUENCE]),
    (
        "spatial_dropout2d",
        "SpatialDropout2D",
        {"rate": 0.3, "data_format": "channels_first"},
        [IMAGE],
    ),
    ("spatial_dropout3d", "SpatialDropout3D", {"rate": 0.3}, [VOLUME]),
    ("gaussian_noise", "GaussianNoise", {"stddev": 0.3}, [SEQUENCE]),
    ("gaussian_dropout", "GaussianDropout", {"rate": 0.3}, [SEQUENCE]),
    ("alpha_dropout", "AlphaDropout", {"rate": 0.3}, [SEQUENCE]),
    ("activity_regularization", "ActivityRegularization", {"l1": 0.1, "l2": 0.2}, [SEQUENCE]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "ActivityRegularization": {},
        "AlphaDropout": {"rate": 0.2},
        "Dropout": {"rate": 0.5},
        "GaussianDropout": {"rate": 0.2},
        "GaussianNoise": {"stddev": 0.2},
        "SpatialDropout1D": {"rate": 0.2},
        "SpatialDropout2D": {"rate": 0.2},
        "SpatialDropout3D": {"rate": 0.2},
    }
}
