"""cuBLASLt computed on the host: a library with its C interface, called through ctypes as it is."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

from .compiler import shared_object
from .machine import machine

__all__ = ["HostLibrary"]

_SOURCE = Path(__file__).with_name("cublas_host.cpp")


class HostLibrary:
    """The library of cublas_host.cpp. While a stream captures, products become nodes of a graph."""

    def __init__(self) -> None:
        flags = ("-std=c++17", "-O2", "-shared", "-fPIC")
        path = shared_object(_SOURCE.read_text(encoding="utf-8"), flags, _SOURCE.name)
        self._library = ctypes.PyDLL(str(path))
        self._library.edgekit_bias_of.restype = ctypes.c_uint64
        self.edgekit_refuse_epilogue(-1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def cublasLtMatmul(self, *given: Any) -> int:  # noqa: N802
        """As there. A graph keeps the bias that was set when the call was captured."""
        operation = given[1]
        bias = ctypes.c_uint64(self._library.edgekit_bias_of(operation))

        def run() -> int:
            machine.launches.append("cublasLtMatmul")
            self.cublasLtMatmulDescSetAttribute(
                operation, 8, ctypes.byref(bias), ctypes.c_size_t(8)
            )
            return self._library.cublasLtMatmul(*given)

        if not machine.capturing:
            return run()
        machine.capturing.nodes.append(run)
        return 0
