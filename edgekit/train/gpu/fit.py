"""Epochs of `fit`, `evaluate` and `predict` on a GPU: captured steps, fed from device memory.

The host only launches. It waits for the device at the end of an epoch, where the numbers of the
epoch are read, and where a callback or the progress bar reads numbers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train import backend
from edgekit.train.backend import to_numpy
from edgekit.train.batches import Rows, count_of
from edgekit.train.class_weights import weighted
from edgekit.train.data import number_of
from edgekit.train.structure import flatten, map_structure, pack
from edgekit.train.tensor import Tensor, wrap

from .capture import CapturedStep
from .carry import array_in, is_device_array
from .data import ResidentData, StagedData, Tables, arrays_in
from .state import StepState, within
from .workplace import Workplace

__all__ = ["MOST_TOGETHER", "TOGETHER", "GpuLoop", "loop_of"]

# steps of one launch where nobody wants to hear of each: what a launch costs the host is shared
TOGETHER = 8
# steps of one launch where more are asked for: a graph holds each of them
MOST_TOGETHER = 32
# outputs of predict that wait on the device before they are read
_MOST_WAITING = 256 << 20


def loop_of(model: Any) -> GpuLoop:
    """The loop of this model on the current GPU; the same one as long as it is compiled so."""
    if not isinstance(model._gpu_loop, GpuLoop) or model._gpu_loop.name != backend.current_device():
        model._gpu_loop = GpuLoop(model)
    return model._gpu_loop


class GpuLoop:
    """Runs the epochs of a model, and keeps its graphs from one call to the next."""

    def __init__(self, model: Any) -> None:
        self.name = backend.current_device()
        self.model = model
        self._index = int(self.name.partition(":")[2])
        with self._device():
            self.work = Workplace()
            self.state = StepState()
        self._steps: dict[str, CapturedStep] = {}
        self._tables: dict[str, Tables] = {}
        self._staged: dict[str, StagedData] = {}
        self._feeds: dict[int, tuple[Any, Any]] = {}
        self._numbered = False  # whether the device knows the number of the step in this fit

    def _device(self) -> Any:
        import cupy

        return cupy.cuda.Device(self._index)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Within the block the model works on its GPU, on the stream and memory of its own."""
        outermost = not self._feeds
        with self._device(), self.work.entered(), within(self.state):
            try:
                yield
            finally:
                if outermost:
                    self._feeds.clear()
                    self._numbered = False

    def step(self, what: str) -> CapturedStep:
        """The captured `train_step`, `test_step` or `predict_step`."""
        if what not in self._steps:
            self._steps[what] = CapturedStep(self.model, self.work, what)
            if self.model.run_eagerly:
                self._steps[what].refusal = "compile(run_eagerly=True)"
        return self._steps[what]

    def _feed(self, what: str, batches: Any, weights: Any = None) -> Any:
        """How these batches come to the device; arrays that fit are copied there now."""
        if id(batches) not in self._feeds:
            arrays = arrays_in(batches)
            if arrays is not None and ResidentData.fits(arrays, self.work.free_bytes()):
                arrays.uncut = True
                tables = self._tables.setdefault(what, Tables())
                feed: Any = ResidentData(arrays, tables, self.work, weights)
            else:
                feed = self._staged.setdefault(what, StagedData(self.work))
            self._feeds[id(batches)] = batches, feed
        return self._feeds[id(batches)][1]

    # -- epochs -----------------------------------------------------------------------------------

    def train_epoch(self, batches: Any, weights: Any, running: Any) -> dict[str, float]:
        """Train once on all batches; returns the numbers of the epoch."""
        model = self.model
        model.reset_metrics()
        feed, step = self._feed("train_step", batches, weights), self.step("train_step")
        heard, together = running.hears_every_batch("train"), model.steps_per_execution
        logs: Any = {}
        last = -1
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            most = self._most(batches, heard, together, step, feed)
            for group in _launches(running.remaining(batches), most):
                first = group[0][0]
                if first % together == 0:
                    running.on_train_batch_begin(first)
                if not self._numbered:
                    self._number_steps()
                if last == -1 or (heard and first % together == 0):
                    step.enter(anew=last == -1)
                last = group[-1][0]
                logs = self._make(step, feed, group, weights)
                if model._fit_variables is None:
                    data = group[0][1]
                    model._begin_fit(data.data() if isinstance(data, Rows) else data)
                if (last + 1) % together == 0:
                    running.on_train_batch_end(last, _kept(logs) if heard else logs)
                if model.stop_training:
                    break
        if (last + 1) % together:
            running.on_train_batch_end(last, logs)
        return numbers(logs if last >= 0 else model.get_metrics_result())

    def _number_steps(self) -> None:
        """Let the device count on from the steps that the model has made: random numbers follow."""
        optimizer = self.model.optimizer
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        self.state.force("step", 0 if inner is None else int(inner._iterations.data))
        self._numbered = True

    def test_epoch(self, batches: Any, running: Any) -> dict[str, float]:
        """Evaluate all batches; returns their numbers."""
        self.model.reset_metrics()
        feed, step = self._feed("test_step", batches), self.step("test_step")
        heard = running.hears_every_batch("test")
        logs: Any = {}
        running.on_test_begin()
        step.enter()
        most = self._most(batches, heard, 1, step, feed)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for group in _launches(enumerate(batches), most):
                running.on_test_batch_begin(group[0][0])
                if heard:
                    step.enter(anew=False)
                logs = self._make(step, feed, group)
                running.on_test_batch_end(group[-1][0], _kept(logs) if heard else logs)
        found = numbers(logs)
        running.on_test_end(found)
        return found

    def predict(self, batches: Any, running: Any) -> Any:
        """The outputs for all batches, as numpy arrays."""
        feed, step = self._feed("predict_step", batches), self.step("predict_step")
        structure: Any = None
        parts: list[list[Any]] = []
        waiting = 0
        running.on_predict_begin()
        step.enter()
        for number, data in enumerate(batches):
            running.on_predict_batch_begin(number)
            structure = _kept(self._make(step, feed, [(number, data)]))
            parts.append([array_in(leaf) for leaf in flatten(structure)])
            waiting += sum(getattr(leaf, "nbytes", 0) for leaf in parts[-1])
            if waiting > _MOST_WAITING:
                parts, waiting = [[to_numpy(leaf) for leaf in part] for part in parts], 0
            running.on_predict_batch_end(number, {"outputs": structure})
        joined = [_joined(leaves) for leaves in zip(*parts, strict=True)]
        running.on_predict_end()
        return pack(structure, joined)

    # -- launches ---------------------------------------------------------------------------------

    def _most(
        self, batches: Any, heard: bool, together: int, step: CapturedStep, feed: Any
    ) -> Callable[[int, Any], int]:
        """A function that says how many steps may be launched together from a batch on."""
        count = min(together, MOST_TOGETHER)
        if together == 1 and not heard and (count_of(batches) or 0) >= 4 * TOGETHER:
            count = TOGETHER

        def most(number: int, data: Any) -> int:
            left = count if together == 1 else together - number % together
            if count == 1 or left < count or not isinstance(data, Rows):
                return 1
            return count if step.is_warm(feed.kind(data)) else 1

        return most

    def _make(self, step: CapturedStep, feed: Any, group: Any, weights: Any = None) -> Any:
        """The steps of a launch; what the last of them gave."""
        run, data = getattr(self.model, step.what), group[0][1]
        if isinstance(data, Rows):
            feed.begin(data)
            outputs = step(
                feed.kind(data),
                lambda number: run(feed.batch(data.size, number)),
                len(group),
                lambda count: feed.move_on(count * data.size),
            )
            feed.made(data.size * len(group))
            return outputs
        data = data if weights is None else weighted(data, weights)
        try:
            kind = feed.kind(data)
        except InputError as error:
            step.refuse(str(error))
            return run(data)
        feed.begin(data)
        return step(kind, lambda _: run(feed.batch()))


