"""Python's search for cycles, out of the way while a model is opened."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_paused"]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles among what is made by the thousand and stays: modules
    and records. Each search goes through all that there is so far, and finds nothing.

    The first search after the pause would go through them once more. So they are made old, which
    is what they would be after it: full searches alone look at them from then on. Nobody's frozen
    objects are thawed for that.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if gc.get_freeze_count() == 0:
                gc.freeze()
                gc.unfreeze()  # into the oldest generation
            gc.enable()
