"""How the integers of a value stand for real numbers: `real = scale * (stored - zero_point)`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgekit.errors import QuantizationError
from edgekit.frozen import Frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LIMITS", "QuantParams", "per_channel", "per_tensor"]

LIMITS: dict[str, tuple[int, int]] = {
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
"""The smallest and largest stored number of each integer dtype that can be quantized."""


class QuantParams(Frozen):
    """Scales and zero points, one for the whole value or one per index of `axis`.

    Scales are float32 numbers (held as Python floats of exactly that value), so that equality is
    equality of bits. Raises QuantizationError unless every scale is finite and positive.
    """

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None = None

    def __init__(
        self,
        scale: Sequence[float] | NDArray[np.floating],
        zero_point: Sequence[int] | NDArray[np.integer],
        axis: int | None = None,
    ) -> None:
        exact: tuple[float, ...] = tuple(np.asarray(scale, np.float32).tolist())
        zeros: tuple[int, ...] = tuple(
            zero_point.tolist() if isinstance(zero_point, np.ndarray) else map(int, zero_point)
        )
        if not exact or len(exact) != len(zeros):
            raise QuantizationError(
                f"{len(exact)} scales and {len(zeros)} zero points: "
                "expected as many of one as of the other, and at least one"
            )
        if axis is None and len(exact) != 1:
            raise QuantizationError(f"{len(exact)} scales need an axis, received none")
        if not (min(exact) > 0 and math.isfinite(sum(exact))):
            bad = [s for s in exact if not (math.isfinite(s) and s > 0)]
            raise QuantizationError(f"scales must be finite and above zero, received {bad[:3]}")
        self.__dict__.update(scale=exact, zero_point=zeros, axis=axis)

    @property
    def scales(self) -> NDArray[np.float32]:
        return np.array(self.scale, np.float32)

    @property
    def zero_points(self) -> NDArray[np.int32]:
        return np.array(self.zero_point, np.int32)

    @property
    def per_channel(self) -> bool:
        return self.axis is not None

    def __str__(self) -> str:
        if self.axis is None:
            return f"{self.scale[0]:.6g}@{self.zero_point[0]}"
        return f"{min(self.scale):.3g}..{max(self.scale):.3g} along {self.axis}"


def per_tensor(scale: float | np.floating, zero_point: int = 0) -> QuantParams:
    """One scale and one zero point for the whole value."""
    return QuantParams((float(scale),), (int(zero_point),))


def per_channel(scales: NDArray[np.floating], axis: int) -> QuantParams:
    """One scale per index of `axis`, all zero points 0: the scheme of weights."""
    return QuantParams(tuple(float(s) for s in scales), (0,) * len(scales), axis)
