"""One replica in each of several processes, on one machine or many, under MPI."""

from __future__ import annotations

import contextlib
import os
import socket
import warnings
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edgekit.errors import EdgekitError, InputError
from edgekit.train import random
from edgekit.train.backend import asarray, same_place, to_numpy
from edgekit.train.distribute.mirrors import drawing_in, states_of
from edgekit.train.distribute.mpi import Processes
from edgekit.train.distribute.replica import ReplicaContext, within
from edgekit.train.distribute.strategy import Strategy
from edgekit.train.distribute.vectors import (
    packed_gradients,
    packed_states,
    unpacked_gradients,
    unpacked_states,
)
from edgekit.train.structure import flatten, pack

__all__ = ["MultiWorkerMirroredStrategy"]


class MultiWorkerMirroredStrategy(Strategy):
    """Training in all processes of an MPI job: `mpiexec -n 4 python train.py`.

    Every process runs the same program on the same data; `fit` lets each compute its part of every
    batch and sums the gradients, over MPI between CPUs and over NCCL between GPUs. Random numbers,
    initial weights, logs and decisions of callbacks are the chief's (process 0), which alone writes
    files and progress. Needs mpi4py and an MPI: pip install "edgekit[mpi]". The arguments are
    accepted for TensorFlow's sake.
    """

    def __init__(self, cluster_resolver: Any = None, communication_options: Any = None) -> None:
        super().__init__()
        self.processes = Processes()
        self.first_replica = self.rank = self.processes.rank
        self.device = self.processes.take_a_gpu()
        if self.processes.count == 1 and "TF_CONFIG" in os.environ:
            warnings.warn(
                "TF_CONFIG is set but this process is alone: workers are started by MPI here, "
                "mpiexec -n 4 python train.py, and TF_CONFIG is not read",
                stacklevel=2,
            )
        self._same_random_numbers()

    @property
    def num_replicas_in_sync(self) -> int:
        return self.processes.count

    @property
    def is_chief(self) -> bool:
        return self.rank == 0

    @contextlib.contextmanager
    def scope(self) -> Iterator[Strategy]:
        self._same_random_numbers()
        with super().scope():
            yield self

    def _same_random_numbers(self) -> None:
        """Go on from the chief's state of the generator that seeds everything."""
        if self.processes.count > 1:
            common = random._STATE["generator"].bit_generator
            common.state = self.processes.from_chief(dict(common.state))

    # -- one call in each process -----------------------------------------------------------------

    def run(
        self, fn: Callable[..., Any], args: Any = (), kwargs: Any = None, options: Any = None
    ) -> Any:
        states = [v for model in self._models for v in states_of(model)]
        before = [v.data.copy() for v in states]
        with within(ReplicaContext(self, self.rank)), self._placed(self.device):
            result = fn(*args, **(kwargs or {}))
        self._average(states, before, 1.0 / self.processes.count)
        return result

    def _each(self, model: Any, step: Any, parts: Any, states: Any, heard: bool) -> list[Any]:
        share, data = parts[0]
        before = [v.data.copy() for v in states]
        counted = None if share else [[np.array(to_numpy(a)) for a in m.state()]
                                      for m in model.metrics]  # fmt: skip
        context = ReplicaContext(self, self.rank, share)
        with within(context), self._placed(self.device):
            logs = step(data)
        if counted is not None:  # what was computed only to keep the others company
            self._restore(model, counted)
        self._average(states, before, share)
        return [self._same_logs(model, logs, share) if heard else logs]

    def _average(self, states: list[Any], before: list[Any], weight: float) -> None:
        """Give moving statistics the mean of what the processes made of them."""
        if states:
            moved = packed_states(states, before, weight)
            self.processes.sum(moved)
            unpacked_states(moved, states, before)

    def _apply_once(
        self, context: ReplicaContext, optimizer: Any, grads: Any, variables: Any
    ) -> None:
        known = list(optimizer._ready(None)[1] if variables is None else variables)
        grads = list(grads)
        vector = packed_gradients(grads, known, context.share)
        self.processes.sum(vector)
        optimizer._apply(unpacked_gradients(vector, grads, known), variables)

    def _all_reduce(self, context: ReplicaContext, operation: str, value: Any) -> Any:
        leaves = [one.data if hasattr(one, "__edgekit_tensor__") else one for one in flatten(value)]
        count = self.processes.count if operation == "MEAN" else 1
        found = []
        for leaf in leaves:
            total = np.array(to_numpy(leaf), np.result_type(leaf, np.float32), ndmin=1)
            self.processes.sum(total)
            total = (total / count).astype(total.dtype).reshape(np.shape(leaf))
            found.append(same_place(total, leaf) if hasattr(leaf, "ndim") else total)
        return pack(value, found)

    def _over_processes(self, total: np.ndarray, count: int) -> tuple[np.ndarray, int]:
        numbers = np.append(total.astype(np.float64).reshape(-1), float(count))
        self.processes.sum(numbers)
        return numbers[:-1].reshape(total.shape).astype(total.dtype), int(numbers[-1])

    def _of_all(self, values: list[Any]) -> list[Any]:
        return [one for several in self.processes.of_all(values) for one in several]

    def _any(self, flag: bool) -> bool:
        count = np.array([float(flag)])
        self.processes.sum(count)
        return bool(count[0])

    # -- the same logs everywhere -----------------------------------------------------------------

    def _begin_epoch(self, model: Any, heard: bool) -> bool:
        return self._any(heard)

    def _same_logs(self, model: Any, logs: Any, share: float) -> Any:
        """The logs of a step as if one process had seen the joined batches so far."""
        own = [[np.array(to_numpy(a)) for a in metric.state()] for metric in model.metrics]
        shapes = [np.shape(a) for state in own for a in state]
        found = model.get_metrics_result()
        others = [name for name in logs or {} if name not in found]
        extra = [float(to_numpy(logs[name])) * share for name in others]
        flat = [np.reshape(a, -1) for state in own for a in state]
        vector = np.concatenate([*flat, extra]).astype(np.float64)
        self.processes.sum(vector)
        totals, start = [], 0
        for shape in shapes:
            size = int(np.prod(shape))
            totals.append(vector[start : start + size].reshape(shape))
            start += size
        whole = iter(totals)
        self._restore(model, [[next(whole) for _ in state] for state in own])
        found = {name: np.array(to_numpy(v)) for name, v in model.get_metrics_result().items()}
        self._restore(model, own)
        found |= dict(zip(others, vector[start:], strict=True))
        return {name: found[name] for name in logs or {}}

    def _restore(self, model: Any, states: list[Any]) -> None:
        for metric, state in zip(model.metrics, states, strict=True):
            arrays = [asarray(a) if np.ndim(a) else np.float64(a) for a in state]
            metric.restore(arrays)

    def _end_epoch(self, model: Any, logs: Any) -> Any:
        if self.processes.count > 1:
            self._check_weights(model)
        return self._same_logs(model, logs, 1.0 / self.processes.count)

    def _check_weights(self, model: Any) -> None:
        """Raises EdgekitError where a process has other weights than the chief."""
        sum_of_bits = 0
        for weight in model.weights:
            sum_of_bits = zlib.crc32(to_numpy(weight).tobytes(), sum_of_bits)
        found = self.processes.of_all(sum_of_bits)
        others = [rank for rank, one in enumerate(found) if one != found[0]]
        if others:
            raise EdgekitError(
                f"processes {others} have other weights than the chief: every process must run the "
                "same program, and change weights in no other way than the others"
            )

    # -- around fit -------------------------------------------------------------------------------

    def _begin_fit(self, model: Any, batches: Any) -> None:
        if self.processes.count == 1:
            return
        self._same_random_numbers()
        self._check_data(batches)
        order = getattr(batches, "random", None)
        places = drawing_in(model)
        found = [getattr(layer, name) for layer, name in places]
        states = [dict(g.bit_generator.state) for g in ([] if order is None else [order])]
        states += [dict(g.bit_generator.state) for g in found]
        sent = self.processes.from_chief(states)
        if order is not None:
            order.bit_generator.state = sent.pop(0)
        for (layer, name), generator, state in zip(places, found, sent, strict=True):
            generator.bit_generator.state = state
            if self.rank:
                setattr(layer, name, random.derived_generator(generator, self.rank))
        self._same_weights(model)

    def _check_data(self, batches: Any) -> None:
        """Raises InputError where a process has other data than the chief."""
        own = [getattr(batches, name, None) for name in ("count", "batch_size", "steps")]
        found = self.processes.of_all([None if n is None else int(n) for n in own])
        if any(one != found[0] for one in found):
            raise InputError(
                "every process must be given the same data, of which it takes its part of each "
                f"batch. Received (samples, batch size, steps), process by process: {found}"
            )

    def _same_weights(self, model: Any) -> None:
        """Take the chief's weights and the state of its optimizer."""
        optimizer = model.optimizer
        built = optimizer is not None and optimizer.built
        values = [to_numpy(w) for w in model.weights]
        slots = optimizer.get_weights() if built else []
        weights, state = self.processes.from_chief([values, slots])
        if len(weights) != len(values) or len(state) != len(slots):
            raise EdgekitError(
                f"process {self.rank} on {socket.gethostname()} has another model than the chief: "
                f"{len(values)} weights and {len(slots)} of the optimizer, not {len(weights)} and "
                f"{len(state)}. Every process must run the same program"
            )
        for variable, value in zip(model.weights, weights, strict=True):
            variable.assign(asarray(value, variable.dtype))
        if built:
            optimizer.set_weights(state)

    def _end_fit(self, model: Any) -> None:
        self.processes.recovered()
        self.processes.barrier()  # what the chief wrote is there for all

    def _failed(self, error: BaseException) -> None:
        self.processes.failed(error)

    def _from_chief(self, value: Callable[[], Any]) -> Any:
        return self.processes.from_chief(value() if self.is_chief else None)

    def _replica_states(self, model: Any) -> list[Any] | None:
        if self.processes.count == 1:
            return None
        own = {
            "generators": [
                dict(getattr(layer, name).bit_generator.state) for layer, name in drawing_in(model)
            ],
            "metrics": [[np.array(to_numpy(a)) for a in m.state()] for m in model.metrics],
        }
        return self.processes.of_all(own)

    def _put_replica_states(self, model: Any, found: list[Any]) -> None:
        metrics = [own["metrics"] for own in found]
        if len(found) == self.processes.count:
            own = found[self.rank]
            places = drawing_in(model)
            for (layer, name), state in zip(places, own["generators"], strict=True):
                getattr(layer, name).bit_generator.state = state
            counted = own["metrics"]
        else:  # the job has another number of processes now: the chief goes on with all counts
            whole = [[sum(parts) for parts in zip(*states, strict=True)]
                     for states in zip(*metrics, strict=True)]  # fmt: skip
            nothing = [[part * 0 for part in state] for state in whole]
            counted = whole if self.is_chief else nothing
        own_shapes = [[np.shape(a) for a in metric.state()] for metric in model.metrics]
        if own_shapes == [[np.shape(a) for a in state] for state in counted]:
            self._restore(model, counted)
