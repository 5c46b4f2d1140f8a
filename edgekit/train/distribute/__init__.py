"""Training on several devices of a machine, and in several processes on one machine or many.

    strategy = MirroredStrategy()                # all GPUs of this machine
    strategy = MultiWorkerMirroredStrategy()     # mpiexec -n 4 python train.py
    with strategy.scope():
        model = Sequential([...])
        model.compile("adam", "mse")
    model.fit(x, y, batch_size=64 * strategy.num_replicas_in_sync)

Names and meanings are those of `tf.distribute`; docs/distribution.md says what differs.
"""

from __future__ import annotations

import importlib
from typing import Any

# resolved at first use: an optimizer asks this package for the replica at every step, and a program
# on one device shall not load the rest
_HOME = {
    "MirroredStrategy": "mirrored",
    "MultiWorkerMirroredStrategy": "workers",
    "OneDeviceStrategy": "strategy",
    "PerReplica": "shards",
    "ReduceOp": "replica",
    "ReplicaContext": "replica",
    "Strategy": "strategy",
    "compute_average_loss": "losses",
    "get_replica_context": "replica",
    "get_strategy": "strategy",
    "has_strategy": "strategy",
    "scale_regularization_loss": "losses",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Import a name at its first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOME)
