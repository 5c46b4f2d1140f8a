"""Callbacks that write down, and one that calls functions."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.callbacks.callback import EVENTS, Callback

__all__ = ["CSVLogger", "LambdaCallback", "RemoteMonitor"]


class CSVLogger(Callback):
    """A line per epoch in a CSV file: the epoch's number and every metric.

    append: go on in a file that is there. Columns for `val_` metrics are kept free where the first
    epoch has none.
    """

    chief_only = True

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
        if self._file is not None:
            self._file.close()
        self._file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115
        self._writer = csv.writer(self._file, delimiter=self.separator)
        self._names = None
        self._needs_head = not has_lines

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self._names is None:
            self._names = sorted(logs)
            if not any(name.startswith("val_") for name in self._names):
                self._names += [f"val_{name}" for name in self._names]
            if self._needs_head:
                self._writer.writerow(["epoch", *self._names])
        self._writer.writerow([epoch, *(_cell(logs.get(name, "NA")) for name in self._names)])
        self._file.flush()

    def on_train_end(self, logs=None):
        if self._file is not None:
            self._file.close()
            self._file = None


def _cell(value: Any) -> Any:
    """Several numbers as one cell."""
    if isinstance(value, list | tuple) or np.ndim(value):
        return f'"[{", ".join(map(str, value))}]"'
    return value


class LambdaCallback(Callback):
    """Functions for events: LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs))."""

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **functions: Callable[..., Any] | None,
    ) -> None:
        known = (*EVENTS, "on_batch_begin", "on_batch_end")
        unknown = sorted(set(functions) - set(known))
        if unknown:
            raise InputError(
                f"LambdaCallback: there is no event {', '.join(unknown)}. Known: {', '.join(known)}"
            )
        functions |= {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for event, function in functions.items():
            if function is not None:
                setattr(self, event, function)


class RemoteMonitor(Callback):
    """Send every epoch's number and metrics to a server by HTTP POST.

    The body is a form with JSON in `field`, or JSON itself with `send_as_json`. A server that does
    not answer gives a warning; training goes on.
    """

    chief_only = True

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch, logs=None):
        import json
        import urllib.error
        import urllib.parse
        import urllib.request
        import warnings

        numbers = {name: np.asarray(value).tolist() for name, value in (logs or {}).items()}
        text = json.dumps({"epoch": epoch, **numbers})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urllib.parse.urlencode({self.field: text})
        headers = {"Content-Type": kind, **(self.headers or {})}
        url = self.root + self.path
        if not url.startswith(("http://", "https://")):
            raise InputError(f"RemoteMonitor: root must be an HTTP address. Received: {self.root}")
        request = urllib.request.Request(url, body.encode(), headers, method="POST")
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except (urllib.error.URLError, TimeoutError) as error:
            warnings.warn(f"RemoteMonitor: {url} did not take the metrics: {error}", stacklevel=2)
