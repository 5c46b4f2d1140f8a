"""The base of callbacks, and the history of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekit.errors import InputError, require
from edgekit.train.deprecations import accept_old_spellings

__all__ = ["EVENTS", "Callback", "History"]

EVENTS = tuple(
    f"on_{what}_{edge}"
    for what in ("train", "epoch", "train_batch", "test", "test_batch", "predict", "predict_batch")
    for edge in ("begin", "end")
)


class Callback:
    """The base: override the events of interest. `self.model` and `self.params` are set.

    `on_batch_begin` and `on_batch_end` are other names of the events of training batches.
    """

    model: Any = None
    params: Mapping[str, Any] = {}
    # whether it acts after all others, having seen what they did
    acts_last = False
    # whether it writes files or shows something, which one process of several does for all
    chief_only = False
    # whether it wants to be told of each batch, and its numbers, where a GPU makes several steps
    # at a time; one that only shows progress does not
    every_batch: Any = True

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
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a training step; logs hold the metrics of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a training step."""

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a training step; logs hold the metrics of the epoch so far."""

    def on_test_begin(self, logs: Any = None) -> None:
        """Before an evaluation or validation."""

    def on_test_end(self, logs: Any = None) -> None:
        """After an evaluation or validation; logs hold its metrics."""

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

    def on_train_begin(self, logs=None):
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def plot(self, metrics: Any = None, path: Any = None) -> Any:
        """A figure of matplotlib with a panel for each metric, its `val_` beside it.

        metrics: names; all that were measured where none are given. path: a file to save it in.
        """
        plots = require("matplotlib.figure", extra="report")
        names = [name for name in self.history if not name.startswith("val_")]
        names = list(metrics) if metrics is not None else names
        missing = [name for name in names if name not in self.history]
        if missing or not names:
            raise InputError(
                f"there is nothing to plot for {missing or 'a history without metrics'}. "
                f"Measured: {', '.join(self.history) or 'nothing'}"
            )
        figure = plots.Figure(figsize=(6.4, 2.8 * len(names)), layout="constrained")
        panels = figure.subplots(len(names), 1, squeeze=False)
        for name, panel in zip(names, panels[:, 0], strict=True):
            for label in (name, f"val_{name}"):
                values = self.history.get(label)
                if values:
                    epochs = self.epoch[-len(values) :]
                    panel.plot([epoch + 1 for epoch in epochs], values, marker=".", label=label)
            panel.set_xlabel("epoch")
            panel.legend()
        if path is not None:
            figure.savefig(path)
        return figure
