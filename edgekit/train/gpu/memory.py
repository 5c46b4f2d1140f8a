"""What memory of a GPU is taken, and by what; in the message of an error too, where it is full."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

__all__ = ["count_pool_of", "explained", "info"]

# what has a pool beside cupy's default one: models, for their graphs
_OWNERS: weakref.WeakSet[Any] = weakref.WeakSet()
_peaks: dict[int, int] = {}


def count_pool_of(owner: Any) -> None:
    """Let `info` count `owner.pool` too, as long as the owner lives."""
    _OWNERS.add(owner)


def info(device: int) -> dict[str, int]:
    """Bytes of a GPU: "used", "held", "peak", "free", "total"; see `memory_info`."""
    import cupy

    found = cupy.cuda.Device(device)
    with found:
        pools = [cupy.get_default_memory_pool(), *(owner.pool for owner in _OWNERS)]
        held = sum(pool.total_bytes() for pool in pools)
        _peaks[device] = max(_peaks.get(device, 0), held)
        free, total = found.mem_info
        return {
            "used": int(sum(pool.used_bytes() for pool in pools)),
            "held": int(held),
            "peak": int(_peaks[device]),
            "free": int(free),
            "total": int(total),
        }


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Within the block an error for want of memory says what is taken, and what to do."""
    import cupy

    try:
        yield
    except cupy.cuda.memory.OutOfMemoryError as error:
        device = cupy.cuda.runtime.getDevice()
        found = {name: f"{size / 2**20:.0f} MiB" for name, size in info(device).items()}
        error.add_note(
            f"gpu:{device} has {found['total']}, of which {found['free']} are free. Arrays of this "
            f"process take {found['used']}, its pools hold {found['held']}. A smaller batch_size, "
            "or the policy 'mixed_bfloat16', takes less; del models that are not used any more"
        )
        raise
