"""How exactly float32 products of matrices and convolutions are computed on a GPU."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError

__all__ = ["get_float32_precision", "set_float32_precision"]

_PRECISIONS = ("ieee", "tf32")
_STATE: dict[str, Any] = {"float32": "ieee"}


def set_float32_precision(precision: str) -> None:
    """Say how GPUs multiply float32 matrices and convolve: "ieee" (the default) or "tf32".

    "ieee" rounds each product and sum to float32, as CPUs do. "tf32" rounds the factors to 10 bits
    of mantissa, multiplies them on tensor cores and adds in float32: several times the speed where
    arithmetic is what costs, and a relative error of up to 2**-10 for each product (2**-11 for each
    factor). PyTorch multiplies matrices in ieee and convolves in tf32 unless told otherwise,
    TensorFlow does both in tf32. It holds from the next launch on; a step that was captured keeps
    what it was captured with. Raises InputError for another word.
    """
    if precision not in _PRECISIONS:
        raise InputError(f"float32 precision {precision!r} is not known; use 'ieee' or 'tf32'")
    _STATE["float32"] = precision


def get_float32_precision() -> str:
    """ "ieee" or "tf32", as `set_float32_precision` has it."""
    return _STATE["float32"]
