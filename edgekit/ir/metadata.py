"""What a model carries beside its graph: labels, preprocessing, origin, accuracy, test vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgekit.frozen import NOTHING, Frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ARITHMETICS", "Accuracy", "Metadata", "Preprocessing", "TestVector"]

ARITHMETICS = ("float32", "fixedpoint")
"""The roundings an int8 model can be made for; `interpreter/arithmetic.py` gives the formulas."""


class Preprocessing(Frozen):
    """How a raw input (image pixels 0..255) becomes the model's real input: `(raw - mean) / std`.

    One number, or one per channel of the last dimension.
    """

    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)


class Accuracy(Frozen):
    """What was measured at conversion, on the arithmetic that the device runs.

    `metric` names the figure ("accuracy": a fraction from 0 to 1, higher is better).
    """

    metric: str
    float_value: float
    int8_value: float
    samples: int
    max_drop: float | None = None


class TestVector(Frozen, eq=False):
    """Inputs, the outputs they must give, and the CRC-32 of every activation on the way.

    Arrays are in the dtypes of the graph, with the batch dimension; checksums are over the
    C-ordered little-endian bytes.
    """

    __test__ = False  # the name is the field's own; this is not a test class

    inputs: Mapping[str, NDArray[Any]]
    outputs: Mapping[str, NDArray[Any]]
    checksums: Mapping[str, int]


class Metadata(Frozen):
    """Everything about a model that is not its graph."""

    arithmetic: str = "float32"
    signature: str = "serving_default"
    labels: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None
    provenance: Mapping[str, str] = NOTHING
    accuracy: Accuracy | None = None
    test_vectors: tuple[TestVector, ...] = ()
