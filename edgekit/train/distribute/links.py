"""How vectors of several replicas in one process become one, and one becomes several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edgekit.errors import InputError, MissingExtraError, require

__all__ = ["HostLinks", "NcclLinks", "nccl_module", "nccl_type"]


class HostLinks:
    """Between arrays in the memory of the host."""

    def sum_to_first(self, vectors: Sequence[Any]) -> Any:
        """Add all vectors into the first, which is returned."""
        for other in vectors[1:]:
            vectors[0][...] += other
        return vectors[0]

    def spread(self, vectors: Sequence[Any]) -> None:
        """Copy the first vector into all others."""
        for other in vectors[1:]:
            other[...] = vectors[0]

    def to_first(self, array: Any) -> Any:
        """The array where the first replica has its own."""
        return array


class NcclLinks:
    """Between the GPUs of one process, over NCCL."""

    def __init__(self, gpus: Sequence[int]) -> None:
        self._cupy: Any = require("cupy", extra="cuda")
        self._nccl: Any = nccl_module()
        self._gpus = list(gpus)
        self._communicators = self._nccl.NcclCommunicator.initAll(self._gpus)

    def sum_to_first(self, vectors: Sequence[Any]) -> Any:
        """Add all vectors into the first, which is returned."""
        kind, total = nccl_type(self._nccl, vectors[0].dtype), self._nccl.NCCL_SUM

        def reduce(link: Any, vector: Any, stream: int) -> None:
            link.reduce(vector.data.ptr, vector.data.ptr, vector.size, kind, total, 0, stream)

        self._on_each(vectors, reduce)
        return vectors[0]

    def spread(self, vectors: Sequence[Any]) -> None:
        """Copy the first vector into all others."""
        kind = nccl_type(self._nccl, vectors[0].dtype)

        def broadcast(link: Any, vector: Any, stream: int) -> None:
            link.broadcast(vector.data.ptr, vector.data.ptr, vector.size, kind, 0, stream)

        self._on_each(vectors, broadcast)

    def to_first(self, array: Any) -> Any:
        """A copy of a device array on the first GPU; anything else as it is."""
        if not isinstance(array, self._cupy.ndarray):
            return array
        with self._cupy.cuda.Device(self._gpus[0]):
            return array.copy()  # into the memory of the current device, from whichever it is in

    def _on_each(self, vectors: Sequence[Any], call: Callable[[Any, Any, int], None]) -> None:
        """One call for each GPU, all of them in one group of NCCL, on the current streams."""
        self._nccl.groupStart()
        try:
            for gpu, link, vector in zip(self._gpus, self._communicators, vectors, strict=True):
                with self._cupy.cuda.Device(gpu):
                    call(link, vector, self._cupy.cuda.get_current_stream().ptr)
        finally:
            self._nccl.groupEnd()


def nccl_module() -> Any:
    """cupy's NCCL, which is there without its library too. Raises MissingExtraError then."""
    nccl = require("cupy.cuda.nccl", extra="cuda")
    if not nccl.available:
        raise MissingExtraError(
            "several GPUs need the library NCCL, which cupy did not find; install it with: "
            "pip install nvidia-nccl-cu13"
        )
    return nccl


def nccl_type(nccl: Any, dtype: Any) -> int:
    """NCCL's number of a dtype. Raises InputError for one that it has not."""
    names = {
        "float16": "NCCL_FLOAT16",
        "float32": "NCCL_FLOAT32",
        "float64": "NCCL_FLOAT64",
        "int32": "NCCL_INT32",
        "int64": "NCCL_INT64",
        "uint8": "NCCL_UINT8",
        "int8": "NCCL_INT8",
        "bool": "NCCL_UINT8",
    }
    name = names.get(str(dtype))
    if name is None:
        raise InputError(f"NCCL has no arrays of {dtype}; use float32 weights")
    found: int = getattr(nccl, name)
    return found
