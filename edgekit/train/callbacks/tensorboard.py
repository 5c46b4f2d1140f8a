"""Metrics and weights for TensorBoard, written by tensorboardX."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from edgekit.errors import InputError, require
from edgekit.train.backend import to_numpy
from edgekit.train.callbacks.callback import Callback

__all__ = ["TensorBoard"]


class TensorBoard(Callback):
    """Write event files into `log_dir`/train and `log_dir`/validation.

    update_freq: "epoch", "batch", or every so many batches. histogram_freq: after how many epochs
    the weights' histograms (and, with `write_images`, the weights as pictures) are written; 0 for
    never. write_graph: the layers of the model as text. write_steps_per_second: the speed.
    embeddings_freq: after how many epochs the weights are saved for the projector. profile_batch is
    accepted for Keras' sake. Needs tensorboardX: pip install "edgekit[tensorboard]".
    """

    chief_only = True

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Any = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        if self.update_freq != "epoch" and (
            not isinstance(self.update_freq, int) or self.update_freq <= 0
        ):
            raise InputError(
                "TensorBoard: update_freq must be 'epoch', 'batch' or a number of batches. "
                f"Received: {update_freq!r}"
            )
        self.profile_batch = profile_batch
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._writers: dict[str, Any] = {}
        self._train_batches = 0
        self._batch_start = self._epoch_start = 0.0
        self._epoch_batches = 0

    def _writer(self, part: str) -> Any:
        if part not in self._writers:
            module = require("tensorboardX", extra="tensorboard")
            self._writers[part] = module.SummaryWriter(os.path.join(self.log_dir, part))
        return self._writers[part]

    def _scalars(self, part: str, prefix: str, logs: Any, step: int) -> None:
        writer = self._writer(part)
        for name, value in logs.items():
            if np.ndim(value) == 0:
                writer.add_scalar(f"{prefix}{name}", float(value), step)

    def on_train_begin(self, logs=None):
        self._train_batches = 0
        if self.write_graph:
            lines = [f"{x.name} ({type(x).__name__})" for x in getattr(self.model, "layers", [])]
            self._writer("train").add_text("keras", "\n".join(lines), 0)

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_start = time.perf_counter()
        self._epoch_batches = self._train_batches

    @property
    def every_batch(self) -> bool:
        return self.update_freq != "epoch"

    def on_train_batch_begin(self, batch, logs=None):
        self._batch_start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self._train_batches = self._epoch_batches + batch + 1
        if self.update_freq == "epoch" or self._train_batches % self.update_freq:
            return
        self._scalars("train", "batch_", logs or {}, self._train_batches)
        if self.write_steps_per_second:
            speed = 1.0 / max(time.perf_counter() - self._batch_start, 1e-9)
            self._scalars("train", "batch_", {"steps_per_second": speed}, self._train_batches)

    def on_test_end(self, logs=None):
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None and logs:
            found = {f"{name}_vs_iterations": value for name, value in logs.items()}
            self._scalars("validation", "evaluation_", found, int(optimizer.iterations))

    def on_epoch_end(self, epoch, logs=None):
        logs = dict(logs or {})
        held = {k.removeprefix("val_"): v for k, v in logs.items() if k.startswith("val_")}
        own = {k: v for k, v in logs.items() if not k.startswith("val_")}
        own["learning_rate"] = float(self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            seconds = max(time.perf_counter() - self._epoch_start, 1e-9)
            own["steps_per_second"] = (self._train_batches - self._epoch_batches) / seconds
        self._scalars("train", "epoch_", own, epoch)
        if held:
            self._scalars("validation", "epoch_", held, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            name = f"keras_embedding.ckpt-{epoch}.weights.h5"
            self.model.save_weights(os.path.join(self.log_dir, "train", name))
        for writer in self._writers.values():
            writer.flush()

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                name = weight.path
                values = to_numpy(weight.data)
                writer.add_histogram(f"{name}/histogram", values.reshape(-1), epoch)
                picture = _picture(values) if self.write_images else None
                if picture is not None:
                    writer.add_image(f"{name}/image", picture, epoch, dataformats="HWC")

    def on_train_end(self, logs=None):
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def _picture(values: np.ndarray) -> np.ndarray | None:
    """A weight of one or two axes as grey levels from its least to its largest; None for others."""
    values = np.squeeze(values)
    if values.ndim not in (1, 2):
        return None
    values = np.atleast_2d(values)
    values = values.T if values.shape[0] > values.shape[1] else values
    spread = float(values.max() - values.min()) or 1.0
    return ((values - values.min()) / spread)[..., None].astype(np.float32)
