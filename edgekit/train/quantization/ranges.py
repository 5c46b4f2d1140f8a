"""The ranges of activations as training sees them: moving averages of smallest and largest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from edgekit.quantize.calibrate import Range
from edgekit.train.backend import Array, array_module, asarray, to_numpy

__all__ = ["EMPTY", "Ranges"]

EMPTY = (np.inf, -np.inf)
"""The range of a value that was not seen yet: the union with it changes nothing."""


class Ranges:
    """One row (smallest, largest) for each value, kept in a weight of the model.

    `low += (1 - momentum) * (batch_low - low)`, likewise `high`; the first batch sets both. They
    are computed on the host, and written to the weight at the end of a step: on a GPU each
    activation costs one transfer of two numbers in training, and nothing in inference.
    """

    def __init__(self, names: Sequence[str], variable: Any, momentum: float) -> None:
        self.rows = {name: row for row, name in enumerate(names)}
        self.variable = variable
        self.momentum = momentum
        self.version = -1
        self.bounds = np.zeros((len(names), 2), np.float32)

    def refresh(self) -> bool:
        """Take up the weight where somebody else has set it; whether that was so."""
        if self.version == self.variable.version:
            return False
        self.bounds = np.array(to_numpy(self.variable), np.float32)
        self.version = self.variable.version
        return True

    def store(self) -> None:
        """Write what was observed into the weight."""
        self.variable.assign(asarray(self.bounds, self.variable.dtype))
        self.version = self.variable.version

    def observe(self, name: str, data: Array, widen: bool = False) -> None:
        """Follow the smallest and the largest number of a batch; with `widen`, hold them all."""
        if not data.size:
            return
        module, found = array_module(data), [data.min(), data.max()]
        # from a GPU both at once
        ends = np.array(found if module is np else to_numpy(module.stack(found)), np.float32)
        if not np.isfinite(ends).all():
            return  # the loss is going to say so
        row = self.bounds[self.rows[name]]
        if row[0] > row[1]:
            row[:] = ends
        elif widen:
            row[:] = min(row[0], ends[0]), max(row[1], ends[1])
        else:
            row += np.float32(1.0 - self.momentum) * (ends - row)

    def known(self, names: Iterable[str] | None = None) -> dict[str, Range]:
        """The ranges of those values (of all) that were seen."""
        found = {}
        for name in self.rows if names is None else names:
            row = self.rows.get(name)
            if row is not None and self.bounds[row, 0] <= self.bounds[row, 1]:
                found[name] = Range(*self.bounds[row].tolist())
        return found
