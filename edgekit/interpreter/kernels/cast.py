"""Cast: numbers to another dtype, without any scale.

Stored integers are cast as they are: an int8 value of scale 0.1 that holds 5 becomes 5.0. From
float32 the fraction is cut; what does not fit becomes the nearest integer that does, and NaN the
largest. Integers wrap: the low bits are kept. Anything but 0 is true. As LiteRT does.
"""

from __future__ import annotations

import numpy as np

from edgekit.ir.casting import whole_numbers
from edgekit.ir.graph import DTYPES

from ..step import UNQUANTIZED, Step
from . import kernel

__all__: list[str] = []


@kernel("Cast", *DTYPES)
def cast(step: Step) -> None:
    x, y = step.input(0), step.output()
    source, target = step.dtype(0), step.output_dtype
    zero = 0 if source in UNQUANTIZED else step.input_quant(0).zero_point[0]
    zero_out = 0 if target in UNQUANTIZED else step.output_quant.zero_point[0]

    def convert() -> None:
        numbers = x if zero == 0 else x + np.float32(zero)
        if target == "bool":
            np.not_equal(numbers, 0, y)
        elif target == "float32":
            np.copyto(y, numbers, "unsafe")
        elif source == "float32":
            np.copyto(y, whole_numbers(numbers, target), "unsafe")
        else:
            np.copyto(y, numbers.astype(np.int64).astype(target), "unsafe")
        if zero_out:
            np.subtract(y, np.float32(zero_out), y)

    step.call(convert)
