"""What a batch is: x, (x, y) or (x, y, sample_weight)."""

from __future__ import annotations

from typing import Any

from edgekit.train import data as _data

__all__ = ["pack_x_y_sample_weight", "unpack_x_y_sample_weight"]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """x, (x, y) or (x, y, sample_weight); an x of several parts alone is (x,)."""
    return _data.packed(x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight), with None for what is not there; a list is x alone."""
    return (data, None, None) if isinstance(data, list) else _data.unpack(data)
