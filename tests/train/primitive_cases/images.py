"""Resizing and warping of pictures."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

IMAGE = (2, 5, 4, 3)
for method in ("bilinear", "nearest", "area"):
    case(f"resize {method} up", "resize_images", IMAGE, size=(10, 12), method=method)
    case(f"resize {method} down", "resize_images", (2, 6, 8, 3), size=(3, 4), method=method)
case("resize antialias", "resize_images", (1, 9, 8, 2), size=(3, 5), antialias=True)
# numbers that float32 holds exactly: a turn with a shear, a shift beyond the border
MAPS = ((0.75, -0.5, 1.25, 0.5, 0.875, -0.75, 0, 0), (1, 0, -2.5, 0, 1, 1.25, 0, 0))
case("warp", "warp_images", IMAGE, transforms=MAPS, fill_mode="constant")
case("warp to the nearest", "warp_images", IMAGE, transforms=MAPS, fill_mode="nearest")
SHIFTS = ((1, 0, 0.25, 0, 1, -1.125, 0, 0),) * 2
case(
    "warp without blending", "warp_images", IMAGE,
    transforms=SHIFTS, fill_mode="constant", interpolation="nearest",
)  # fmt: skip
