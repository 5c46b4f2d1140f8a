"""How a float graph shall become an int8 graph: the choices that a person can make."""

from __future__ import annotations

import json
from collections.abc import Sequence

from edgekit.errors import QuantizationError
from edgekit.frozen import Frozen, fields
from edgekit.ir.graph import ARITHMETICS

__all__ = ["CALIBRATIONS", "Recipe"]

CALIBRATIONS = ("minmax",)
"""How observed numbers become a range. minmax: the smallest and the largest number seen."""


class Recipe(Frozen):
    """Choices of a conversion. Weights are always int8, symmetric, one scale per output channel.

    arithmetic: the rounding the model is made for, "float32" or "fixedpoint".
    calibration: how ranges of activations are found; "minmax" is the one method so far.
    keep_float: names of layers that stay in float32; the report lists them.
    input_range: the smallest and the largest number that the inputs ever hold. It replaces the
        range seen in calibration and overrules the check of calibration data for plausibility.
    int8_inputs: inputs become int8 even where their columns are so unequal that one scale for all
        leaves some of them too few steps; else a Normalization at the beginning stays in float.

    Raises QuantizationError for a choice that does not exist.
    """

    arithmetic: str
    calibration: str
    keep_float: tuple[str, ...]
    input_range: tuple[float, float] | None
    int8_inputs: bool

    def __init__(
        self,
        arithmetic: str = "float32",
        calibration: str = "minmax",
        keep_float: Sequence[str] = (),
        input_range: Sequence[float] | None = None,
        int8_inputs: bool = False,
    ) -> None:
        if arithmetic not in ARITHMETICS:
            raise QuantizationError(
                f"arithmetic {arithmetic!r} is not known; expected one of {', '.join(ARITHMETICS)}"
            )
        if calibration not in CALIBRATIONS:
            raise QuantizationError(
                f"calibration {calibration!r} is not known; expected one of "
                f"{', '.join(CALIBRATIONS)}"
            )
        if isinstance(keep_float, str):
            raise QuantizationError(
                f"keep_float is a list of layer names, received the text {keep_float!r}"
            )
        bounds = None
        if input_range is not None:
            low, high = bounds = tuple(float(bound) for bound in input_range)
            if not (-3e38 < low < high < 3e38):
                raise QuantizationError(
                    f"input_range is a smallest and a larger number, received {low:g} {high:g}"
                )
        super().__init__(arithmetic, calibration, tuple(keep_float), bounds, bool(int8_inputs))

    def as_text(self) -> str:
        """The recipe as one line of JSON, keys in order: what a model file keeps of it."""
        return json.dumps({n: getattr(self, n) for n in fields(self)}, sort_keys=True)
