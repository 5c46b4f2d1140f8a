"""A GPU simulated on the host: a strict stand-in for cupy whose kernels are compiled by g++.

`install(monkeypatch)` puts it under "cupy" and "cupyx"; `machine` counts what happens on it.
`on_device(array)` and `peek(array)` copy to it and from it without being counted. With
EDGEKIT_TEST_GPU in the environment the same names stand for a real GPU; see hardware.py.
"""

import os

import pytest

from .arrays import ndarray as ndarray
from .arrays import on_device as on_device
from .arrays import peek as peek
from .compiler import expect as expect
from .compiler import host_compiler as host_compiler
from .install import install as install
from .kernels import LaunchError as LaunchError
from .machine import CUDARuntimeError as CUDARuntimeError
from .machine import machine as machine
from .memory import at as at
from .module import stand_in as stand_in

HARDWARE = os.environ.get("EDGEKIT_TEST_GPU", "")
"""Empty on the simulated GPU; "1" on a real one, "libraries" with NVIDIA's libraries there."""

if HARDWARE:
    import cupy

    from .hardware import CUDARuntimeError as CUDARuntimeError
    from .hardware import install as install
    from .hardware import machine as machine  # type: ignore[assignment]
    from .hardware import on_device as on_device
    from .hardware import peek as peek

    ndarray = cupy.ndarray  # type: ignore[misc]

needs_simulation = pytest.mark.skipif(bool(HARDWARE), reason="of the simulated GPU alone")

__all__ = [
    "HARDWARE",
    "CUDARuntimeError",
    "LaunchError",
    "at",
    "expect",
    "host_compiler",
    "install",
    "machine",
    "ndarray",
    "needs_simulation",
    "on_device",
    "peek",
    "stand_in",
]
