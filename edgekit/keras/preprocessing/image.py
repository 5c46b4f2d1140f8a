"""Pictures: `keras.preprocessing.image`."""

from edgekit.keras.layout import forward

_HELD = "edgekit.train.preprocessing"
_CHANGES = (
    "apply_affine_transform", "apply_brightness_shift", "apply_channel_shift", "random_brightness",
    "random_channel_shift", "random_rotation", "random_shear", "random_shift", "random_zoom",
)  # fmt: skip
_FILES = ("array_to_img", "img_to_array", "load_img", "save_img", "smart_resize")

__all__, __getattr__, __dir__ = forward(
    "preprocessing.image",
    None,
    {name: f"{_HELD}.transforms:{name}" for name in _CHANGES}
    | {name: f"{_HELD}.pictures:{name}" for name in _FILES},
)
