"""Preprocessing: what scales, sizes and encodes data, and what changes pictures at random.

Random layers are compared with what they draw fixed: `forced` replaces the draw.
"""

import numpy as np

from tests.train.keras_cases.case import IMAGE

LARGE = (2, 8, 12, 3)


def forced(kind, **drawn):
    """A layer that draws the same transformation in every call."""

    def make(layers, **arguments):
        layer = getattr(layers, kind)(**arguments)
        given = drawn.get("transformation", drawn)
        layer.get_random_transformation = lambda *_, **__: given
        return layer

    return make


RANDOM = {"training": True, "gradients": False}
WHOLE = {"gradients": False}
ZOOMS = {
    "height_zoom": np.float32([[0.7], [1.3]]),
    "width_zoom": np.float32([[1.2], [0.6]]),
    "input_shape": IMAGE,
}
MOVES = {"translations": np.float32([[1.5, -2.25], [-3.0, 4.5]]), "input_shape": IMAGE}
# two maps with a turn, a shear and a move each
MATRICES = np.float32(
    [[0.8, -0.6, 2.1, 0.6, 0.8, -1.7, 0, 0], [-0.3, 1.1, 3.0, -0.9, -0.2, 7.0, 0, 0]]
)


def _pipeline(layers):
    return layers.Pipeline([layers.Rescaling(0.5), layers.CenterCrop(4, 4), layers.Conv2D(2, 3)])


