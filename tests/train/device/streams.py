"""Streams, events and graphs. All work is done in the order in which it is given.

While a stream captures nothing is done: what is given to it becomes the nodes of a graph, each with
the buffers it had, and is done at every launch of the graph.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from .machine import CUDARuntimeError, machine

__all__ = ["Event", "Graph", "Stream", "get_current_stream", "get_elapsed_time"]

_pointers = itertools.count(0x7000)
_moments = itertools.count()


class Graph:
    """What a stream captured. `nodes` are functions without arguments."""

    def __init__(self, nodes: list[Callable[[], None]], gpu: int) -> None:
        self.nodes = nodes
        self._gpu = gpu

    def launch(self, stream: Any = None) -> None:
        """Do it all, on the memory that the nodes had when they were captured."""
        target = stream or get_current_stream()
        if target.nodes is not None:
            raise CUDARuntimeError("cudaErrorStreamCaptureUnsupported", "Graph.launch")
        machine.graph_launches += 1
        for node in self.nodes:
            node()

    def upload(self, stream: Any = None) -> None:
        """Make ready for the first launch; nothing to do here."""


class Stream:
    """A queue of work on the current GPU. The host never runs ahead of it here."""

    null: Stream

    def __init__(
        self, null: bool = False, non_blocking: bool = False, ptds: bool = False,
        priority: int | None = None,
    ) -> None:  # fmt: skip
        self.device_id = -1 if null else machine.current.gpu
        self.ptr = 0 if null else next(_pointers)
        self.is_non_blocking = non_blocking
        self.nodes: list[Callable[[], None]] | None = None
        self.spoiled = False
        self._before: list[Any] = []

    @property
    def done(self) -> bool:
        return True

    def use(self) -> Stream:
        """Make it current on its GPU, in this thread."""
        if self.device_id not in (-1, machine.current.gpu):
            raise RuntimeError(f"This stream was not created on device {machine.current.gpu}")
        machine.current.streams[machine.current.gpu] = self
        return self

    def __enter__(self) -> Stream:
        self._before.append(machine.stream)
        return self.use()

    def __exit__(self, *_: object) -> None:
        before = self._before.pop()
        if before is None:
            machine.current.streams.pop(machine.current.gpu, None)
        else:
            before.use()

    def synchronize(self) -> None:
        if self.nodes is not None:
            self.spoiled = True
            raise CUDARuntimeError("cudaErrorStreamCaptureUnsupported", "Stream.synchronize")
        machine.synchronizations += 1
        machine.waits.append("Stream.synchronize")

    def begin_capture(self, mode: int | None = None) -> None:
        if self.ptr == 0:
            raise RuntimeError("cannot capture on the default (legacy) stream")
        if self.nodes is not None:
            raise CUDARuntimeError("cudaErrorIllegalState", "the stream captures already")
        self.nodes, self.spoiled = [], False

    def end_capture(self) -> Graph:
        if self.nodes is None:
            raise CUDARuntimeError("cudaErrorIllegalState", "the stream does not capture")
        nodes, self.nodes = self.nodes, None
        if self.spoiled:
            raise CUDARuntimeError("cudaErrorStreamCaptureInvalidated")
        return Graph(nodes, self.device_id)

    def is_capturing(self) -> bool:
        return self.nodes is not None

    def record(self, event: Event | None = None) -> Event:
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Nothing to wait for: what came before the event is done.

        But a capture cannot wait for what was done outside of it; and one that goes over to other
        streams is not simulated.
        """
        if self.nodes is not None and event.nodes is not self.nodes:
            self.spoiled = True
            raise CUDARuntimeError("cudaErrorStreamCaptureIsolation")
        if self.nodes is None and event.nodes is not None:
            raise NotImplementedError("a capture over several streams is not simulated")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self.ptr == other.ptr

    def __hash__(self) -> int:
        return hash(self.ptr)


Stream.null = Stream(null=True)


def get_current_stream(device_id: int = -1) -> Stream:
    """The stream that work of this thread goes to, on this GPU or the current one."""
    gpu = machine.current.gpu if device_id < 0 else device_id
    return machine.current.streams.get(gpu) or Stream.null


class Event:
    """A moment in a stream; `moment` counts events, for want of a clock."""

    def __init__(
        self, block: bool = False, disable_timing: bool = False, interprocess: bool = False
    ) -> None:
        self.timed = not disable_timing
        self.moment: int | None = None
        self.nodes: list[Any] | None = None  # of the capture in which it was recorded

    @property
    def done(self) -> bool:
        return True

    def record(self, stream: Stream | None = None) -> None:
        self.moment = next(_moments)
        self.nodes = (stream or get_current_stream()).nodes

    def synchronize(self) -> None:
        if self.nodes is not None:
            raise CUDARuntimeError("cudaErrorCapturedEvent")
        machine.synchronized("Event.synchronize")


def get_elapsed_time(start_event: Event, end_event: Event) -> float:
    """Milliseconds between two events; here simply how many came between."""
    if not (start_event.timed and end_event.timed):
        raise CUDARuntimeError("cudaErrorInvalidValue", "events without timing")
    assert start_event.moment is not None and end_event.moment is not None
    return float(end_event.moment - start_event.moment)
