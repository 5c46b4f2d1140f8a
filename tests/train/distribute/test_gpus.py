"""Several GPUs in one process, on a stand-in that keeps their memories apart."""

from __future__ import annotations

import types

import numpy as np
import pytest

from edgekit.errors import InputError, MissingExtraError
from edgekit.train.backend import to_numpy
from edgekit.train.distribute import MirroredStrategy, Strategy
from edgekit.train.distribute.links import NcclLinks, nccl_type
from edgekit.train.distribute.mpi import Processes
from tests.train.device import at, ndarray, on_device
from tests.train.distribute import networks
from tests.train.distribute.device_cluster import Cluster


@pytest.fixture
def cluster(monkeypatch):
    made = Cluster(3)
    made.install(monkeypatch)
    return made


@pytest.mark.parametrize("name", ["mlp", "lenet", "resnet"])
def test_gpus_train_to_the_weights_of_replicas_on_the_cpu(name, request):
    """The stand-in computes with numpy, so only the order of sums differs."""
    expected = networks.fit(
        MirroredStrategy(["cpu:0", "cpu:1", "cpu:2"]), getattr(networks, name), epochs=3
    )
    cluster = request.getfixturevalue("cluster")
    strategy = MirroredStrategy()
    assert strategy.num_replicas_in_sync == 3 and strategy.devices[2] == "gpu:2"
    found = networks.fit(strategy, getattr(networks, name), epochs=3)
    # statistics are averaged in float32 here, in float64 there
    assert networks.furthest(found, expected) < 2e-5
    # one reduction of one vector for each step, and one broadcast of the new weights
    vectors = [size for kind, size in cluster.calls if kind == "reduce"]
    steps = 3 * 6
    assert len(vectors) == steps * (2 if name == "resnet" else 1)


def test_one_gpu_of_several(cluster):
    """Everything is on the GPU that was named, whichever is current."""
    strategy = MirroredStrategy(["/gpu:2"])
    seen = []

    def build():
        model = networks.mlp()
        seen.extend(model.weights)
        return model

    networks.fit(strategy, build, epochs=1)
    assert all(isinstance(v.data, ndarray) and v.data.device.id == 2 for v in seen)
    assert not cluster.calls


def test_processes_with_gpus_sum_over_nccl(cluster, monkeypatch):
    """What a process gives to NCCL: in place, its own stream, the name of the chief's group."""
    import sys

    given = []

    class Link:
        def __init__(self, count, name, rank):
            assert type(name) is bytes and len(name) == 128  # cupy 14 takes no tuple
            given.append((count, name, rank))

        def allReduce(self, send, receive, count, kind, operation, stream):  # noqa: N802
            given.append((send == receive, count, kind, operation, stream))
            at(send, 4 * count, 0).view(np.float32)[:] *= 2

    nccl = sys.modules["cupy.cuda.nccl"]
    nccl.NcclCommunicator = Link
    nccl.get_unique_id = lambda: bytes(range(128))
    processes = Processes.__new__(Processes)
    processes.count, processes.rank, processes._gpu_link = 2, 0, None
    processes.sent_by_chief = lambda content: content
    vector = on_device(np.ones(5, np.float32))
    processes.sum(vector)
    processes.sum(vector)
    np.testing.assert_array_equal(to_numpy(vector), np.full(5, 4.0))
    assert given == [(2, bytes(range(128)), 0)] + [(True, 5, 7, 0, 0)] * 2
    with pytest.raises(InputError, match="NCCL has no arrays of complex64"):
        nccl_type(types.SimpleNamespace(), np.dtype("complex64"))


def test_a_cupy_without_the_library_of_nccl_is_told(cluster):
    import sys

    sys.modules["cupy.cuda.nccl"].available = False
    with pytest.raises(MissingExtraError, match="nvidia-nccl-cu13"):
        NcclLinks([0, 1])


def test_without_a_gpu_the_cpu_is_the_one_device():
    assert MirroredStrategy().devices == ["cpu:0"]
    assert not Strategy().distributes
