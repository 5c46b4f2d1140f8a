"""Where the steps of a model are made: a stream of their own, and memory for its graphs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from .channels import tickets
from .kernel import watch
from .memory import count_pool_of, explained

__all__ = ["Workplace"]


def _kept_memory() -> Callable[[int], Any]:
    """An allocator for a pool, whose memory goes back to the GPU with the pool alone.

    Where memory is too little, a pool gives back what is free in it, and tries again. What is free
    in the pool of graphs are their activations.
    """
    import cupy

    kept: list[Any] = []

    def allocate(size: int) -> Any:
        kept.append(cupy.cuda.Memory(size))
        return cupy.cuda.MemoryPointer(kept[-1], 0)

    return allocate


class Workplace:
    """A stream and a memory pool of the current GPU, kept as long as graphs use them.

    Replays of a graph write to the addresses that were given out while it was captured. They come
    from a pool that is used for nothing else: what is allocated between captures, and lives on,
    must not lie where a graph keeps its activations. Several graphs share the pool, since they run
    one after the other on the one stream, and what one of them gives is read before the next.
    """

    def __init__(self) -> None:
        import cupy

        self.device = cupy.cuda.Device()
        self.stream: Any = cupy.cuda.Stream(non_blocking=True)
        self.copies: Any = cupy.cuda.Stream(non_blocking=True)
        self.pool: Any = cupy.cuda.MemoryPool(_kept_memory())
        count_pool_of(self)
        self._depth = 0

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Within the block work goes to the stream.

        What was begun before the block is finished before its work, and its work before what
        follows; the host waits for neither.
        """
        if self._depth:
            yield
            return
        import cupy

        with self.device:
            outer = cupy.cuda.get_current_stream()
            self.stream.wait_event(outer.record())
            self._depth += 1
            try:
                with self.stream, explained():
                    tickets(1)  # zeros that a capture could not make: it executes nothing
                    yield
            finally:
                self._depth -= 1
                outer.wait_event(self.stream.record())

    @contextlib.contextmanager
    def capturing(self) -> Iterator[list[Any]]:
        """Within the block work becomes a graph, which the list that is handed out holds then.

        Behind it the list holds what kernels of the graph read and others made: constants, say,
        whose memory must not be given to anybody else.
        """
        import cupy

        own: set[int] = set()
        others: dict[int, Any] = {}

        def malloc(size: int) -> Any:
            pointer = self.pool.malloc(size)
            own.add(id(pointer.mem))
            return pointer

        def see(argument: Any) -> None:
            if isinstance(argument, cupy.ndarray) and id(argument.data.mem) not in own:
                others[id(argument.data.mem)] = argument

        captured: list[Any] = []
        watch.see = see
        with cupy.cuda.using_allocator(malloc):
            self.stream.begin_capture()
            try:
                yield captured
                captured += [self.stream.end_capture(), list(others.values())]
            except BaseException:
                # ended in any case: cupy's is_capturing() raises where the capture is spoiled
                with contextlib.suppress(Exception):
                    self.stream.end_capture()
                raise
            finally:
                watch.see = None

    def free_bytes(self) -> int:
        """What can still be allocated: free memory of the GPU, and what the pool holds unused."""
        import cupy

        free: int = self.device.mem_info[0]
        return free + int(cupy.get_default_memory_pool().free_bytes())

    def bytes_held(self) -> int:
        """The memory that graphs have taken of the GPU."""
        return int(self.pool.total_bytes())
