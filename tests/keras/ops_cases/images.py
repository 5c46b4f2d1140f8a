"""Pictures: colours, borders, filters, maps."""

from __future__ import annotations

import numpy as np

from .case import Cases
from .inputs import IMAGES, VOLUMES, Draws, X

_DRAWS = Draws("images")
normal, share = _DRAWS.normal, _DRAWS.share
CASES = Cases()
enter = CASES.enter


def case(name: str, *inputs: np.ndarray, label: str = "", slopes: str = "differences",
         rtol: float = 1e-5, fixed: bool = False, **options: object) -> None:  # fmt: skip
    """A function of `keras.ops.image`."""
    enter(label or name, lambda ops, *given: getattr(ops.image, name)(*given, **options),
          list(inputs), slopes, fixed=fixed, rtol=rtol)  # fmt: skip


_COLOURS = share(2, 5, 6, 3)
_FIRST = _COLOURS.transpose(0, 3, 1, 2).copy()
for name in ("rgb_to_grayscale", "rgb_to_hsv", "hsv_to_rgb"):
    case(name, _COLOURS)
    case(name, _COLOURS[0], label=f"{name} alone")
    case(name, _FIRST, data_format="channels_first", label=f"{name} channels_first")
case("resize", _COLOURS, size=(7, 4))
case("resize", _FIRST, size=(7, 4), data_format="channels_first", label="resize channels_first")
case("resize", _COLOURS, size=(4, 4), crop_to_aspect_ratio=True, label="resize and crop")
case("crop_images", IMAGES, top_cropping=1, left_cropping=2, bottom_cropping=1, target_width=2)
case("pad_images", IMAGES, top_padding=1, left_padding=2, target_height=9, right_padding=1)
case("extract_patches", IMAGES, size=2)
case("extract_patches", IMAGES, size=(3, 2), strides=1, padding="same", label="patches same")
case("extract_patches", IMAGES[0], size=2, strides=1, dilation_rate=2, label="patches dilated",
     fixed=True)  # fmt: skip
case("extract_patches", VOLUMES, size=(2, 2, 3), label="patches of volumes")
case("extract_patches_3d", VOLUMES, size=2, strides=1)
_LARGE, _OTHER = share(2, 13, 14, 3), share(2, 13, 14, 3)
case("ssim", _LARGE, _OTHER, rtol=1e-4)
case("ssim", _LARGE[0], _OTHER[0], filter_size=5, label="ssim alone", rtol=1e-4, fixed=True)

_MAPS = [[1.1, 0.1, -0.4, 0.05, 0.9, 0.3, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0, 1.0, -1.5, 0.0, 0.0]]
for mode in ("constant", "nearest", "reflect"):
    case("affine_transform", IMAGES, transform=np.array(_MAPS, "float32"), fill_mode=mode,
         fill_value=0.5, label=f"affine_transform {mode}", rtol=1e-4, fixed=True)  # fmt: skip
case("affine_transform", IMAGES[0], transform=np.array(_MAPS[0], "float32"),
     interpolation="nearest", label="affine_transform nearest pixel")  # fmt: skip
_START = np.array([[0, 0], [4, 0], [0, 5], [4, 5]], "float32")
_END = np.array([[0.5, 0], [4, 0.5], [0.2, 5], [3.5, 4.5]], "float32")
case("perspective_transform", IMAGES[:1], start_points=_START, end_points=_END, rtol=1e-4)
_AT = normal(2, 7) * 3
for mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
    case("map_coordinates", X, _AT, order=1, fill_mode=mode, label=f"map_coordinates {mode}",
         rtol=1e-4)  # fmt: skip
case("map_coordinates", X, _AT, order=0, fill_value=0.5, label="map_coordinates nearest element")
for method in ("linear", "cubic", "lanczos3"):
    case("scale_and_translate", X, output_shape=(5, 6), scale=np.array([2.0, 0.7], "float32"),
         translation=np.array([0.3, -0.5], "float32"), spatial_dims=(0, 1), method=method,
         label=f"scale_and_translate {method}", rtol=1e-4)  # fmt: skip
