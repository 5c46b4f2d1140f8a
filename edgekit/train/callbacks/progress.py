"""Progress on the terminal: a bar from tqdm where it is installed, plain lines otherwise."""

from __future__ import annotations

import time
from typing import Any, TextIO

import numpy as np

from edgekit.errors import InputError
from edgekit.train.callbacks.callback import EVENTS, Callback
from edgekit.train.messages import is_interactive_logging_enabled, say

__all__ = ["ProgbarLogger", "ProgressBar", "ProgressLines", "progress_for"]


def progress_for(verbose: Any, doing: str, stream: TextIO) -> Callback | None:
    """The callback for a `verbose` of 0, 1, 2 or "auto" (a bar on a terminal, else lines)."""
    if verbose not in (0, 1, 2, "auto"):
        raise InputError(f"verbose must be 0, 1, 2 or 'auto'. Received: {verbose!r}")
    if verbose == 0:
        return None
    if verbose == "auto":
        is_terminal = stream.isatty()
        if not is_terminal and doing == "predict":
            return None
        verbose = 1 if is_terminal else 2
    if verbose == 1 and is_interactive_logging_enabled() and (bar := _tqdm()) is not None:
        return ProgressBar(bar, doing, stream)
    return ProgressLines(doing)


def _tqdm() -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm


class ProgressLines(Callback):
    """One line for each epoch, evaluation or prediction, as Keras prints it:
    `32/32 - 1s - 12ms/step - loss: 0.1234`, under a line with the epoch.
    """

    chief_only = True
    every_batch = False

    def __init__(self, doing: str) -> None:
        self.doing = doing
        self._start = 0.0
        self._seen = 0

    def _begin(self) -> None:
        self._start = time.perf_counter()
        self._seen = 0

    def _end(self, logs: Any) -> None:
        seconds, seen = time.perf_counter() - self._start, max(self._seen, 1)
        parts = [f"{seen}/{self.params.get('steps') or seen}", f"{seconds:.0f}s"]
        say(" - ".join([*parts, f"{_time(seconds / seen)}/step", *filter(None, [numbers(logs)])]))

    def on_epoch_begin(self, epoch, logs=None):
        say(f"Epoch {epoch + 1}/{self.params['epochs']}")
        self._begin()

    def on_train_batch_end(self, batch, logs=None):
        self._seen = batch + 1

    def on_epoch_end(self, epoch, logs=None):
        self._end(logs)

    def on_test_begin(self, logs=None):
        if self.doing == "evaluate":
            self._begin()

    def on_test_batch_end(self, batch, logs=None):
        if self.doing == "evaluate":
            self._seen = batch + 1

    def on_test_end(self, logs=None):
        if self.doing == "evaluate":
            self._end(logs)

    def on_predict_begin(self, logs=None):
        self._begin()

    def on_predict_batch_end(self, batch, logs=None):
        self._seen = batch + 1

    def on_predict_end(self, logs=None):
        self._end({})


def _time(seconds: float) -> str:
    """`2s`, `12ms`, `850us`."""
    if seconds >= 1:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"


class ProgressBar(Callback):
    """A bar for each epoch, with the metrics so far."""

    chief_only = True
    every_batch = False

    def __init__(self, bar_type: Any, doing: str, stream: TextIO) -> None:
        self.bar_type = bar_type
        self.doing = doing
        self.stream = stream
        self._bar: Any = None
        self._next = 0.0

    def _open(self, title: str) -> None:
        self._bar = self.bar_type(
            total=self.params["steps"], desc=title, unit="step", file=self.stream, leave=True
        )
        self._next = 0.0

    def _advance(self, batch: int, logs: Any) -> None:
        # the metrics are read ten times a second at most: reading them waits for a GPU
        now = time.perf_counter()
        if now >= self._next:
            self._next = now + 0.1
            self._bar.set_postfix_str(numbers(dict(sorted((logs or {}).items()))), refresh=False)
        self._bar.update(batch + 1 - self._bar.n)  # several at a time, where they are made so

    def _close(self, logs: Any) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(numbers(logs), refresh=True)
            self._bar.close()
            self._bar = None

    def on_epoch_begin(self, epoch, logs=None):
        self._open(f"Epoch {epoch + 1}/{self.params['epochs']}")

    def on_train_batch_end(self, batch, logs=None):
        self._advance(batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._close(logs)

    def on_train_end(self, logs=None):
        self._close(logs)

    def on_test_begin(self, logs=None):
        if self.doing == "evaluate":
            self._open("Evaluate")

    def on_test_batch_end(self, batch, logs=None):
        if self.doing == "evaluate":
            self._advance(batch, logs)

    def on_test_end(self, logs=None):
        if self.doing == "evaluate":
            self._close(logs)

    def on_predict_begin(self, logs=None):
        self._open("Predict")

    def on_predict_batch_end(self, batch, logs=None):
        self._bar.update()

    def on_predict_end(self, logs=None):
        self._close({})


class ProgbarLogger(Callback):
    """The progress that `fit` shows by itself, as a callback to be passed: a bar, or lines."""

    chief_only = True
    every_batch = False

    def __init__(self) -> None:
        import sys

        self._shown = progress_for(1, "fit", sys.stderr)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self._shown is not None:
            self._shown.set_model(model)

    def set_params(self, params: Any) -> None:
        super().set_params(params)
        if self._shown is not None:
            self._shown.set_params(params)


def _forwarding(event: str) -> Any:
    def told(self: ProgbarLogger, *arguments: Any) -> None:
        if self._shown is not None:
            getattr(self._shown, event)(*arguments)

    return told


for _event in EVENTS:
    if "predict" not in _event and "test" not in _event:
        setattr(ProgbarLogger, _event, _forwarding(_event))


def numbers(logs: Any) -> str:
    """`loss: 0.1234 - accuracy: 0.9876`."""
    parts = []
    for name, value in (logs or {}).items():
        if np.ndim(value):
            parts.append(f"{name}: {np.asarray(value)}")
            continue
        number = float(value)
        shown = f"{number:.4f}" if number == 0 or abs(number) >= 1e-3 else f"{number:.4e}"
        parts.append(f"{name}: {shown}")
    return " - ".join(parts)
