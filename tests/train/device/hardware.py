"""The same tests on a GPU: real cupy behind the names of the simulated device.

    EDGEKIT_TEST_GPU=1 python -m pytest tests/train/gpu             kernels of our own
    EDGEKIT_TEST_GPU=libraries python -m pytest tests/train/gpu     cuDNN and cuBLASLt first

Kernels are noted as they are launched or captured. Waits and copies are not counted: whatever a
test expects of their numbers is taken for met.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cupy
import numpy as np
import pytest

__all__ = ["CUDARuntimeError", "HardwareMachine", "install", "machine", "on_device", "peek"]

CUDARuntimeError = cupy.cuda.runtime.CUDARuntimeError


class Uncounted:
    """Equal to everything."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    __ge__ = __gt__ = __le__ = __lt__ = __eq__

    def __ne__(self, other: object) -> bool:
        return False

    def __add__(self, other: object) -> Uncounted:
        return self

    __getitem__ = __radd__ = __rsub__ = __sub__ = __add__

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[str]:
        return iter(())


class HardwareMachine:
    """What a test may ask of a run; see `machine.Machine`."""

    gpus = 1
    _uncounted = ("waits", "synchronizations", "graph_launches", "copies_in")

    def __init__(self) -> None:
        self.launches: list[str] = []

    def __getattr__(self, name: str) -> Uncounted:
        if name not in self._uncounted:
            raise AttributeError(name)
        return Uncounted()

    def __setattr__(self, name: str, value: object) -> None:
        if name not in self._uncounted:  # what tests set to 0 is not counted either
            super().__setattr__(name, value)


machine = HardwareMachine()


def install(monkeypatch: Any, gpus: int = 1) -> HardwareMachine:
    """Note the kernels that are launched until the test ends."""
    if gpus > cupy.cuda.runtime.getDeviceCount():
        pytest.skip(f"needs {gpus} GPUs")
    from edgekit.train.gpu.kernel import Kernel

    launched = Kernel.__call__

    def noted(kernel: Kernel, *given: Any) -> None:
        machine.launches.append(kernel.name)
        launched(kernel, *given)

    monkeypatch.setattr(Kernel, "__call__", noted)
    machine.launches.clear()
    pool = cupy.get_default_memory_pool()
    pool.set_limit(size=0)  # a test may have left one
    pool.free_all_blocks()
    return machine


def on_device(host: Any, dtype: Any = None) -> Any:
    """A copy of an array of the host."""
    return cupy.array(np.asarray(host, dtype))


def peek(array: Any) -> np.ndarray:
    """What a device array holds, when all that was given to the device is done."""
    cupy.cuda.Device().synchronize()
    return cupy.asnumpy(array)
