"""The stand-in in the place of cupy, for the length of a test."""

from __future__ import annotations

import sys
from typing import Any

from .machine import Machine, machine
from .memory import default_pool
from .module import modules

__all__ = ["install"]


def install(monkeypatch: Any, gpus: int = 1) -> Machine:
    """Put the stand-in into `sys.modules` until the test ends; a fresh machine with `gpus`."""
    machine.reset(gpus)
    default_pool._clear()
    for name in [name for name in sys.modules if name.partition(".")[0] in ("cupy", "cupyx")]:
        monkeypatch.delitem(sys.modules, name)
    for name, module in modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    return machine
