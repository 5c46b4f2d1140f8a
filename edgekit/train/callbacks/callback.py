"""The base of callbacks, and the list that calls them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from edgekit.errors import InputError
from edgekit.train.deprecations import accept_old_spellings

__all__ = ["Callback", "CallbackList", "History", "is_better", "monitored"]

_EVENTS = tuple(
    f"on_{what}_{edge}"
    for what in ("train", "epoch", "train_batch", "test", "test_batch", "predict", "predict_batch")
    for edge in ("begin", "end")
)
_GROWS = ("acc", "auc", "precision", "recall", "f1", "iou", "top_k")


class Callback:
    """The base: override the events of interest. `self.model` and `self.params` are set."""

    model: Any = None
    params: Mapping[str, Any] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        accept_old_spellings(cls)

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: Mapping[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: Any = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Any = None) -> None:
        """After the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Before an epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """After an epoch and its validation; logs hold the metrics, `val_` ones too."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a training step."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a training step; logs hold the metrics of the epoch so far."""

    def on_test_begin(self, logs: Any = None) -> None:
        """Before an evaluation or validation."""

    def on_test_end(self, logs: Any = None) -> None:
        """After an evaluation or validation."""

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a batch of an evaluation."""

    def on_predict_begin(self, logs: Any = None) -> None:
        """Before a prediction."""

    def on_predict_end(self, logs: Any = None) -> None:
        """After a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a batch of a prediction; logs hold its outputs."""


class History(Callback):
    """What every epoch measured: `history["loss"][epoch]`, and the numbers of the epochs."""

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class CallbackList:
    """Calls the callbacks; an event that none of them overrides costs one attribute."""

    def __init__(
        self,
        callbacks: Any,
        model: Any,
        verbose: Any,
        epochs: int,
        steps: int | None,
        doing: str = "fit",
    ) -> None:
        from edgekit.train.callbacks.progress import progress_for
        from edgekit.train.callbacks.stopping import TerminateOnNaN

        given = _as_callbacks(callbacks)
        self.history = next((c for c in given if isinstance(c, History)), History())
        bar = progress_for(verbose, doing, sys.stderr)
        listed = [*given, *([bar] if bar else [])]
        listed += [] if self.history in given else [self.history]
        self.callbacks = listed
        self.has_nan_guard = any(isinstance(c, TerminateOnNaN) for c in given)
        params = {"epochs": epochs, "steps": steps, "verbose": verbose}
        for callback in listed:
            callback.set_model(model)
            callback.set_params(params)
        self._listeners = {
            event: [
                getattr(callback, event)
                for callback in listed
                if getattr(type(callback), event) is not getattr(Callback, event)
                or event in vars(callback)
            ]
            for event in _EVENTS
        }

    def __getattr__(self, event: str) -> Any:
        if event not in _EVENTS:
            raise AttributeError(event)
        expected = 2 if "epoch" in event or "batch" in event else 1
        listeners = self._listeners[event]

        def tell(*arguments: Any) -> None:
            given = arguments + (None,) * (expected - len(arguments))
            for listener in listeners:
                listener(*given)

        setattr(self, event, tell)
        return tell


def _as_callbacks(callbacks: Any) -> list[Callback]:
    """One callback, several or none, as a list."""
    given = list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
    given = [callback for callback in given if callback is not None]
    for callback in given:
        if not isinstance(callback, Callback):
            raise InputError(
                "callbacks are objects of subclasses of Callback. "
                f"Received: {callback!r} (of type {type(callback).__name__})"
            )
    return given


def is_better(monitor: str, mode: str, min_delta: float = 0.0) -> Any:
    """A function (new, best) -> whether the monitored number improved."""
    if mode not in ("auto", "min", "max"):
        raise InputError(f"mode must be 'auto', 'min' or 'max'. Received: {mode!r}")
    grows = mode == "max" or (mode == "auto" and any(part in monitor for part in _GROWS))
    delta = abs(min_delta)
    if grows:
        return lambda new, best: best is None or new > best + delta
    return lambda new, best: best is None or new < best - delta


def monitored(callback: str, monitor: str, logs: Any) -> float | None:
    """The monitored number of an epoch; a warning, naming what there is, where it is missing."""
    if monitor in (logs or {}):
        return float(logs[monitor])
    import warnings

    warnings.warn(
        f"{callback} watches {monitor!r}, which this epoch did not measure. "
        f"There is: {', '.join(sorted(logs or {}))}",
        stacklevel=2,
    )
    return None
