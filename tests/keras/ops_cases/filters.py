"""Filters of pictures, which Keras computes on TensorFlow and differently on others."""

from __future__ import annotations

from .case import Cases
from .inputs import IMAGES

BACKEND = "tensorflow"
CASES = Cases()
_FIRST = IMAGES.transpose(0, 3, 1, 2).copy()

for label, function, inputs in (
    ("gaussian_blur", lambda ops, x: ops.image.gaussian_blur(x), IMAGES),
    ("gaussian_blur uneven", lambda ops, x: ops.image.gaussian_blur(x, (5, 3), (1.0, 2.0)), IMAGES),
    ("sobel_edges", lambda ops, x: ops.image.sobel_edges(x), IMAGES),
    (
        "sobel_edges channels_first",
        lambda ops, x: ops.image.sobel_edges(x, data_format="channels_first"),
        _FIRST,
    ),
):
    CASES.enter(label, function, [inputs], "differences", rtol=1e-5)
