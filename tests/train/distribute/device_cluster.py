"""Several simulated GPUs, and a stand-in for NCCL between them.

A computation on arrays of another GPU than the current one fails, as it does on machines whose GPUs
cannot read each other's memory.
"""

from __future__ import annotations

import sys
import types

import numpy as np

from tests.train import device

__all__ = ["Cluster"]


class Cluster:
    """Stands under "cupy" and "cupy.cuda.nccl" in `sys.modules` once `install` was called.

    `calls` has the name and the size of each group of calls of NCCL.
    """

    def __init__(self, count):
        self.count = count
        self.calls = []

    def install(self, monkeypatch):
        device.install(monkeypatch, self.count)
        nccl = self.nccl()
        monkeypatch.setitem(sys.modules, "cupy.cuda.nccl", nccl)
        monkeypatch.setattr(sys.modules["cupy.cuda"], "nccl", nccl, raising=False)

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
                assert device.machine.current.gpu == self.gpu and send == receive
                assert kind == 7 and root == 0
                vector = device.at(send, 4 * count, self.gpu).view(np.float32)
                group.append((name, self.rank, vector))

            def reduce(self, send, receive, count, kind, operation, root, stream):
                assert operation == 0 and stream == _stream()
                self._enter("reduce", send, receive, count, kind, root)

            def broadcast(self, send, receive, count, kind, root, stream):
                assert stream == _stream()
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
            available=True, NcclCommunicator=NcclCommunicator, NCCL_SUM=0, NCCL_FLOAT32=7,
            groupStart=group.clear,
            groupEnd=end,
        )  # fmt: skip


def _stream():
    return sys.modules["cupy"].cuda.get_current_stream().ptr
