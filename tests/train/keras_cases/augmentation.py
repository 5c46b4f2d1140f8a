"""What changes pictures at random: with what is drawn fixed (`forced`), as Keras changes them."""

import numpy as np

from tests.train.keras_cases.case import IMAGE
from tests.train.keras_cases.preprocessing import RANDOM, forced

COLORED = (2, 6, 5, 3)
UNIT = {"value_range": [0, 1]}
# inputs that are "positive" lie between 0.5 and 2; some are out of the range
BRIGHT = ("positive", COLORED)
BOXES = np.zeros((2, 6, 5, 3), bool)
BOXES[0, 1:3, 2:] = BOXES[1, :, 1] = True
CORNERS = np.float32([[[0, 0], [4, 0], [0, 5], [4, 5]]] * 2)
MOVED = CORNERS * np.float32([[[1.0, 0.7], [0.8, 1.1], [1.2, 0.9], [1.1, 1.2]]])
SHEAR = np.float32([[0.3, -0.2], [-0.15, 0.25]])
POLICY = {
    "layer_idxes": np.array([10, 0]),
    "transforms": {
        "random_shear": {"shear_factor": SHEAR, "input_shape": COLORED},
        "random_translation": {"translations": SHEAR, "input_shape": COLORED},
        "random_rotation": {"rotation_matrix": np.float32([[1, 0, 0, 0, 1, 0, 0, 0]] * 2)},
        "random_brightness": {"rgb_delta": np.float32([0.1, 0.2]).reshape(2, 1, 1, 1)},
        "random_color_degeneration": {"factor": np.float32([0.1, 0.2]).reshape(2, 1, 1, 1)},
        "random_contrast": {"contrast_factor": np.float32([1.1, 1.2]).reshape(2, 1, 1, 1)},
        "random_sharpness": {"factor": np.float32([0.1, 0.2])},
        "random_posterization": {"shift_factor": np.array([4, 4], np.uint8)},
        "solarization": {
            "additions": np.float32([20, 10]).reshape(2, 1, 1, 1),
            "thresholds": np.float32([90, 130]).reshape(2, 1, 1, 1),
        },
        "auto_contrast": None,
        "equalization": None,
    },
}
CHAINS = {
    "chain_mixing_weights": np.float32([0.3, 0.7]),
    "weight_sample": np.float32(0.4),
    "chain_transforms": [
        [
            {
                "layer_name": "random_posterization",
                "transformation": POLICY["transforms"]["random_posterization"],
            },
            {"layer_name": "auto_contrast", "transformation": None},
        ],
        [
            {
                "layer_name": "random_shear",
                "transformation": POLICY["transforms"]["random_shear"],
            }
        ],
    ],
}

