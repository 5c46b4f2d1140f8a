"""cupy.cuda: devices, the runtime, pinned memory; streams and memory pools under their names."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from . import memory, streams
from .compiler import CompileException
from .machine import CUDARuntimeError, machine

__all__ = ["Device", "cuda_module"]

ATTRIBUTES = {
    "MultiProcessorCount": 2,
    "MaxThreadsPerBlock": 1024,
    "MaxSharedMemoryPerBlock": 49152,
    "WarpSize": 32,
    "ComputeCapabilityMajor": 9,
    "ComputeCapabilityMinor": 0,
}
"""Of a small GPU: two multiprocessors, so that loops over the grid go round more than once."""


class Device:
    """One GPU; current within a `with` block."""

    def __init__(self, device: int | Device | None = None) -> None:
        self.id = machine.current.gpu if device is None else int(device)
        self._before: list[int] = []

    def __int__(self) -> int:
        return self.id

    def __enter__(self) -> Device:
        self._before.append(machine.current.gpu)
        self.use()
        return self

    def __exit__(self, *_: object) -> None:
        machine.current.gpu = self._before.pop()

    def use(self) -> None:
        if not 0 <= self.id < machine.gpus:
            raise CUDARuntimeError("cudaErrorInvalidDevice")
        machine.current.gpu = self.id

    def synchronize(self) -> None:
        machine.synchronized("Device.synchronize")

    @property
    def attributes(self) -> dict[str, int]:
        return dict(ATTRIBUTES)

    @property
    def compute_capability(self) -> str:
        return f"{ATTRIBUTES['ComputeCapabilityMajor']}{ATTRIBUTES['ComputeCapabilityMinor']}"

    @property
    def mem_info(self) -> tuple[int, int]:
        """(free, total) bytes."""
        with self:
            return memory.total_memory - memory.default_pool.total_bytes(), memory.total_memory

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and self.id == other.id

    def __hash__(self) -> int:
        return self.id

    def __repr__(self) -> str:
        return f"<CUDA Device {self.id}>"


def alloc_pinned_memory(size: int) -> Any:
    """Host memory that the device reads by itself; a buffer as numpy takes one."""
    return np.zeros(size, np.uint8).data


def _properties(device: int) -> dict[str, Any]:
    return {
        "name": b"simulated on the host",
        "major": ATTRIBUTES["ComputeCapabilityMajor"],
        "minor": ATTRIBUTES["ComputeCapabilityMinor"],
        "multiProcessorCount": ATTRIBUTES["MultiProcessorCount"],
        "totalGlobalMem": memory.total_memory,
        "sharedMemPerBlock": ATTRIBUTES["MaxSharedMemoryPerBlock"],
        "warpSize": 32,
    }


def _runtime() -> types.ModuleType:
    module = types.ModuleType("cupy.cuda.runtime")
    module.__dict__.update(
        CUDARuntimeError=CUDARuntimeError,
        getDevice=lambda: machine.current.gpu,
        setDevice=lambda device: Device(device).use(),
        getDeviceCount=lambda: machine.gpus,
        getDeviceProperties=_properties,
        memGetInfo=lambda: Device().mem_info,
        driverGetVersion=lambda: 13000,
        runtimeGetVersion=lambda: 13000,
        deviceSynchronize=lambda: Device().synchronize(),
        streamCaptureModeGlobal=0,
        streamCaptureModeThreadLocal=1,
        streamCaptureModeRelaxed=2,
        is_hip=False,
    )
    return module


def cuda_module() -> dict[str, types.ModuleType]:
    """The modules of cupy.cuda by their names."""
    cuda = types.ModuleType("cupy.cuda")
    parts = {
        "memory": {
            "Memory": memory.Memory,
            "MemoryPool": memory.MemoryPool,
            "OutOfMemoryError": memory.OutOfMemoryError,
        },
        "compiler": {"CompileException": CompileException},
        "stream": {"Stream": streams.Stream, "Event": streams.Event},
        "graph": {"Graph": streams.Graph},
    }
    found = {"cupy.cuda": cuda, "cupy.cuda.runtime": _runtime()}
    for name, content in parts.items():
        found[f"cupy.cuda.{name}"] = types.ModuleType(f"cupy.cuda.{name}")
        found[f"cupy.cuda.{name}"].__dict__.update(content)
    for name, module in found.items():
        if module is not cuda:
            setattr(cuda, name.rpartition(".")[2], module)
    cuda.__dict__.update(
        Device=Device,
        Event=streams.Event,
        Graph=streams.Graph,
        Memory=memory.Memory,
        MemoryPointer=memory.MemoryPointer,
        MemoryPool=memory.MemoryPool,
        Stream=streams.Stream,
        alloc=memory.allocate,
        alloc_pinned_memory=alloc_pinned_memory,
        get_allocator=memory.get_allocator,
        get_current_stream=streams.get_current_stream,
        get_elapsed_time=streams.get_elapsed_time,
        is_available=lambda: True,
        set_allocator=memory.set_allocator,
        using_allocator=memory.using_allocator,
    )
    return found
