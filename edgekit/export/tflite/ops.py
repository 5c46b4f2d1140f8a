"""How each operator looks in TFLite: one rule per operator of `ir.ops`."""

from __future__ import annotations

from .control import CONTROL_RULES
from .detection import DETECTION_RULES
from .elements import ELEMENT_RULES
from .images import IMAGE_RULES
from .lowering import Rule
from .math import MATH_RULES
from .moves import MOVE_RULES
from .recurrent import RECURRENT_RULES
from .reductions import REDUCTION_RULES
from .slices import SLICE_RULES
from .spectra import SPECTRUM_RULES
from .windows import WINDOW_RULES

__all__ = ["TFLITE_OPS"]

TFLITE_OPS: dict[str, Rule] = {
    **WINDOW_RULES,
    **ELEMENT_RULES,
    **MATH_RULES,
    **REDUCTION_RULES,
    **SPECTRUM_RULES,
    **MOVE_RULES,
    **SLICE_RULES,
    **IMAGE_RULES,
    **DETECTION_RULES,
    **RECURRENT_RULES,
    **CONTROL_RULES,
}
