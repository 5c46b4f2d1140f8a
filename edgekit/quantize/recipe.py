"""How a float graph shall become an int8 graph: the choices that a person can make."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from edgekit.errors import QuantizationError
from edgekit.ir.metadata import ARITHMETICS

__all__ = ["CALIBRATIONS", "Recipe"]

CALIBRATIONS = ("minmax",)
"""How observed numbers become a range. minmax: the smallest and the largest number seen."""


@dataclass(frozen=True)
class Recipe:
    """Choices of a conversion. Weights are always int8, symmetric, one scale per output channel.

    arithmetic: the rounding the model is made for, "float32" or "fixedpoint".
    calibration: how ranges of activations are found; "minmax" is the one method so far.
    keep_float: names of layers that stay in float32; the report lists them.
    input_range: the smallest and the largest number that the inputs ever hold. It replaces the
        range seen in calibration and overrules the check of calibration data for plausibility.

    Raises QuantizationError for a choice that does not exist.
    """

    arithmetic: str = "float32"
    calibration: str = "minmax"
    keep_float: tuple[str, ...] = ()
    input_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.arithmetic not in ARITHMETICS:
            raise QuantizationError(
                f"arithmetic {self.arithmetic!r} is not known; expected one of "
                f"{', '.join(ARITHMETICS)}"
            )
        if self.calibration not in CALIBRATIONS:
            raise QuantizationError(
                f"calibration {self.calibration!r} is not known; expected one of "
                f"{', '.join(CALIBRATIONS)}"
            )
        if isinstance(self.keep_float, str):
            raise QuantizationError(
                f"keep_float is a list of layer names, received the text {self.keep_float!r}"
            )
        object.__setattr__(self, "keep_float", tuple(self.keep_float))
        if self.input_range is not None:
            low, high = (float(bound) for bound in self.input_range)
            if not (-3e38 < low < high < 3e38):
                raise QuantizationError(
                    f"input_range is a smallest and a larger number, received {low:g} {high:g}"
                )
            object.__setattr__(self, "input_range", (low, high))

    def as_text(self) -> str:
        """The recipe as one line of JSON, keys in order: what a model file keeps of it."""
        return json.dumps(asdict(self), sort_keys=True)
