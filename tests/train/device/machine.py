"""The simulated machine: its GPUs, which GPU and stream are current, and what it counts."""

from __future__ import annotations

import threading
from typing import Any

__all__ = ["CUDARuntimeError", "Machine", "machine"]

_TEXTS = {
    "cudaErrorInvalidValue": "invalid argument",
    "cudaErrorInvalidConfiguration": "invalid configuration argument",
    "cudaErrorMemoryAllocation": "out of memory",
    "cudaErrorIllegalAddress": "an illegal memory access was encountered",
    "cudaErrorInvalidDevice": "invalid device ordinal",
    "cudaErrorIllegalState": "the operation cannot be performed in the present state",
    "cudaErrorStreamCaptureUnsupported": "operation not permitted when stream is capturing",
    "cudaErrorStreamCaptureInvalidated": "operation failed due to a previous error during capture",
    "cudaErrorStreamCaptureIsolation": ("dependency created on uncaptured work in another stream"),
    "cudaErrorCapturedEvent": "operation not permitted on an event of a capturing stream",
    "cudaErrorStreamCaptureUnmatched": "capture was not ended in the same stream as it began",
}


class CUDARuntimeError(RuntimeError):
    """An error of the CUDA runtime, by its name."""

    def __init__(self, name: str, more: str = "") -> None:
        super().__init__(f"{name}: {_TEXTS[name]}" + (f" ({more})" if more else ""))
        self.name = name


class _Current(threading.local):
    """What is current in a thread: a GPU, and a stream for each GPU."""

    def __init__(self) -> None:
        self.gpu = 0
        self.streams: dict[int, Any] = {}
        self.allocators: list[Any] = []


class Machine:
    """Counts what a test may want to know of a run; `reset` before each test.

    synchronizations: how often the host waited for the device or read from it, and `waits` says
    by what. `launches` holds the names of the kernels as they ran, `graph_launches` how many
    graphs. `copies_in` counts copies from the host to the device.
    """

    def __init__(self) -> None:
        self.current = _Current()
        self.reset()

    def reset(self, gpus: int = 1) -> None:
        self.gpus = gpus
        self.current.gpu = 0
        self.current.streams.clear()
        self.current.allocators.clear()
        self.allocator: Any = None
        self.synchronizations = 0
        self.waits: list[str] = []
        self.launches: list[str] = []
        self.graph_launches = 0
        self.copies_in = 0

    @property
    def stream(self) -> Any:
        """The stream that is current on the current GPU; None for the default one."""
        return self.current.streams.get(self.current.gpu)

    @property
    def capturing(self) -> Any:
        """The current stream where it captures, else None."""
        stream = self.stream
        return stream if stream is not None and stream.nodes is not None else None

    def synchronized(self, by: str) -> None:
        """The host waits for the device. An error while the current stream captures."""
        if self.capturing and by.endswith("synchronize"):
            raise self.refused(by)
        self._copied("D2H", by)
        self.synchronizations += 1
        self.waits.append(by)

    def copied_in(self, by: str) -> None:
        """Data of the host goes to the device, which cupy refuses within a capture."""
        self._copied("H2D", by)
        self.copies_in += 1

    def _copied(self, way: str, by: str) -> None:
        """cupy does not even try to copy within a capture, which so goes on."""
        if self.capturing:
            text = f"the current stream is capturing, so {way} transfers are disallowed"
            raise RuntimeError(f"{text} ({by})")

    def refused(self, by: str) -> CUDARuntimeError:
        """The error of a call that CUDA itself refuses; it ends the capture for good."""
        if self.capturing:
            self.capturing.spoiled = True
        return CUDARuntimeError("cudaErrorStreamCaptureUnsupported", by)


machine = Machine()
