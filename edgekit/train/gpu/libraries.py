"""NVIDIA's libraries where they are installed: found, asked for or left out, and their workspaces.

cuDNN convolves and cuBLASLt multiplies; where one is missing or left out, kernels of our own do.
`report()` says which is in use and, where it is not, why.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from edgekit.errors import InputError

__all__ = ["Library", "report", "shared_library", "use_libraries", "workspace"]


_all: dict[str, Library] = {}


class Library:
    """A library that may be missing. `load` gives its module or ctypes library, or raises."""

    def __init__(self, name: str, load: Callable[[], Any]) -> None:
        self.name = name
        self.wanted = True
        self._load = load
        self._loaded: Any = None
        self._missing: str | None = None
        _all[name] = self

    def get(self) -> Any:
        """The library, or None where it is missing or left out."""
        if not self.wanted or self._missing is not None:
            return None
        if self._loaded is None:
            try:
                self._loaded = self._load()
            except Exception as error:  # each loader of a system has errors of its own
                self._missing = f"{type(error).__name__}: {error}"
        return self._loaded

    def failed(self, reason: str) -> None:
        """The library is there and does not work: it is not asked again."""
        self._missing = reason

    def forget(self) -> None:
        """Look for it anew when it is next wanted."""
        self._loaded = self._missing = None

    def __str__(self) -> str:
        if not self.wanted:
            return "left out"
        return "in use" if self.get() is not None else f"missing ({self._missing})"


def report() -> dict[str, str]:
    """For each library: "in use", "left out", or "missing" and why."""
    return {name: str(library) for name, library in _all.items()}


@contextlib.contextmanager
def use_libraries(**wanted: bool) -> Iterator[None]:
    """Within the block cuDNN and cuBLASLt are used or left out: `use_libraries(cudnn=False)`.

    Raises InputError for another name.
    """
    unknown = wanted.keys() - _all.keys()
    if unknown:
        raise InputError(f"no library {sorted(unknown)[0]!r}; there are {', '.join(_all)}")
    before = {name: _all[name].wanted for name in wanted}
    try:
        for name, choice in wanted.items():
            _all[name].wanted = choice
        yield
    finally:
        for name, choice in before.items():
            _all[name].wanted = choice


def shared_library(stem: str, *versions: str) -> ctypes.CDLL:
    """`lib<stem>.so.<version>` of NVIDIA's wheels, else of the system; raises OSError.

    The wheels put libraries into `nvidia/<package>/lib` beside the packages of Python.
    """
    names = [f"lib{stem}.so.{version}" for version in versions]
    for folder in sys.path:
        for name in names:
            for path in sorted(Path(folder or ".").glob(f"nvidia/*/lib/{name}")):
                return ctypes.CDLL(str(path))
    problems = []
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError as error:
            problems.append(str(error))
    raise OSError(f'{"; ".join(problems)}; pip install "edgekit[cuda]" brings it')


_workspaces: dict[tuple[int, int], list[Any]] = {}


def workspace(size: int) -> int:
    """The address of at least `size` bytes for the work of the current stream.

    The calls of a stream come one after the other, so they share it. Graphs keep the address that
    they were captured with: what became too small is kept too, and sizes double.
    """
    import cupy

    key = cupy.cuda.Device().id, cupy.cuda.get_current_stream().ptr
    kept = _workspaces.setdefault(key, [])
    if not kept or kept[-1].mem.size < size:
        rounded = 1 << max(20, (size - 1).bit_length())
        # not from the pool of the arrays: nothing else may ever lie here
        kept.append(cupy.cuda.MemoryPool().malloc(rounded))
    return int(kept[-1].ptr)