def _launches(
    numbered: Iterator[tuple[int, Any]], most: Callable[[int, Any], int]
) -> Iterator[list[tuple[int, Any]]]:
    """Batches in groups that are launched together; what does not fill a group comes singly."""
    held: list[tuple[int, Any]] = []
    count = 1
    for number, data in numbered:
        if held and not _follows(held[-1][1], data):
            yield from ([one] for one in held)
            held = []
        if not held:
            count = most(number, data)
        held.append((number, data))
        if len(held) == count:
            yield held
            held = []
    yield from ([one] for one in held)


def _follows(a: Any, b: Any) -> bool:
    """Whether b is the batch of the same size right after a."""
    alike = isinstance(b, Rows) and a.order is b.order and a.size == b.size
    return alike and a.start + a.size == b.start


def _kept(outputs: Any) -> Any:
    """Copies that the next launch does not overwrite."""

    def copied(leaf: Any) -> Any:
        if isinstance(leaf, Tensor):
            return wrap(leaf.data.copy())
        return leaf.copy() if is_device_array(leaf) else leaf

    return map_structure(copied, outputs)


def _joined(leaves: Any) -> np.ndarray:
    if all(map(is_device_array, leaves)):
        import cupy

        return to_numpy(cupy.concatenate(list(leaves)))
    return np.concatenate([to_numpy(leaf) for leaf in leaves])


def numbers(logs: Any) -> dict[str, Any]:
    """Logs as plain numbers, all of them read at once: here the host waits for the device."""
    logs = logs or {}
    found = {name: array_in(value) for name, value in logs.items()}
    there = [name for name, value in found.items() if is_device_array(value) and value.size == 1]
    if there:
        import cupy

        rows = [cupy.asarray(found[name], dtype=np.float64).reshape(1) for name in there]
        read = to_numpy(cupy.concatenate(rows)).tolist()
        found.update(zip(there, read, strict=True))
    return {name: number_of(to_numpy(value)) for name, value in found.items()}
