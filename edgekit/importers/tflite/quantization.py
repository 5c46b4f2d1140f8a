"""Reading changes of scale."""

from __future__ import annotations

import numpy as np

from .file import Operator
from .reader import Reader, Rule
from .tensors import quantization

__all__ = ["READERS"]


def quantize(op: Operator, reader: Reader) -> None:
    """From real numbers, or from one scale or integer dtype to another."""
    kind = "Quantize" if reader.value(op, 0).dtype == "float32" else "Requantize"
    reader.emit(op, kind, reader.input(op, 0), dtype=reader.output_tensor(op).dtype)


def dequantize(op: Operator, reader: Reader) -> None:
    """A constant becomes real numbers now: float16 weights, and weights stored as integers."""
    known = reader.known(reader.tensor(op, 0).index)
    if known is None:
        reader.emit(op, "Dequantize", reader.input(op, 0))
        return
    quant = quantization(reader.tensor(op, 0))
    if quant is None:
        reader.know(op, known.astype(np.float32, copy=False))
        return
    shape = [1] * known.ndim
    if quant.axis is not None:
        shape[quant.axis] = -1
    centered = known.astype(np.int32) - quant.zero_points.reshape(shape)
    reader.know(op, quant.scales.reshape(shape) * centered.astype(np.float32))


def densify(op: Operator, reader: Reader) -> None:
    """A sparse weight is whole from the moment it is read."""
    reader.know(op, reader.constant(op, 0))


READERS: dict[str, Rule] = {
    "QUANTIZE": quantize,
    "DEQUANTIZE": dequantize,
    "DENSIFY": densify,
}
