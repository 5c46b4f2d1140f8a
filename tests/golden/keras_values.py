"""What the scripts that run Keras have in common: the folder, random values, outputs by name."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

TARGET = Path(__file__).resolve().parent / "keras"


def values(random, shape, positive=False):
    """Normal float32 values, or positive ones."""
    drawn = random.normal(size=tuple(shape)).astype(np.float32)
    return np.abs(drawn) + 0.5 if positive else drawn


def outputs_of(y, as_numpy=True):
    """(suffix, output) of all outputs: one has no suffix, several have their number."""
    several = isinstance(y, list | tuple)
    return [
        (str(i) if several else "", keras.ops.convert_to_numpy(part) if as_numpy else part)
        for i, part in enumerate(y if several else [y])
    ]
