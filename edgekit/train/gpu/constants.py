"""The constants of the steps to come, in device memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.tensor import Variable

from .state import StepState
from .update_rules import UpdateRule

__all__ = ["ROWS", "RowsOfSteps"]

# as in sources/updates.cu
_ROW = 16
_OWN = 8
ROWS = 512


class RowsOfSteps:
    """A row of constants for each of the next ROWS steps; the device counts which one it is at."""

    def __init__(self, optimizer: Any, rule: UpdateRule, state: StepState) -> None:
        import cupy

        self._optimizer = optimizer
        self._rule = rule
        self._state = state
        self.rows = cupy.zeros((ROWS, _ROW), np.float32)
        self._first = -1
        self._rates = np.zeros(ROWS)
        self._numbers: tuple[Any, ...] = ()
        names = [n for n in optimizer.config_names if n not in ("name", "learning_rate")]
        self._names = tuple(names)

    def hold(self, begin: int, end: int) -> bool:
        """Whether the rows of the steps from `begin` to `end` are there and up to date."""
        if self._first < 0 or begin < self._first or end > self._first + ROWS:
            return False
        if self._now() != self._numbers:
            return False
        rates = self._rates[[begin - self._first, end - 1 - self._first]]
        return rates.tolist() == self._rates_of([begin, end - 1])

    def write(self, begin: int, steps: int) -> None:
        """Write the rows from step `begin` on."""
        if steps > ROWS:
            raise InputError(f"at most {ROWS} steps can be launched at a time. Received: {steps}")
        self._numbers = self._now()
        self._first = begin
        self._rates = np.array(self._rates_of(range(begin, begin + ROWS)), np.float64)
        host = self._made(np.arange(begin, begin + ROWS))
        self.rows.set(host)
        self._state.write("first", begin)

    def _now(self) -> tuple[Any, ...]:
        """What the constants are made of, besides rates."""
        return tuple([getattr(self._optimizer, name) for name in self._names])

    def _rates_of(self, steps: Any) -> list[float]:
        rate = self._optimizer._rate
        if isinstance(rate, Variable):
            return [float(rate.data)] * len(steps)
        if self._optimizer.rate_takes_step:
            return [float(rate(int(step))) for step in steps]
        return [float(rate())] * len(steps)

    def _made(self, n: Any) -> np.ndarray:
        """The rows of steps `n`, counted from 0, accumulated ones too."""
        o = self._optimizer
        every = o.gradient_accumulation_steps or 1
        updates = n // every
        rows = np.zeros((len(n), _ROW), np.float32)
        with np.errstate(all="ignore"):
            bound = o.clipvalue or o.clipnorm or o.global_clipnorm or 0.0
            keep = np.where(updates > 0, np.float32(o.ema_momentum), np.float32(0))
            overwrites = o.ema_overwrite_frequency or 0
            columns = [
                bound,
                (o.weight_decay or 0.0) * self._rates,
                keep,
                np.float32(1) - keep,
                1.0 / (o.loss_scale_factor or 1.0),
                (n + 1) % every == 0,
                (updates + 1) % overwrites == 0 if overwrites else 0,
                every,
                *self._rule.constants(o, (updates + 1).astype(np.float64), self._rates),
            ]
            for i, column in enumerate(columns):
                rows[:, i] = column
        return rows
