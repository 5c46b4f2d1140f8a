"""The list that calls the callbacks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from edgekit.errors import InputError
from edgekit.train.callbacks.callback import EVENTS, Callback, History

__all__ = ["CallbackList", "Running"]


class CallbackList:
    """Calls the callbacks; an event that none of them overrides costs one attribute.

    add_history, add_progbar: whether to add these where the list has none. params: what every
    callback gets as its `params`.
    """

    model: Any = None

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        from edgekit.train.callbacks.progress import ProgbarLogger

        self.callbacks = _as_callbacks(callbacks)
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        found = next((c for c in self.callbacks if isinstance(c, History)), None)
        if found is None and add_history:
            self.callbacks.append(found := History())
        self.history = found
        self.params = params
        self._tell_all()
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)

    def append(self, callback: Callback) -> None:
        """Add a callback at the end."""
        self.callbacks.append(callback)
        self._tell_all()

    def set_params(self, params: Any) -> None:
        """Give every callback its `params`."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Give every callback its `model`."""
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)
        self._tell_all()

    def hears(self, event: str) -> bool:
        """Whether a callback of this process listens to an event."""
        return bool(self._listeners[event])

    def __iter__(self) -> Iterator[Callback]:
        return iter(self.callbacks)

    def _tell_all(self) -> None:
        """Find out who wants to hear of which event."""
        ordered = sorted(self.callbacks, key=lambda callback: callback.acts_last)
        strategy = getattr(self.model, "distribute_strategy", None)
        if strategy is not None and not strategy.is_chief:
            ordered = [callback for callback in ordered if not callback.chief_only]
        self._listeners = {
            event: [getattr(c, event) for c in ordered if _listens(c, event)] for event in EVENTS
        }
        for event in EVENTS:
            vars(self).pop(event, None)

    def __getattr__(self, event: str) -> Any:
        if event in ("on_batch_begin", "on_batch_end"):
            return getattr(self, event.replace("batch", "train_batch"))
        if event not in EVENTS:
            raise AttributeError(event)
        expected = 2 if "epoch" in event or "batch" in event else 1
        listeners = self._listeners[event]

        def tell(*arguments: Any, **named: Any) -> None:
            given = (*arguments, *named.values())
            given += (None,) * (expected - len(given))
            for listener in listeners:
                listener(*given)

        setattr(self, event, tell)
        return tell


def _listens(callback: Callback, event: str) -> bool:
    """Whether a callback overrides an event, or its other name."""
    names = [event]
    if "train_batch" in event:
        names.append(event.replace("train_batch", "batch"))
    return any(
        getattr(type(callback), name, None) is not getattr(Callback, name) or name in vars(callback)
        for name in names
    )


def _as_callbacks(callbacks: Any) -> list[Any]:
    """One callback, several or none, as a list."""
    if isinstance(callbacks, CallbackList):
        return list(callbacks.callbacks)
    given = list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
    given = [callback for callback in given if callback is not None]
    for callback in given:
        if not isinstance(callback, Callback):
            raise InputError(
                "callbacks are objects of subclasses of Callback. "
                f"Received: {callback!r} (of type {type(callback).__name__})"
            )
    return given


class Running(CallbackList):
    """The callbacks of one fit, evaluation or prediction, with its history and its progress."""

    history: History

    def __init__(
        self,
        callbacks: Any,
        model: Any,
        verbose: Any,
        epochs: int,
        steps: int | None,
        doing: str = "fit",
    ) -> None:
        from edgekit.train.callbacks.progress import ProgbarLogger, progress_for
        from edgekit.train.callbacks.stopping import TerminateOnNaN

        given = _as_callbacks(callbacks)
        self.has_nan_guard = any(isinstance(c, TerminateOnNaN) for c in given)
        bar = progress_for(verbose, doing, sys.stderr)
        has_bar = any(isinstance(c, ProgbarLogger) for c in given)
        super().__init__([*given, *([bar] if bar and not has_bar else [])], add_history=True)
        self.set_model(model)
        self.set_params({"verbose": verbose, "epochs": epochs, "steps": steps})

    def resume(self, epochs: range, batches: Any) -> range:
        """The epochs that are left to do, after what an interrupted run has done of them."""
        for callback in self.callbacks:
            if hasattr(callback, "resume"):
                epochs = callback.resume(epochs, batches, self.callbacks)
        return epochs

    def hears_every_batch(self, what: str) -> bool:
        """Whether a callback wants to be told of each batch of "train", "test" or "predict"."""
        events = (f"on_{what}_batch_begin", f"on_{what}_batch_end")
        return any(c.every_batch and any(_listens(c, e) for e in events) for c in self.callbacks)

    def remaining(self, batches: Any) -> Iterator[tuple[int, Any]]:
        """The numbered batches of an epoch, without those that an interrupted run has done."""
        for callback in self.callbacks:
            if getattr(callback, "passed_steps", 0):
                return callback.remaining(batches)
        return enumerate(batches)
