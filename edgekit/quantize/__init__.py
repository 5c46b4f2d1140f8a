"""From a float graph to an int8 graph: calibration, scales, rewriting, the accuracy gate."""

from .calibrate import Range as Range
from .gate import check_gate as check_gate
from .gate import measure as measure
from .pipeline import Quantized as Quantized
from .pipeline import quantize as quantize
from .recipe import Recipe as Recipe
from .report import LayerReport as LayerReport
from .report import Report as Report
from .samples import Samples as Samples
from .samples import gather as gather

__all__ = [
    "LayerReport",
    "Quantized",
    "Range",
    "Recipe",
    "Report",
    "Samples",
    "check_gate",
    "gather",
    "measure",
    "quantize",
]
