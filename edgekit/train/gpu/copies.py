"""Copies of trained weights in 16 bits, which the optimizer's kernel keeps up to date.

Layers that compute in 16 bits would convert their float32 weights at every step, by a kernel for
each weight. Instead the kernel that changes the weights writes them in 16 bits too, beside the flat
vector; the layers read that.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from edgekit.train.attached import Attached
from edgekit.train.tensor import Variable

__all__ = ["NO_COPY", "Copies", "copy_of"]

_OF = Attached()  # variable -> the copies of the optimizer that trains it, by a weak reference
STORAGES = {"float16": 1, "bfloat16": 2}
NO_COPY = 0


class Copies:
    """The weights of a flat vector in 16 bits; none until a layer asks for one."""

    def __init__(self, flat: Any) -> None:
        self._flat = flat
        self._versions: list[int] = []
        self._views: list[Any] = []
        self.vector: Any = None
        for variable in flat.variables:
            _OF[variable] = weakref.ref(self)

    @property
    def storage(self) -> int:
        """How kernels know the dtype of the copy; NO_COPY where there is none."""
        return NO_COPY if self.vector is None else STORAGES[self.vector.dtype.name]

    def of(self, variable: Variable, dtype: Any) -> Any:
        """A weight in `dtype`, up to date; None where this holds no such copy of it."""
        place = self._flat.position(variable)
        if variable.data is not self._flat.view(place):
            return None  # bound elsewhere, as on another replica
        if self.vector is None:
            self.vector = self._flat.parameters.astype(dtype)
            self._views = self._flat.views(self.vector)
            self._versions = [v.version for v in self._flat.variables]
        if self.vector.dtype != dtype:
            return None
        self._refresh(place)
        return self._views[place]

    def refresh(self) -> None:
        """Copy the weights again that something else than the optimizer's kernel has changed."""
        if self.vector is not None:
            for place in range(len(self._views)):
                self._refresh(place)

    def _refresh(self, place: int) -> None:
        variable = self._flat.variables[place]
        if self._versions[place] != variable.version:
            self._views[place][...] = variable.data
            self._versions[place] = variable.version

    def constrained(self, variable: Variable) -> None:
        """Follow what a constraint made of a weight after the kernel."""
        if self.vector is not None:
            self._views[self._flat.position(variable)][...] = variable.data

    def stepped(self) -> None:
        """Note that the kernel has written all weights."""
        if self.vector is not None:
            self._versions = [v.version for v in self._flat.variables]


def copy_of(variable: Variable, dtype: Any) -> Any:
    """A trained weight in 16 bits, as an array that steps keep up to date; None without one."""
    known = _OF.get(variable)
    copies = None if known is None else known()
    if copies is None or variable.data.dtype != np.float32:
        return None
    return copies.of(variable, dtype)
