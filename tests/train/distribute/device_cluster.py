"""Several GPUs of a stand-in for cupy, and a stand-in for NCCL between them.

An array remembers the GPU that was current when it was made. A computation on arrays of another GPU
than the current one fails, as it does on machines whose GPUs cannot read each other's memory.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import types

import numpy as np

from tests.train import strict_array
from tests.train.strict_array import DeviceArray, stand_in

__all__ = ["Cluster"]


class Cluster:
    """Stands under "cupy" and "cupy.cuda.nccl" in `sys.modules` once `install` was called."""

    def __init__(self, count):
        self.count = count
        self.now = threading.local()
        self.arrays = {}
        self.calls = []

    @property
    def gpu(self):
        return getattr(self.now, "gpu", 0)

    @contextlib.contextmanager
    def device(self, gpu):
        before, self.now.gpu = self.gpu, int(gpu)
        try:
            yield
        finally:
            self.now.gpu = before

    def install(self, monkeypatch):
        module = stand_in()
        made, taken = DeviceArray.__init__, strict_array.unwrapped

        def init(array, values):
            made(array, values)
            base = array._array
            while isinstance(base.base, np.ndarray):
                base = base.base
            # a view lies on the GPU of the memory that it looks at
            array.gpu = self.arrays.setdefault(id(base), (base, self.gpu))[1]

        def unwrapped(x):
            if isinstance(x, DeviceArray) and x.gpu != self.gpu:
                raise ValueError(f"an array of GPU {x.gpu} on GPU {self.gpu}")
            return taken(x)

        def data(array):
            return types.SimpleNamespace(ptr=array)

        monkeypatch.setattr(DeviceArray, "__init__", init)
        monkeypatch.setattr(strict_array, "unwrapped", unwrapped)
        monkeypatch.setattr(DeviceArray, "data", property(data), raising=False)
        monkeypatch.setattr(DeviceArray, "device", property(lambda a: self.device(a.gpu)))
        monkeypatch.setattr(
            DeviceArray, "copy", lambda a: DeviceArray(a._array.copy()), raising=False
        )
        shared = module.asarray
        module.asarray = lambda x, dtype=None: (
            shared(x, dtype) if isinstance(x, DeviceArray) else shared(np.array(x), dtype)
        )
        runtime = types.SimpleNamespace(getDeviceCount=lambda: self.count)
        stream = types.SimpleNamespace(ptr=7)
        module.cuda = types.SimpleNamespace(
            Device=self.device, runtime=runtime, get_current_stream=lambda: stream
        )
        monkeypatch.setitem(sys.modules, "cupy", module)
        monkeypatch.setitem(sys.modules, "cupy.cuda", module.cuda)
        monkeypatch.setitem(sys.modules, "cupy.cuda.nccl", self.nccl())

    def nccl(self):
        """The functions of cupy.cuda.nccl that are used; a group acts when it ends."""
        cluster, group = self, []

        class NcclCommunicator:
            def __init__(self, rank, gpu):
                self.rank, self.gpu = rank, gpu

            @staticmethod
            def initAll(gpus):  # noqa: N802
                return [NcclCommunicator(i, gpu) for i, gpu in enumerate(gpus)]

            def _enter(self, name, send, receive, count, kind, root):
                assert cluster.gpu == self.gpu == send.gpu and send is receive
                assert send.size == count and kind == 7 and root == 0
                assert send._array.flags.c_contiguous
                group.append((name, self.rank, send._array))

            def reduce(self, send, receive, count, kind, operation, root, stream):
                assert operation == 0 and stream == 7
                self._enter("reduce", send, receive, count, kind, root)

            def broadcast(self, send, receive, count, kind, root, stream):
                self._enter("broadcast", send, receive, count, kind, root)

        def end():
            names = {name for name, _, _ in group}
            assert len(names) == 1 and [rank for _, rank, _ in group] == [*range(len(group))]
            arrays = [array for _, _, array in group]
            cluster.calls.append((names.pop(), arrays[0].size))
            if cluster.calls[-1][0] == "reduce":
                for other in arrays[1:]:
                    arrays[0] += other
            else:
                for other in arrays[1:]:
                    other[...] = arrays[0]
            group.clear()

        return types.SimpleNamespace(
            NcclCommunicator=NcclCommunicator, NCCL_SUM=0, NCCL_FLOAT32=7, groupStart=group.clear,
            groupEnd=end,
        )  # fmt: skip
