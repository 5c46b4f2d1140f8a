"""What a fit in progress consists of, taken down as plain values and put back."""

from __future__ import annotations

import copy
import json
import random as standard_random
import warnings
from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.batches import ArrayBatches, IterableBatches, Rows
from edgekit.train.optimizers import Optimizer
from edgekit.train.random import common_generator, generators_of
from edgekit.train.structure import unique

__all__ = ["Snapshot", "loaded", "saved"]

# attributes of callbacks that are not notes of theirs
_NOT_NOTES = ("model", "params")


class Snapshot:
    """Takes down and puts back the state of one fit: its model, data and callbacks."""

    def __init__(self, model: Any, batches: Any, callbacks: list[Any], first_epoch: int) -> None:
        self.model = model
        self.batches = batches
        self.callbacks = callbacks
        self.first_epoch = first_epoch
        self.order_at_start = _state_of(getattr(batches, "random", None))
        self.order_of_epoch = self.order_at_start
        # what has its value from the start is an argument: a program that goes on may give another
        self.notes_at_start = [copy.deepcopy(_notes(callback)) for callback in callbacks]

    # -- taking down ------------------------------------------------------------------------------

    def begin_epoch(self) -> None:
        """Note from where the order of this epoch's samples is drawn."""
        self.order_of_epoch = _state_of(getattr(self.batches, "random", None))

    def take(self) -> dict[str, Any]:
        """Everything, as plain values and arrays."""
        strategy = self.model.distribute_strategy
        return {
            "replicas": None if strategy is None else strategy._replica_states(self.model),
            "first_epoch": self.first_epoch,
            "order_at_start": self.order_at_start,
            "order_of_epoch": self.order_of_epoch,
            "order_now": _state_of(getattr(self.batches, "random", None)),
            "weights": [np.array(to_numpy(w)) for w in self.model.weights],
            "optimizers": [optimizer.get_weights() for optimizer in self._optimizers()],
            "metrics": [[np.array(to_numpy(a)) for a in m.state()] for m in self.model.metrics],
            "common": _state_of(common_generator()),
            "numpy": list(np.random.get_state()),
            "python": standard_random.getstate(),
            "layers": [
                {name: _state_of(g) for name, g in generators_of(layer)}
                for layer in self.model.flat_layers()
            ],
            "callbacks": [
                {"class": type(callback).__name__, "notes": _changed(_notes(callback), before)}
                for callback, before in zip(self.callbacks, self.notes_at_start, strict=True)
            ],
        }

    def _optimizers(self) -> list[Optimizer]:
        """The model's optimizer, and those in its attributes (of a GAN, say)."""
        found = [self.model.optimizer, *vars(self.model).values()]
        return unique(o for o in found if isinstance(o, Optimizer))

    # -- putting back -----------------------------------------------------------------------------

    def replay(self, found: dict[str, Any], epoch: int) -> None:
        """Bring data that go on from epoch to epoch to the beginning of `epoch`."""
        self.first_epoch = found["first_epoch"]
        self.order_at_start = found["order_at_start"]
        _put_back(getattr(self.batches, "random", None), found["order_at_start"])
        source = getattr(self.batches, "source", None)
        if isinstance(self.batches, ArrayBatches) or not isinstance(self.batches, IterableBatches):
            return
        indexed = hasattr(source, "__getitem__")
        for _ in range(self.first_epoch, epoch):
            if indexed:
                for event in ("on_epoch_begin", "on_epoch_end"):
                    getattr(source, event, lambda: None)()
            else:
                for _ in self.batches:
                    pass

    def restore_order(self, found: dict[str, Any]) -> None:
        """Draw the order of the interrupted epoch once more."""
        self.order_of_epoch = found["order_of_epoch"]
        if self._order_is_per_epoch():
            _put_back(self.batches.random, found["order_of_epoch"])

    def _order_is_per_epoch(self) -> bool:
        """Whether an epoch draws its order when it begins, from the state of that moment."""
        if isinstance(self.batches, ArrayBatches):
            return True
        return hasattr(getattr(self.batches, "source", None), "__getitem__")

    def prepare(self, data: Any) -> None:
        """Let losses and metrics see shapes, on a batch that is done: their states come after."""
        for optimizer in self._optimizers():
            if optimizer is self.model.optimizer:
                optimizer.build(self.model.trainable_variables)
        try:
            with self.model._on_first_device():
                self.model.test_step(data.data() if isinstance(data, Rows) else data)
        except (NotImplementedError, ValueError, TypeError, AttributeError) as error:
            if not self._only_trains():
                raise
            warnings.warn(
                f"losses and metrics could not be prepared, since test_step failed: {error!r}; "
                "they are restored as far as they are known",
                stacklevel=5,
            )

    def _only_trains(self) -> bool:
        """Whether the model may know how to train and no more: test_step is not written for it."""
        from edgekit.train.models.model import Model

        cls = type(self.model)
        return cls.train_step is not Model.train_step and cls.test_step is Model.test_step

    def restore(self, found: dict[str, Any]) -> None:
        """Put everything back but the place in the data."""
        weights = self.model.weights
        _check([w.shape for w in weights], [a.shape for a in found["weights"]])
        if self.model.optimizer is not None:
            self.model.optimizer.build(self.model.trainable_variables)
        for variable, array in zip(weights, found["weights"], strict=True):
            variable.assign(asarray(array, variable.dtype))
        for optimizer, state in zip(self._optimizers(), found["optimizers"], strict=True):
            if optimizer.built:
                optimizer.set_weights(state)
        if found["step"]:
            self._restore_metrics(found["metrics"])
        if self._order_is_per_epoch():
            _put_back(self.batches.random, found["order_now"])
        _put_back(common_generator(), found["common"])
        np.random.set_state(tuple(found["numpy"]))
        standard_random.setstate(found["python"])
        for layer, states in zip(self.model.flat_layers(), found["layers"], strict=True):
            for name, state in states.items():
                _put_back(getattr(layer, name), state)
        strategy = self.model.distribute_strategy
        if strategy is not None and found.get("replicas"):
            strategy._put_replica_states(self.model, found["replicas"])
        for callback, notes in zip(self.callbacks, found["callbacks"], strict=False):
            _put_notes(callback, notes)

    def _restore_metrics(self, states: list[Any]) -> None:
        metrics = self.model.metrics
        fitting = len(metrics) == len(states)
        for metric, state in zip(metrics, states, strict=False):
            own = metric.state()
            if len(own) != len(state):
                fitting = False
                continue
            metric.restore([s if np.ndim(s) else np.float64(s) for s in state])
        if states and not fitting and any(len(state) for state in states):
            warnings.warn(
                "the metrics of the interrupted epoch could not be restored, they start anew",
                stacklevel=6,
            )


