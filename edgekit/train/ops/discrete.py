"""Functions of arrays that have no slope anywhere: integers, truth values, places, steps.

To a tape their results are constants. They carry numpy's names behind "numpy_": names of their own
are left to primitives, which stand for numpy's functions of tensors.
"""

from __future__ import annotations

from typing import Any

from edgekit.train.backend import array_module
from edgekit.train.primitive import Primitive, primitive

__all__ = ["KEPT", "discrete"]

KEPT = (
    "floor_divide", "isfinite", "isinf", "isnan", "logical_and", "logical_not", "logical_or",
    "trunc",
)  # fmt: skip
"""Those that files of models name: they are there before anyone calls them."""

_MADE: dict[str, Primitive] = {}


def discrete(name: str) -> Primitive:
    """The primitive of numpy's function `name`, whose result no tape follows."""
    if name not in _MADE:

        def forward(*arrays: Any, **options: Any) -> Any:
            module = array_module(next(a for a in arrays if hasattr(a, "shape")))
            return getattr(module, name)(*arrays, **options)

        forward.__doc__ = f"numpy's {name}."
        _MADE[name] = primitive(forward, name=f"numpy_{name}", differentiable=False)
    return _MADE[name]


for _name in KEPT:
    discrete(_name)