# name, class, arguments, inputs
LAYERS = [
    ("random_grayscale", forced("RandomGrayscale", transformation=np.array(
        [True, False]).reshape(2, 1, 1, 1)), {}, [COLORED], RANDOM),
    ("random_degeneration", forced("RandomColorDegeneration", factor=np.float32(
        [0.3, -0.6]).reshape(2, 1, 1, 1)), {"factor": 0.7, **UNIT}, [BRIGHT], RANDOM),
    ("random_hue", forced("RandomHue", factor=np.float32([0.3, -0.45])), {"factor": 0.9, **UNIT},
     [BRIGHT], RANDOM),
    ("random_hue_bytes", forced("RandomHue", factor=np.float32([-0.2, 0.5])), {"factor": 0.9},
     [BRIGHT], RANDOM),
    ("random_saturation", forced("RandomSaturation", factor=np.float32([0.3, 2.5])),
     {"factor": [0.2, 0.7], **UNIT}, [BRIGHT], RANDOM),
    ("random_invert", forced("RandomInvert", apply_inversion=np.array([False, True])), UNIT,
     [BRIGHT], RANDOM),
    ("random_posterization", forced("RandomPosterization", shift_factor=np.array([5, 2], np.uint8)),
     {"factor": [2, 7], "value_range": [0, 2]}, [BRIGHT], RANDOM),
    ("random_sharpness", forced("RandomSharpness", factor=np.float32([0.1, 0.9])),
     {"factor": [0.0, 1.0], "value_range": [-2, 2]}, [IMAGE], RANDOM),
    ("random_shear", forced("RandomShear", shear_factor=SHEAR, input_shape=COLORED),
     {"x_factor": [0.0, 0.3], "y_factor": [0.0, 0.3]}, [COLORED], RANDOM),
    ("random_shear_nearest", forced("RandomShear", shear_factor=SHEAR, input_shape=COLORED),
     {"x_factor": [0.0, 0.3], "fill_mode": "constant", "fill_value": 0.4,
      "interpolation": "nearest"}, [COLORED], RANDOM),
    ("random_perspective", forced("RandomPerspective", apply_perspective=np.array([True, True]),
     start_points=CORNERS, end_points=MOVED, input_shape=COLORED), {"fill_value": 0.3}, [COLORED],
     RANDOM),
    ("random_perspective_one", forced("RandomPerspective", start_points=CORNERS, end_points=MOVED,
     apply_perspective=np.array([True, False]), input_shape=COLORED), {"interpolation": "nearest"},
     [COLORED], RANDOM),
    ("random_blur", forced("RandomGaussianBlur", should_apply_blur=np.array([True, False]),
     blur_factor=np.float32([0.4, 0.8])), {"kernel_size": 5, "value_range": [-3, 3]}, [COLORED],
     RANDOM),
    ("random_erasing", forced("RandomErasing", apply_erasing=np.array([True, True]),
     batch_masks=BOXES, fill_value=np.float32(0.25)), {"fill_value": 0.25}, [COLORED], RANDOM),
    ("solarization", forced("Solarization", **POLICY["transforms"]["solarization"]),
     {"addition_factor": 0.1, "threshold_factor": [0.2, 0.6], **UNIT}, [BRIGHT], RANDOM),
    ("auto_contrast", "AutoContrast", UNIT, [COLORED], RANDOM),
    ("equalization", forced("Equalization"), {"value_range": [0, 2]}, [BRIGHT], RANDOM),
    ("equalization_bins", forced("Equalization"), {"value_range": [0, 2], "bins": 12}, [BRIGHT],
     RANDOM),
    ("mix_up", forced("MixUp", mix_weight=np.float32([0.3, 0.9]),
     permutation_order=np.array([1, 0])), {}, [COLORED], RANDOM),
    ("cut_mix", forced("CutMix", batch_masks=BOXES, permutation_order=np.array([1, 0]),
     mix_weight=np.float32([0.3, 0.9])), {}, [COLORED], RANDOM),
    ("rand_augment", forced("RandAugment", **POLICY), {"value_range": [0, 2]}, [BRIGHT], RANDOM),
    ("aug_mix", forced("AugMix", **CHAINS), {"num_chains": 2, "value_range": [0, 2]}, [BRIGHT],
     RANDOM),
]  # fmt: skip

LAYERS += [
    (
        "tiles",
        "ContrastLimitedAdaptiveHistogramEqualization",
        {"value_range": [0, 2], "tile_grid_size": [2, 3]},
        [("positive", (2, 13, 15, 2))],
        {"gradients": False},
    ),
    (
        "tiles_without_limit",
        "ContrastLimitedAdaptiveHistogramEqualization",
        {"value_range": [0, 2], "tile_grid_size": [4, 4], "clip_limit": 0.0},
        [("positive", (2, 16, 12, 1))],
        {"gradients": False},
    ),
    ("boxes_of_pictures", "MaxNumBoundingBoxes", {"max_number": 3}, [IMAGE]),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "AugMix": {}, "AutoContrast": {}, "CutMix": {}, "Equalization": {}, "MixUp": {},
        "ContrastLimitedAdaptiveHistogramEqualization": {},
        "MaxNumBoundingBoxes": {"max_number": 3},
        "RandAugment": {}, "RandomColorDegeneration": {"factor": 0.5}, "RandomColorJitter": {},
        "RandomElasticTransform": {}, "RandomErasing": {}, "RandomGaussianBlur": {},
        "RandomGrayscale": {}, "RandomHue": {"factor": 0.5}, "RandomInvert": {},
        "RandomPerspective": {}, "RandomPosterization": {"factor": 4},
        "RandomSaturation": {"factor": 0.5}, "RandomSharpness": {"factor": 0.5},
        "RandomShear": {}, "Solarization": {},
    }
}  # fmt: skip
