"""Several replicas in one process: the GPUs of a machine, or replicas simulated on its CPU."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from edgekit.train.distribute.devices import all_devices, read_devices
from edgekit.train.distribute.links import HostLinks, NcclLinks
from edgekit.train.distribute.mirrors import LayerStates, Mirrors, counted_apart, states_of
from edgekit.train.distribute.replica import ReplicaContext, current, within
from edgekit.train.distribute.shards import PerReplica, values_of
from edgekit.train.distribute.strategy import Strategy
from edgekit.train.distribute.turns import Turn, run_in_turns
from edgekit.train.distribute.vectors import (
    packed_gradients,
    packed_states,
    unpacked_gradients,
    unpacked_states,
)
from edgekit.train.structure import flatten, pack, unique

__all__ = ["MirroredStrategy"]


class MirroredStrategy(Strategy):
    """Training on several devices of this machine, in this process.

    devices: "gpu:0", "gpu:1" ..., which exchange gradients over NCCL; all GPUs where none are
    given. "cpu:0", "cpu:1" ... are replicas simulated on the CPU one after the other, to see what
    several would compute. With one device everything is computed as without a strategy.
    cross_device_ops is accepted for TensorFlow's sake.
    """

    def __init__(self, devices: Sequence[str] | None = None, cross_device_ops: Any = None) -> None:
        super().__init__()
        self.devices = all_devices() if devices is None else read_devices(devices)
        self.local_replicas = len(self.devices)
        on_gpus = self.devices[0].startswith("gpu")
        self.device = self.devices[0] if on_gpus else "cpu"
        self.links: Any = HostLinks()
        if on_gpus and len(self.devices) > 1:
            self.links = NcclLinks([int(name[4:]) for name in self.devices])
        self._mirrors: Mirrors | None = None
        self._layer_states: dict[int, LayerStates] = {}

    @property
    def num_replicas_in_sync(self) -> int:
        return len(self.devices)

    def _on(self, replica: int) -> contextlib.AbstractContextManager[Any]:
        return self._placed("cpu" if self.device == "cpu" else self.devices[replica])

    # -- one call for each replica ----------------------------------------------------------------

    def run(
        self, fn: Callable[..., Any], args: Any = (), kwargs: Any = None, options: Any = None
    ) -> Any:
        count = self.num_replicas_in_sync
        if count == 1:
            return super().run(fn, args, kwargs)
        models = list(self._models)
        given = [values_of(one, count) for one in args]
        named = {name: values_of(one, count) for name, one in (kwargs or {}).items()}

        def call(replica: int) -> Any:
            return fn(
                *(one[replica] for one in given),
                **{name: one[replica] for name, one in named.items()},
            )

        states = [v for model in models for v in states_of(model)]
        results = self._in_turns(models, call, [None] * count, [1.0 / count] * count, states)
        leaves = [flatten(one) for one in results]
        together = [PerReplica(values) for values in zip(*leaves, strict=True)]
        return pack(results[0], together)

    def _each(self, model: Any, step: Any, parts: Any, states: Any, heard: bool) -> list[Any]:
        if self.num_replicas_in_sync == 1:
            return super()._each(model, step, parts, states, heard)
        shares = [share for share, _ in parts]
        return self._in_turns(
            [model], lambda replica: step(parts[replica][1]), shares, shares, states
        )

    def _in_turns(
        self,
        models: list[Any],
        call: Callable[[int], Any],
        shares: Sequence[float | None],
        weights: Sequence[float],
        states: list[Any],
    ) -> list[Any]:
        """Call `call` with the number of each replica, then average the states."""
        mirrors = self._refreshed(models)
        for model in models:
            self._layer_states_of(model)  # from where the generators stand before the step
        before = [self._arrays_in(replica, states) for replica in range(len(shares))]

        def turn(replica: int) -> Callable[[Turn], Any]:
            context = ReplicaContext(self, replica, shares[replica])

            def computed(own: Turn) -> Any:
                context.meet = own.meet  # type: ignore[attr-defined]
                current.strategies = [self]
                with within(context), self._on(replica):
                    return call(replica)

            return computed

        turns = [Turn(turn(replica)) for replica in range(len(shares))]
        results = run_in_turns(
            turns, lambda replica: self._entered(models, mirrors, replica, shares), self._settle
        )
        self._average(states, before, weights)
        return results

    def _refreshed(self, models: list[Any]) -> Mirrors:
        """The mirrors of all variables of the models, up to date."""
        variables = unique(v for model in models for v in model.weights)
        if self._mirrors is None or not self._mirrors.fits(variables):
            self._mirrors = Mirrors(variables, len(self.devices), self.links, self._on)
        self._mirrors.refresh()
        return self._mirrors

    @contextlib.contextmanager
    def _entered(
        self, models: list[Any], mirrors: Mirrors, replica: int, shares: Sequence[float | None]
    ) -> Iterator[None]:
        """The state in which a replica computes: its variables, generators and counts."""
        with contextlib.ExitStack() as stack:
            if replica:
                stack.enter_context(mirrors.exchanged(replica))
                for model in models:
                    stack.enter_context(self._layer_states_of(model).exchanged(replica))
                metrics = [metric for model in models for metric in model.metrics]
                stack.enter_context(
                    counted_apart(
                        metrics, self.links.to_first, self._on, replica, shares[replica] != 0
                    )
                )
            yield

    def _layer_states_of(self, model: Any) -> LayerStates:
        if id(model) not in self._layer_states:
            self._layer_states[id(model)] = LayerStates(model, len(self.devices))
        return self._layer_states[id(model)]

    def _arrays_in(self, replica: int, states: list[Any]) -> list[Any]:
        """Copies of the states' arrays in a replica."""
        with self._on(replica), self._with_arrays_of(replica):
            return [v.data.copy() for v in states]

    def _average(
        self, states: list[Any], before: list[list[Any]], weights: Sequence[float]
    ) -> None:
        """Give moving statistics the mean of what the replicas made of them."""
        if not states:
            return
        moves = []
        for replica, weight in enumerate(weights):
            with self._on(replica), self._with_arrays_of(replica):
                moves.append(packed_states(states, before[replica], weight))
        total = self.links.sum_to_first(moves)
        with self._on(0):
            unpacked_states(total, states, before[0])

    # -- meetings ---------------------------------------------------------------------------------

    def _apply_once(
        self, context: ReplicaContext, optimizer: Any, grads: Any, variables: Any
    ) -> None:
        if self.num_replicas_in_sync == 1:
            optimizer._apply(grads, variables)
        else:
            context.meet(("apply", optimizer, list(grads), variables, context.share))  # type: ignore[attr-defined]

    def _all_reduce(self, context: ReplicaContext, operation: str, value: Any) -> Any:
        if self.num_replicas_in_sync == 1:
            return value
        return context.meet(("reduce", operation, value))  # type: ignore[attr-defined]

    def _settle(self, requests: list[Any]) -> list[Any]:
        if requests[0][0] == "reduce":
            return self._reduced(requests[0][1], [request[2] for request in requests])
        _, optimizer, grads, variables, _ = requests[0]
        known = list(optimizer._ready(None)[1] if variables is None else variables)
        vectors = []
        for replica, request in enumerate(requests):
            with self._on(replica), self._with_arrays_of(replica):
                vectors.append(packed_gradients(request[2], known, request[4]))
        total = self.links.sum_to_first(vectors)
        with self._on(0):
            optimizer._apply(unpacked_gradients(total, grads, known), variables)
        assert self._mirrors is not None
        self._mirrors.refresh(("trained",))
        return [None] * len(requests)

    def _with_arrays_of(self, replica: int) -> contextlib.AbstractContextManager[None]:
        """Where the memory of a vector follows that of the variables."""
        assert self._mirrors is not None
        return self._mirrors.exchanged(replica) if replica else contextlib.nullcontext()

    def _reduced(self, operation: str, values: list[Any]) -> list[Any]:
        """Sum or mean of the replicas' values, for each of them."""
        count = len(values) if operation == "MEAN" else 1

        def total(leaves: tuple[Any, ...]) -> Any:
            first, *others = (self.links.to_first(_data(leaf)) for leaf in leaves)
            for other in others:
                first = first + other
            return first / count if count > 1 else first

        sums = [total(leaves) for leaves in zip(*map(flatten, values), strict=True)]
        return [pack(values[0], sums)] * len(values)

    # -- around fit -------------------------------------------------------------------------------

    def _begin_fit(self, model: Any, batches: Any) -> None:
        self._layer_states[id(model)] = LayerStates(model, len(self.devices))

    def _joined_logs(self, model: Any, logs: list[Any], shares: list[float]) -> dict[str, Any]:
        if self.num_replicas_in_sync == 1:
            return logs[0]
        found = model.get_metrics_result()
        return {
            name: found[name] if name in found else self._mean([one[name] for one in logs], shares)
            for name in logs[0]
        }

    def _mean(self, values: list[Any], shares: list[float]) -> Any:
        return sum(
            self.links.to_first(_data(value)) * share
            for value, share in zip(values, shares, strict=True)
        )

    def _replica_states(self, model: Any) -> list[Any] | None:
        if self.num_replicas_in_sync == 1:
            return None
        return [
            {"generators": [dict(g.bit_generator.state) for g in own]}
            for own in self._layer_states_of(model).generators
        ]

    def _put_replica_states(self, model: Any, found: list[Any]) -> None:
        own = self._layer_states_of(model).generators
        for generators, state in zip(own, found, strict=False):
            for generator, one in zip(generators, state["generators"], strict=True):
                generator.bit_generator.state = one


def _data(value: Any) -> Any:
    return getattr(value, "data", value) if hasattr(value, "__edgekit_tensor__") else value
