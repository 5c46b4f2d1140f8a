"""Every TFLite operator that can be read, with its rule."""

from __future__ import annotations

from .clamps import CLAMP_READERS
from .control import CONTROL_READERS
from .detection import DETECTION_READERS
from .elements import ELEMENT_READERS
from .images import IMAGE_READERS
from .math import MATH_READERS
from .moves import MOVE_READERS
from .quantization import QUANTIZATION_READERS
from .reader import Rule
from .recurrent import RECURRENT_READERS
from .reductions import REDUCTION_READERS
from .slices import SLICE_READERS
from .states import STATE_READERS
from .windows import WINDOW_READERS

__all__ = ["CUSTOM_READERS", "TFLITE_READERS"]

TFLITE_READERS: dict[str, Rule] = {
    **WINDOW_READERS,
    **ELEMENT_READERS,
    **CLAMP_READERS,
    **MATH_READERS,
    **REDUCTION_READERS,
    **MOVE_READERS,
    **SLICE_READERS,
    **IMAGE_READERS,
    **QUANTIZATION_READERS,
    **STATE_READERS,
    **RECURRENT_READERS,
    **CONTROL_READERS,
}

CUSTOM_READERS: dict[str, Rule] = {**DETECTION_READERS}
"""The same for custom operators, which a file names by a text."""
