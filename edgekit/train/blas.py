"""BLAS on one thread while a model trains.

A step is many products of matrices that fit the cache. To share one of them among threads costs
more than it brings, and where other programs want the cores too the threads wait for each other:
a step of LeNet takes 6 ms on one thread and was seen to take 160 ms on two. Threads that pay share
the batch instead (`edgekit.train.set_threads`).
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator
from typing import Any

__all__ = ["one_blas_thread"]

CHOSEN_BY = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "GOTO_NUM_THREADS")
"""Environment variables with which a person has said how many threads BLAS is to take."""


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread within the block, unless the environment names a number.

    Needs threadpoolctl (extra "desktop"); without it BLAS stays as it is.
    """
    controller = None if any(os.environ.get(name) for name in CHOSEN_BY) else _controller()
    if controller is None:
        yield
        return
    with controller.limit(limits=1, user_api="blas"):
        yield


@functools.cache
def _controller() -> Any:
    """What knows the BLAS libraries of this process: to look for them takes some milliseconds."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()
