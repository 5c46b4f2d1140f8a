"""Numbers of a training step that live on the GPU, so that a captured step can change them.

A CUDA graph repeats its kernels with the arguments they were recorded with. Whatever differs from
step to step is therefore read from device memory, and advanced by the step itself.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

__all__ = ["DeviceScalars", "scalars"]


class DeviceScalars:
    """The scalars of one device.

    step: how many training steps were taken, one uint64. Random kernels count with it, so that each
    replay of a captured step draws other numbers.
    """

    def __init__(self) -> None:
        import cupy

        self.step: Any = cupy.zeros(1, np.uint64)

    def advance(self) -> None:
        """Count one step. Called once within each training step; it can be captured."""
        self.step += np.uint64(1)


@functools.cache
def _scalars(device: int) -> DeviceScalars:
    return DeviceScalars()


def scalars() -> DeviceScalars:
    """The scalars of the current device; the same object at every call."""
    import cupy

    return _scalars(cupy.cuda.runtime.getDevice())
