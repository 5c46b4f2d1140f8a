"""What is drawn for a picture, and the part of it that changes no pixel's place."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.preprocessing.transforms import apply_brightness_shift, apply_channel_shift

__all__ = ["Transform", "recoloured", "shift_of", "two_numbers"]

Transform = dict[str, Any]


def two_numbers(value: Any, name: str) -> tuple[float, float] | None:
    """(low, high), or None for None. Raises InputError for anything else."""
    if value is None:
        return None
    if not isinstance(value, list | tuple | np.ndarray) or len(value) != 2:
        raise InputError(f"{name} must be two numbers. Received: {value!r}")
    return value[0], value[1]


def shift_of(random: Any, given: Any, size: int) -> float:
    """Pixels from a share, from a number of pixels, or from a list to choose from."""
    if not np.any(given):
        return 0
    if np.ndim(given):
        drawn = random.choice(given) * random.choice([-1, 1])
    else:
        drawn = random.uniform(-given, given)
    return float(drawn * size if np.max(given) < 1 else drawn)


def recoloured(x: np.ndarray, drawn: Transform) -> np.ndarray:
    """A picture (h, w, c) mirrored, and with other colours and brightness, as was drawn."""
    if drawn.get("channel_shift_intensity") is not None:
        x = apply_channel_shift(x, drawn["channel_shift_intensity"])
    if drawn.get("flip_horizontal"):
        x = x[:, ::-1]
    if drawn.get("flip_vertical"):
        x = x[::-1]
    if drawn.get("brightness") is not None:
        x = apply_brightness_shift(x, drawn["brightness"], scale=False)
    return x