# name, class, arguments, inputs
LAYERS = [
    ("pipeline", _pipeline, {}, [IMAGE]),
    ("rescaling", "Rescaling", {"scale": 0.5, "offset": -1.0}, [IMAGE]),
    ("normalization_given", "Normalization",
     {"mean": [1.0, 2.0, 0.5, -1.0], "variance": [1.0, 4.0, 0.25, 2.0]}, [IMAGE]),
    ("normalization_one", "Normalization", {"axis": None, "mean": 3.0, "variance": 2.0}, [IMAGE]),
    ("normalization_invert", "Normalization",
     {"axis": [1, 3], "mean": [1.0, 2.0, 0.5, -1.0], "variance": [1.0, 4.0, 0.25, 2.0],
      "invert": True}, [IMAGE]),
    *[
        (f"resizing_{method}_{h}_{w}", "Resizing",
         {"height": h, "width": w, "interpolation": method}, [LARGE])
        for method in ("bilinear", "nearest")
        for h, w in ((5, 17), (16, 24), (3, 4))
    ],
    # where the ratio is no power of two, TensorFlow rounds the cubic's weights to 1/1024
    ("resizing_bicubic_up", "Resizing",
     {"height": 16, "width": 48, "interpolation": "bicubic"}, [LARGE]),
    ("resizing_bicubic_down", "Resizing",
     {"height": 4, "width": 6, "interpolation": "bicubic"}, [LARGE]),
    *[
        (f"resizing_{method}", "Resizing",
         {"height": 5, "width": 15, "interpolation": method}, [LARGE])
        for method in ("lanczos3", "lanczos5")
    ],
    *[
        (f"resizing_antialias_{method}", "Resizing",
         {"height": 3, "width": 17, "interpolation": method, "antialias": True}, [LARGE])
        for method in ("bilinear", "bicubic", "lanczos3")
    ],
    ("resizing_crop", "Resizing", {"height": 5, "width": 4, "crop_to_aspect_ratio": True}, [LARGE]),
    ("resizing_pad", "Resizing",
     {"height": 6, "width": 5, "pad_to_aspect_ratio": True, "fill_value": 2.0}, [LARGE]),
    ("center_crop", "CenterCrop", {"height": 5, "width": 7}, [LARGE]),
    ("center_crop_larger", "CenterCrop", {"height": 5, "width": 14}, [LARGE]),
    ("flip_horizontal", forced("RandomFlip", flips=np.array([True, False]).reshape(2, 1, 1, 1)),
     {"mode": "horizontal"}, [IMAGE], RANDOM),
    ("flip_both", forced("RandomFlip", flips=np.array([False, True]).reshape(2, 1, 1, 1)),
     {}, [IMAGE], RANDOM),
    ("crop", forced("RandomCrop", transformation=(2, 1)),
     {"height": 4, "width": 3, "seed": 1}, [IMAGE], RANDOM),
    ("contrast", forced("RandomContrast",
     contrast_factor=np.float32([0.6, 1.4]).reshape(2, 1, 1, 1)),
     {"factor": 0.5, "value_range": [-1.0, 1.5]}, [IMAGE], RANDOM),
    ("brightness", forced("RandomBrightness",
     rgb_delta=np.float32([0.5, -0.7]).reshape(2, 1, 1, 1)),
     {"factor": [-0.3, 0.4], "value_range": [-2.0, 2.0]}, [IMAGE], RANDOM),
    *[
        (f"rotation_{fill}_{interpolation}", forced("RandomRotation", rotation_matrix=MATRICES),
         {"factor": 0.3, "fill_mode": fill, "interpolation": interpolation, "fill_value": 0.5},
         [IMAGE], RANDOM)
        for fill in ("constant", "nearest", "reflect", "wrap")
        for interpolation in ("bilinear", "nearest")
    ],
    ("zoom", forced("RandomZoom", **ZOOMS), {"height_factor": 0.4, "width_factor": [-0.5, 0.3]},
     [IMAGE], RANDOM),
    ("zoom_constant", forced("RandomZoom", **ZOOMS),
     {"height_factor": 0.4, "fill_mode": "constant", "fill_value": 1.0}, [IMAGE], RANDOM),
    ("translation", forced("RandomTranslation", **MOVES),
     {"height_factor": 0.4, "width_factor": 0.2}, [IMAGE], RANDOM),
    ("translation_wrap", forced("RandomTranslation", **MOVES),
     {"height_factor": [-0.4, 0.7], "width_factor": 0.2, "fill_mode": "wrap",
      "interpolation": "nearest"}, [IMAGE], RANDOM),
    ("category_multi_hot", "CategoryEncoding", {"num_tokens": 5}, [("int", (3, 4), 5)], WHOLE),
    ("category_one_hot", "CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"},
     [("int", (4, 1), 5)], WHOLE),
    ("category_count", "CategoryEncoding", {"num_tokens": 5, "output_mode": "count"},
     [("int", (3, 6), 5)], WHOLE),
    ("discretization", "Discretization", {"bin_boundaries": [-0.5, 0.0, 0.8]}, [(3, 5)], WHOLE),
    ("discretization_one_hot", "Discretization",
     {"bin_boundaries": [-0.5, 0.0, 0.8], "output_mode": "one_hot"}, [(4, 1)], WHOLE),
    ("hashing", "Hashing", {"num_bins": 7}, [("int", (3, 40), 100000)], WHOLE),
    ("hashing_salt", "Hashing", {"num_bins": 11, "salt": 133, "mask_value": 3},
     [("int", (3, 40), 20)], WHOLE),
    ("integer_lookup", "IntegerLookup", {"vocabulary": [7, 3, 9], "num_oov_indices": 2},
     [("int", (3, 12), 12)], WHOLE),
    ("integer_lookup_counts", "IntegerLookup",
     {"vocabulary": [7, 3, 9], "output_mode": "count"}, [("int", (3, 12), 12)], WHOLE),
]  # fmt: skip

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "Pipeline": {"layers": []},
        "Rescaling": {"scale": 2.0}, "Normalization": {}, "Resizing": {"height": 3, "width": 4},
        "CenterCrop": {"height": 3, "width": 4}, "RandomFlip": {},
        "RandomCrop": {"height": 3, "width": 4, "seed": 1}, "RandomContrast": {"factor": 0.2},
        "RandomBrightness": {"factor": 0.2}, "RandomRotation": {"factor": 0.2},
        "RandomZoom": {"height_factor": 0.2},
        "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.1},
        "CategoryEncoding": {"num_tokens": 4}, "Discretization": {"num_bins": 3},
        "Hashing": {"num_bins": 4}, "HashedCrossing": {"num_bins": 4}, "IntegerLookup": {},
        "StringLookup": {},
        "TextVectorization": {},
    }
}  # fmt: skip
