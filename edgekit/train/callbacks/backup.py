"""Backups of a running fit, from which an interrupted one goes on to the same weights.

A backup holds everything that decides what comes next: weights, optimizers, metrics so far, the
states of all random generators, the order of the samples in this epoch, and what the other
callbacks have noted. It is one file of numpy arrays, written whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from collections.abc import Iterator
from typing import Any

from edgekit.errors import InputError, ModelFormatError
from edgekit.files import replacing
from edgekit.train.callbacks.callback import Callback
from edgekit.train.callbacks.frequency import WritesRegularly
from edgekit.train.callbacks.snapshots import Snapshot, loaded, saved

__all__ = ["BackupAndRestore"]

_FILE, _BEFORE, _VERSION = "backup.npz", "backup.npz.bkp", 1


class BackupAndRestore(WritesRegularly):
    """Write backups while training; where there is one at the beginning, go on from it.

    save_freq: "epoch", or a number of batches. double_checkpoint: keep the backup before the last
    one too. delete_checkpoint: delete them when training has ended. A fit that was killed and is
    started again by the same program ends with the same weights, bit for bit, as one that was not,
    if the data are arrays, or a Sequence or generator that gives the same batches again.
    """

    acts_last = True

    def __init__(
        self,
        backup_dir: Any,
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not backup_dir:
            raise InputError("BackupAndRestore: backup_dir is empty; name a folder.")
        self._set_frequency(save_freq)
        self.backup_dir = os.fspath(backup_dir)
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self.passed_steps = 0
        self._epoch = 0
        self._others: list[Callback] = []
        self._snapshot: Snapshot | None = None
        self._pending: dict[str, Any] | None = None

    # -- going on ---------------------------------------------------------------------------------

    def resume(self, epochs: range, batches: Any, callbacks: list[Callback]) -> range:
        """Called by fit before the first epoch: restore, and say which epochs are left."""
        if not self.model.built:
            raise InputError(
                f"model {self.model.name!r} must be built before a fit with BackupAndRestore: "
                "give it an Input, or call it on a batch"
            )
        self._others = [callback for callback in callbacks if callback is not self]
        self._snapshot = Snapshot(self.model, batches, self._others, epochs.start)
        self._last_batch_seen, self._batches_seen, self.passed_steps = None, 0, 0
        strategy = self.model.distribute_strategy
        found = self._read() if strategy is None else strategy._from_chief(self._read)
        if found is None:
            return epochs
        epoch, self.passed_steps = found["epoch"], found["step"]
        self._snapshot.replay(found, epoch)
        if self.passed_steps == 0:
            self._snapshot.restore(found)
        else:
            self._pending = found
        if found["stop_training"] and self.passed_steps == 0:
            return range(epochs.stop, epochs.stop)
        return range(epoch, epochs.stop)

    def remaining(self, batches: Any) -> Iterator[tuple[int, Any]]:
        """The batches of the interrupted epoch after those that are done."""
        snapshot, found = self._snapshot, self._pending
        assert snapshot is not None and found is not None
        passed, self.passed_steps, self._pending = self.passed_steps, 0, None
        snapshot.restore_order(found)
        for step, data in enumerate(batches):
            if step >= passed:
                yield step, data
                continue
            if step == 0:
                snapshot.prepare(data)
            if step == passed - 1:
                snapshot.restore(found)
                self._batches_seen, self._last_batch_seen = 0, step

    # -- backing up -------------------------------------------------------------------------------

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        if self._snapshot is not None and self._pending is None:
            self._snapshot.begin_epoch()

    def on_train_batch_end(self, batch, logs=None):
        if self._is_due_after_batch(batch):
            self._write(self._epoch, batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        if self._is_due_after_epoch():
            self._write(epoch + 1, 0)

    def _write(self, epoch: int, step: int) -> None:
        if self._snapshot is None:
            return
        content = self._snapshot.take()
        if not self._writes():
            return
        content |= {"version": _VERSION, "epoch": epoch, "step": step,
                    "stop_training": bool(self.model.stop_training)}  # fmt: skip
        os.makedirs(self.backup_dir, exist_ok=True)
        path = os.path.join(self.backup_dir, _FILE)
        if self.double_checkpoint and os.path.exists(path):
            os.replace(path, os.path.join(self.backup_dir, _BEFORE))
        with replacing(path) as file:
            saved(file, content)

    def _writes(self) -> bool:
        """Whether this process, of several, has the files."""
        strategy = self.model.distribute_strategy
        return strategy is None or strategy.is_chief

    def _read(self) -> dict[str, Any] | None:
        """The last backup that is whole, or None."""
        import zipfile

        problems = []
        for name in (_FILE, _BEFORE):
            path = os.path.join(self.backup_dir, name)
            if not os.path.exists(path):
                continue
            try:
                found = loaded(path)
                if found.get("version") != _VERSION:
                    raise ModelFormatError(f"version {found.get('version')!r} is not known")
                return found
            except (OSError, ValueError, KeyError, zipfile.BadZipFile, json.JSONDecodeError) as e:
                problems.append(f"{path}: {e}")
        if problems:
            warnings.warn(
                "no backup can be read, training starts anew:\n" + "\n".join(problems),
                stacklevel=5,
            )
        return None

    def on_train_end(self, logs=None):
        if self.delete_checkpoint and self._writes():
            for name in (_FILE, _BEFORE):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(self.backup_dir, name))
            with contextlib.suppress(OSError):  # it holds other files, or is not there
                os.rmdir(self.backup_dir)
