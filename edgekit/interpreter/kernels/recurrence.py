"""An Lstm node as all its kernels see it: inputs by role, sizes, x and y time by time."""

from __future__ import annotations

import numpy as np

from edgekit.ir.recurrent_shapes import LSTM_INPUTS

from ..step import Array, Step

__all__ = ["POSITIONS", "Recurrence", "order", "times"]

POSITIONS = {role.rstrip("?"): i for i, role in enumerate(LSTM_INPUTS)}
GATES = ("input", "forget", "output", "cell")


class Recurrence:
    """The inputs of an Lstm node by role, its sizes, and x and y as rows of one time each.

    gates: the gates that there are, sigmoids first; their sums lie side by side in this order.
    """

    def __init__(self, step: Step) -> None:
        self.step, self.attrs = step, step.attrs
        coupled = not self.has("input_to_input")
        self.gates = ("forget", "output", "cell") if coupled else GATES
        x, y = step.input(0), step.output(0)
        if not step.attrs["time_major"]:
            x, y = x.swapaxes(0, 1), y.swapaxes(0, 1)
        self.x, self.y = x, y
        self.time, self.batch, self.features = x.shape
        self.units = y.shape[2]
        self.cells = step.output(2).shape[1]

    def has(self, role: str) -> bool:
        return role in POSITIONS and self.step.has_input(POSITIONS[role])

    def constant(self, role: str) -> Array:
        return self.step.constant(POSITIONS[role])

    def scale(self, role: str) -> np.float32:
        return np.float32(self.step.input_quant(POSITIONS[role]).scale[0])

    def side_by_side(self, prefix: str) -> Array:
        """The weights of all gates that hear of `prefix`, as [its size, gates * cells]."""
        return np.concatenate([self.constant(f"{prefix}_to_{g}") for g in self.gates]).T

    def per_gate(self, name: str) -> Array:
        """Vectors of all gates ("{}_bias" and so on), end to end."""
        return np.concatenate([self.constant(name.format(g)) for g in self.gates])

    def parts(self, sums: Array) -> dict[str, Array]:
        """The sums of each gate, as views."""
        n = self.cells
        return {g: sums[..., i * n : (i + 1) * n] for i, g in enumerate(self.gates)}


def order(lstm: Recurrence) -> slice:
    """The order in which the times are walked through."""
    return slice(None, None, -1 if lstm.attrs["reverse"] else 1)


def times(lstm: Recurrence) -> range:
    """The times in that order."""
    return range(lstm.time)[order(lstm)]
