"""What every strategy can do; by itself, training on one replica."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edgekit.train.backend import current_device, device, to_numpy
from edgekit.train.distribute.replica import ReduceOp, ReplicaContext, current, within
from edgekit.train.distribute.shards import PerReplica, split
from edgekit.train.structure import map_structure
from edgekit.train.tensor import Tensor, wrap

__all__ = ["OneDeviceStrategy", "Strategy", "get_strategy", "has_strategy"]


class Strategy:
    """Where a model trains, and on how many replicas.

        with strategy.scope():
            model = Sequential([...])
            model.compile("adam", "mse")
        model.fit(x, y, batch_size=64)  # of the joined batch of all replicas

    A model that is made in the scope belongs to the strategy; `fit` and `evaluate` cut its batches.
    """

    # which of all replicas compute in this process: so many from the first
    first_replica = 0
    local_replicas = 1

    def __init__(self) -> None:
        self.device: str | None = None
        self._models: weakref.WeakSet[Any] = weakref.WeakSet()

    # -- what there is ----------------------------------------------------------------------------

    @property
    def num_replicas_in_sync(self) -> int:
        """The number of replicas that a batch is cut for."""
        return 1

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the files and the progress."""
        return True

    @property
    def distributes(self) -> bool:
        """Whether a step of `fit` differs from one without a strategy."""
        return self.num_replicas_in_sync > 1 or self._elsewhere()

    def _elsewhere(self) -> bool:
        return self.device not in (None, current_device())

    @contextlib.contextmanager
    def scope(self) -> Iterator[Strategy]:
        """Models made within the block train under this strategy, on its first device."""
        current.strategies.append(self)
        try:
            with self._placed(self.device):
                yield self
        finally:
            current.strategies.remove(self)

    def _placed(self, name: str | None) -> contextlib.AbstractContextManager[Any]:
        return contextlib.nullcontext() if name in (None, current_device()) else device(name)

    def _adopt(self, model: Any) -> None:
        """A model was made in the scope."""
        self._models.add(model)

    # -- loops of one's own -----------------------------------------------------------------------

    def run(
        self, fn: Callable[..., Any], args: Any = (), kwargs: Any = None, options: Any = None
    ) -> Any:
        """Call `fn` once for each replica, with its part of what is a PerReplica.

        Gradients that `fn` applies are summed over the replicas first: divide the losses by the
        size of the joined batch (`compute_average_loss`).
        """
        with within(ReplicaContext(self, 0)), self._placed(self.device):
            return fn(*args, **(kwargs or {}))

    def reduce(self, reduce_op: Any, value: Any, axis: int | None = None) -> Any:
        """The sum or mean over all replicas, and along `axis` where that is given; a tensor."""
        operation = ReduceOp.checked(reduce_op)
        return map_structure(lambda one: self._reduce(operation, one, axis), value)

    def _reduce(self, operation: str, value: Any, axis: int | None) -> Tensor:
        total: Any = 0.0
        count = 0
        for one in value.values if isinstance(value, PerReplica) else [value]:
            array = np.asarray(to_numpy(one))
            count += 1 if axis is None else array.shape[axis]
            total = total + (array if axis is None else array.sum(axis=axis))
        total, count = self._over_processes(np.asarray(total), count)
        return wrap(np.asarray(total / count if operation == "MEAN" else total))

    def _over_processes(self, total: np.ndarray, count: int) -> tuple[np.ndarray, int]:
        return total, count

    def gather(self, value: Any, axis: int) -> Tensor:
        """The values of all replicas, one behind the other along `axis`; a tensor."""
        values = value.values if isinstance(value, PerReplica) else [value]
        return wrap(np.concatenate(self._of_all([to_numpy(one) for one in values]), axis=axis))

    def _of_all(self, values: list[Any]) -> list[Any]:
        """The values of the replicas of all processes."""
        return values

    def experimental_local_results(self, value: Any) -> tuple[Any, ...]:
        """The values of this process's replicas."""
        return value.values if isinstance(value, PerReplica) else (value,)

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """The batches of `dataset`, each cut for the replicas of this process."""
        return _Cut(self, dataset)

    def _local_parts(self, data: Any) -> list[tuple[float, Any]]:
        """This process's parts of a batch, with their shares."""
        first = self.first_replica
        return split(data, self.num_replicas_in_sync)[first : first + self.local_replicas]

    # -- what fit needs; nothing to do on one replica ---------------------------------------------

    def _apply_once(
        self, context: ReplicaContext, optimizer: Any, grads: Any, variables: Any
    ) -> None:
        optimizer._apply(grads, variables)

    def _all_reduce(self, context: ReplicaContext, operation: str, value: Any) -> Any:
        return value

    def _begin_fit(self, model: Any, batches: Any) -> None:
        """Before the first epoch, and before a backup is restored."""

    def _begin_epoch(self, model: Any, heard: bool) -> bool:
        """Whether anybody, in any process, wants to hear of batches."""
        return heard

    def _each(self, model: Any, step: Any, parts: Any, states: Any, heard: bool) -> list[Any]:
        """Call `step` for the local replicas; returns what each gave."""
        with within(ReplicaContext(self, 0, 1.0)), self._placed(self.device):
            return [step(data) for _, data in parts]

    def _joined_logs(self, model: Any, logs: list[Any], shares: list[float]) -> dict[str, Any]:
        return logs[0]

    def _end_epoch(self, model: Any, logs: Any) -> Any:
        """The logs of the epoch, the same in every process."""
        return logs

    def _end_fit(self, model: Any) -> None:
        """After the last epoch."""

    def _failed(self, error: BaseException) -> None:
        """An exception leaves `fit`."""

    def _any(self, flag: bool) -> bool:
        """Whether the flag is set in any process."""
        return flag

    def _from_chief(self, value: Callable[[], Any]) -> Any:
        """A plain value that the chief finds, in every process."""
        return value()

    def _replica_states(self, model: Any) -> list[Any] | None:
        """What a backup keeps of each replica; None where the model says it all."""
        return None

    def _put_replica_states(self, model: Any, found: list[Any]) -> None:
        """Put back what `_replica_states` gave."""


class OneDeviceStrategy(Strategy):
    """Training on one device: "cpu", or "gpu:N"."""

    def __init__(self, device: str) -> None:
        from edgekit.train.distribute.devices import read_devices

        super().__init__()
        name = read_devices([device])[0]
        self.device = "cpu" if name.startswith("cpu") else name


class _Cut:
    """The batches of a data set as PerReplica values."""

    def __init__(self, strategy: Strategy, dataset: Any) -> None:
        self.strategy = strategy
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __iter__(self) -> Iterator[Any]:
        for data in self.dataset:
            parts = [part for _, part in self.strategy._local_parts(data)]
            if len(parts) == 1:
                yield parts[0]
            elif isinstance(parts[0], tuple):
                yield tuple(PerReplica(values) for values in zip(*parts, strict=True))
            else:
                yield PerReplica(parts)


_DEFAULT = Strategy()


def get_strategy() -> Strategy:
    """The strategy whose scope or replica this is; one of a single replica elsewhere."""
    if current.context is not None:
        found: Strategy = current.context.strategy
        return found
    return current.strategies[-1] if current.strategies else _DEFAULT


def has_strategy() -> bool:
    """Whether this is in the scope or in a replica of a strategy."""
    return get_strategy() is not _DEFAULT
