"""The processes of an MPI job: what they send each other, and how they end together."""

from __future__ import annotations

import atexit
import io
import socket
import sys
import time
import traceback
from typing import Any

import numpy as np

from edgekit.errors import require
from edgekit.train.backend import array_module, current_device, set_device
from edgekit.train.distribute.links import nccl_module, nccl_type

__all__ = ["Processes"]

# asking again costs a microsecond; a process that has waited for so long lets others run
_PATIENT_SECONDS, _NAP_SECONDS = 2e-3, 1e-4
# mpiexec throws away what it has not yet read of a process that ends the job
_LAST_WORDS_SECONDS = 1.0


class Processes:
    """All processes that `mpiexec` started; one where the program was started without it.

    From now on a process that ends with an exception ends the whole job, with its reason.
    """

    def __init__(self) -> None:
        self._mpi: Any = require("mpi4py.MPI", extra="mpi")
        self._all = self._mpi.COMM_WORLD.Dup()
        self.rank: int = self._all.Get_rank()
        self.count: int = self._all.Get_size()
        here = self._all.Split_type(self._mpi.COMM_TYPE_SHARED)
        self.rank_on_machine: int = here.Get_rank()
        self._gpu_link: Any = None
        self._exit_code = 0
        if self.count > 1:
            _end_together(self)

    # -- vectors ----------------------------------------------------------------------------------

    def sum(self, vector: Any) -> None:
        """Replace a vector by the sum of the vectors of all processes: NCCL on GPUs, else MPI."""
        if self.count == 1 or not vector.size:
            return
        if array_module(vector) is not np:
            self._sum_on_gpus(vector)
            return
        self._wait(self._all.Iallreduce(self._mpi.IN_PLACE, vector, op=self._mpi.SUM))

    def _wait(self, request: Any) -> None:
        """Wait for the others, leaving the processor to them where there are more than cores."""
        start = time.perf_counter()
        while not request.Test():
            waited = time.perf_counter() - start
            time.sleep(0 if waited < _PATIENT_SECONDS else _NAP_SECONDS)

    def _sum_on_gpus(self, vector: Any) -> None:
        cupy: Any = require("cupy", extra="cuda")
        nccl = nccl_module()
        if self._gpu_link is None:
            name = self.sent_by_chief(nccl.get_unique_id() if self.rank == 0 else b"")
            self._gpu_link = nccl.NcclCommunicator(self.count, name, self.rank)
        kind = nccl_type(nccl, vector.dtype)
        place, stream = vector.data.ptr, cupy.cuda.get_current_stream().ptr
        self._gpu_link.allReduce(place, place, vector.size, kind, nccl.NCCL_SUM, stream)

    # -- values -----------------------------------------------------------------------------------

    def sent_by_chief(self, content: bytes) -> bytes:
        """The bytes that the chief has, in every process."""
        if self.count == 1:
            return content
        size = np.array([len(content)], np.int64)
        self._wait(self._all.Ibcast(size, root=0))
        buffer = np.empty(int(size[0]), np.uint8)
        if self.rank == 0:
            buffer[:] = np.frombuffer(content, np.uint8)
        self._wait(self._all.Ibcast(buffer, root=0))
        return buffer.tobytes()

    def from_chief(self, value: Any) -> Any:
        """The plain value (numbers, strings, arrays, lists, dicts) of the chief."""
        return unpacked(self.sent_by_chief(packed(value) if self.rank == 0 else b""))

    def of_all(self, value: Any) -> list[Any]:
        """The plain values of all processes, in every process."""
        if self.count == 1:
            return [value]
        own = np.frombuffer(packed(value), np.uint8)
        sizes = np.empty(self.count, np.int64)
        self._wait(self._all.Iallgather(np.array([own.size], np.int64), sizes))
        everything = np.empty(int(sizes.sum()), np.uint8)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        target = [everything, sizes.tolist(), starts.tolist(), self._mpi.UINT8_T]
        self._wait(self._all.Iallgatherv(own, target))
        return [
            unpacked(everything[start : start + size].tobytes())
            for start, size in zip(starts, sizes, strict=True)
        ]

    def barrier(self) -> None:
        """Wait until every process is here."""
        self.sum(np.zeros(1, np.float32))

    # -- places and ends --------------------------------------------------------------------------

    def take_a_gpu(self) -> str | None:
        """Give each process of a machine a GPU of its own, where GPUs were asked for."""
        if current_device() == "cpu":
            return None
        cupy: Any = require("cupy", extra="cuda")
        name = f"gpu:{self.rank_on_machine % cupy.cuda.runtime.getDeviceCount()}"
        set_device(name)
        return name

    def failed(self, error: BaseException) -> None:
        """An exception left `fit`; if the program ends on it, so do all others."""
        code = error.code if isinstance(error, SystemExit) else 1
        self._exit_code = code if isinstance(code, int) and code else 1

    def recovered(self) -> None:
        """Everything went on: nothing of an earlier exception is left."""
        self._exit_code = 0

    def abort(self, code: int) -> None:
        """End all processes of the job at once."""
        self._exit_code = 0  # leaving is explained already
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        time.sleep(_LAST_WORDS_SECONDS)
        self._mpi.COMM_WORLD.Abort(code)


def _end_together(processes: Processes) -> None:
    """Let no process wait for one that has ended."""
    before = sys.excepthook

    def ended(kind: Any, error: Any, trace: Any) -> None:
        place = f"process {processes.rank} of {processes.count} on {socket.gethostname()}"
        reason = "".join(traceback.format_exception_only(kind, error)).strip()
        before(kind, error, trace)
        print(f"{place} ended the job: {reason}", file=sys.stderr, flush=True)
        processes.abort(130 if kind is KeyboardInterrupt else 1)

    def left() -> None:
        if processes._exit_code:
            print(
                f"process {processes.rank} of {processes.count} left in the middle of fit; the "
                "others cannot go on without it",
                file=sys.stderr,
                flush=True,
            )
            processes.abort(processes._exit_code)

    sys.excepthook = ended
    atexit.register(left)


def packed(value: Any) -> bytes:
    """Plain values as bytes, in the format of backups."""
    from edgekit.train.callbacks.snapshots import saved

    file = io.BytesIO()
    saved(file, {"value": value})
    return file.getvalue()


def unpacked(content: bytes) -> Any:
    """The opposite of `packed`. Nothing in it is executed."""
    from edgekit.train.callbacks.snapshots import loaded

    return loaded(io.BytesIO(content))["value"]
