"""Progbar: a bar for a loop of one's own."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Any

from edgekit.train.callbacks.progress import numbers

__all__ = ["Progbar"]


class Progbar:
    """A line "3/10 [=>...] - loss: 0.5", rewritten on a terminal; the means of what was given.

    target: the number of steps, or None. stateful_metrics: names shown as they are, not averaged.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        self.target, self.width, self.verbose = target, width, verbose
        self.interval, self.unit_name = interval, unit_name
        self.stateful_metrics = set(stateful_metrics or ())
        self._seen = 0
        self._values: dict[str, tuple[float, float]] = {}  # sum, count
        self._start = self._shown = time.monotonic()

    def update(self, current: int, values: Any = None, finalize: bool | None = None) -> None:
        """Show that `current` steps are done, with (name, value) pairs."""
        more = current - self._seen
        for name, value in values or ():
            total, count = self._values.get(name, (0.0, 0.0))
            if name in self.stateful_metrics:
                self._values[name] = (float(value), 1.0)
            else:
                self._values[name] = (total + float(value) * max(more, 1), count + max(more, 1))
        self._seen = current
        done = finalize if finalize is not None else (
            self.target is not None and current >= self.target)  # fmt: skip
        now = time.monotonic()
        if self.verbose == 1 and (done or now - self._shown >= self.interval):
            self._shown = now
            end = "\n" if done or not sys.stdout.isatty() else ""
            start = "\r" if sys.stdout.isatty() else ""
            print(start + self._line(now), end=end, flush=True)
        elif self.verbose == 2 and done:
            print(self._line(now), flush=True)

    def add(self, n: int, values: Any = None) -> None:
        """Show that `n` more steps are done."""
        self.update(self._seen + n, values)

    def _line(self, now: float) -> str:
        parts = [f"{self._seen}/{self.target or '?'}"]
        if self.target:
            filled = min(self.width * self._seen // self.target, self.width)
            parts[0] += " [" + "=" * filled + "." * (self.width - filled) + "]"
        parts.append(f"{now - self._start:.1f}s")
        if self._values:
            parts.append(numbers({name: s / max(n, 1) for name, (s, n) in self._values.items()}))
        return " - ".join(parts)
