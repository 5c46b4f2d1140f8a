"""Callbacks that write down, and one that calls functions."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError
from edgekit.train.callbacks.callback import _EVENTS, Callback

__all__ = ["CSVLogger", "LambdaCallback"]


class CSVLogger(Callback):
    """A line per epoch in a CSV file: the epoch's number and every metric."""

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._file: Any = None
        self._names: list[str] | None = None

    def on_train_begin(self, logs=None):
        has_lines = (
            self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        )
        self._file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115
        self._writer = csv.writer(self._file, delimiter=self.separator)
        self._names = None
        self._needs_head = not has_lines

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self._names is None:
            self._names = sorted(logs)
            if self._needs_head:
                self._writer.writerow(["epoch", *self._names])
        self._writer.writerow([epoch, *(logs.get(name, "NA") for name in self._names)])
        self._file.flush()

    def on_train_end(self, logs=None):
        if self._file is not None:
            self._file.close()
            self._file = None


class LambdaCallback(Callback):
    """Functions for events: LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs))."""

    def __init__(self, **functions: Callable[..., Any] | None) -> None:
        unknown = sorted(set(functions) - set(_EVENTS))
        if unknown:
            raise InputError(
                f"LambdaCallback: there is no event {', '.join(unknown)}. "
                f"Known: {', '.join(_EVENTS)}"
            )
        for event, function in functions.items():
            if function is not None:
                setattr(self, event, function)