def _check(own: list[Any], found: list[Any]) -> None:
    if [tuple(s) for s in own] != [tuple(s) for s in found]:
        raise ShapeError(
            f"the backup is of another model: it holds weights of shapes {found}, the model has "
            f"{own}. Name another backup_dir, or delete it"
        )


def _state_of(generator: Any) -> Any:
    return None if generator is None else dict(generator.bit_generator.state)


def _put_back(generator: Any, state: Any) -> None:
    if generator is not None and state is not None:
        generator.bit_generator.state = state


def _notes(callback: Any) -> dict[str, Any]:
    """The attributes of a callback that are plain values or arrays."""
    return {k: v for k, v in vars(callback).items() if k not in _NOT_NOTES and _is_plain(v)}


def _changed(notes: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """The notes that are new or have another value than before."""
    return {k: v for k, v in notes.items() if k not in before or not _same(v, before[k])}


def _same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    return bool(a == b)


def _put_notes(callback: Any, found: dict[str, Any]) -> None:
    if type(callback).__name__ == found["class"]:
        for name, value in found["notes"].items():
            setattr(callback, name, value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(k, str | int) and _is_plain(v) for k, v in value.items())
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub"
    return value is None or isinstance(value, bool | int | float | str | np.generic)


# -- files ----------------------------------------------------------------------------------------


def saved(file: Any, content: dict[str, Any]) -> None:
    """Write plain values and arrays: a .npz of the arrays, and JSON that points to them."""
    arrays: list[np.ndarray] = []
    text = json.dumps(_written(content, arrays))
    named = {f"a{i}": a for i, a in enumerate(arrays)}
    np.savez(file, json=np.frombuffer(text.encode(), np.uint8), **named)  # type: ignore[arg-type]


def loaded(path: Any) -> dict[str, Any]:
    """What `saved` wrote. Nothing in the file is executed."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = [archive[f"a{i}"] for i in range(len(archive.files) - 1)]
        found = _read(json.loads(archive["json"].tobytes().decode()), arrays)
    if not isinstance(found, dict):
        raise ValueError("it is no backup")
    return found


def _written(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        arrays.append(np.asarray(value))
        return {"array": len(arrays) - 1, "scalar": isinstance(value, np.generic)}
    if isinstance(value, tuple):
        return {"tuple": [_written(item, arrays) for item in value]}
    if isinstance(value, list):
        return [_written(item, arrays) for item in value]
    if isinstance(value, dict):
        return {"pairs": [[k, _written(v, arrays)] for k, v in value.items()]}
    return value


def _read(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_read(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "array" in value:
        array = arrays[value["array"]]
        return array[()] if value["scalar"] else array
    if "tuple" in value:
        return tuple(_read(item, arrays) for item in value["tuple"])
    return {k: _read(v, arrays) for k, v in value["pairs"]}
