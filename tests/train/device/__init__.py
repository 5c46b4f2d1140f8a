"""A GPU simulated on the host: a strict stand-in for cupy whose kernels are compiled by g++.

`install(monkeypatch)` puts it under "cupy" and "cupyx"; `machine` counts what happens on it.
`on_device(array)` and `peek(array)` copy to it and from it without being counted.
"""

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

__all__ = [
    "CUDARuntimeError",
    "LaunchError",
    "at",
    "expect",
    "host_compiler",
    "install",
    "machine",
    "ndarray",
    "on_device",
    "peek",
    "stand_in",
]
