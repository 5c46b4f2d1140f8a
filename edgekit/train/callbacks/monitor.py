"""Watching one number: which way is better, and whether it improved."""

from __future__ import annotations

import warnings
from typing import Any

from edgekit.errors import InputError
from edgekit.train.callbacks.callback import Callback

__all__ = ["MonitorCallback"]

# in the names of numbers that are no metric of the model
_GROWS = ("acc", "auc", "precision", "recall", "f1", "iou", "top_k")


class MonitorCallback(Callback):
    """The base of callbacks that watch `monitor`.

    mode: "min" or "max" for what is better; "auto" asks the metric of that name.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__}: mode must be 'auto', 'min' or 'max', not {mode!r}; "
                "it is taken for 'auto'",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self._grows: bool | None = None

    def _is_improvement(self, value: float, reference: float | None) -> bool:
        if self._grows is None:
            self._grows = self._whether_it_grows()
        if reference is None:
            return True
        if self._grows:
            return value - self.min_delta > reference
        return value + self.min_delta < reference

    def _whether_it_grows(self) -> bool:
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        direction = self._directions().get(name)
        if direction is not None:
            return direction == "up"
        if name == "loss" or name.endswith("_loss"):
            return False
        if any(part in name for part in _GROWS):
            return True
        raise InputError(
            f"{type(self).__name__}: whether more or less of {self.monitor!r} is better is not "
            "known; pass mode='max' or mode='min'"
        )

    def _directions(self) -> dict[str, str | None]:
        """The names of the model's metrics -> "up", "down" or None."""
        compiled = getattr(self.model, "_compiled", None)
        found = {}
        for metric in getattr(self.model, "metrics", None) or []:
            direction = getattr(metric, "_direction", None)
            found[metric.name] = direction
            if compiled is not None:
                found[compiled.name_of(metric)] = direction
        return found

    def monitored(self, logs: Any) -> float | None:
        """The number now; a warning, naming what there is, where it is missing."""
        if self._grows is None:
            self._grows = self._whether_it_grows()
        value = (logs or {}).get(self.monitor)
        if value is not None:
            return float(value)
        warnings.warn(
            f"{type(self).__name__} watches {self.monitor!r}, which this epoch did not measure. "
            f"There is: {', '.join(sorted(logs or {}))}",
            stacklevel=3,
        )
        return None
