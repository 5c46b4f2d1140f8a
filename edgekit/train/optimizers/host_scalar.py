"""Scalars of an optimizer that are read and set on the host, wherever the weights are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.train.backend import to_numpy
from edgekit.train.tensor import Variable

__all__ = ["HostScalar", "host_variable"]


class HostScalar(Variable):
    """A scalar variable in host memory.

    Where a device counts, `pull` is set to what fetches its number: it is called when somebody
    looks, and no sooner.
    """

    __slots__ = ("_array", "pull")

    _array: np.ndarray
    pull: Callable[[], Any] | None

    @property
    def data(self) -> Any:  # an attribute of tensors, fetched here
        pull = self.pull
        if pull is not None:
            self.pull = None
            self._array[...] = pull()
        return self._array

    @data.setter
    def data(self, array: Any) -> None:
        self.pull = None
        self._array = array

    def _fitting(self, value: Any, repeated: bool = False) -> Any:
        return np.asarray(to_numpy(super()._fitting(value, repeated)))


def host_variable(value: float, dtype: Any, name: str) -> Variable:
    """A scalar that stays on the host, whatever the device."""
    variable = HostScalar(np.zeros((), dtype), name=name, trainable=False)
    variable.data = np.full((), value, dtype)
    return variable
