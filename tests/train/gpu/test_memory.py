"""What memory_info says of the simulated GPU, and what an error for want of memory says."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError
from edgekit.train import Sequential, layers, memory_info
from edgekit.train.backend import asarray


def test_arrays_and_pools_are_counted(gpu):
    before = memory_info()
    x = asarray(np.zeros((512, 1024), np.float32))
    found = memory_info("gpu:0")
    assert found["used"] - before["used"] == x.nbytes
    assert found["held"] >= found["used"] and found["peak"] >= found["held"]
    assert found["total"] > found["free"] > 0
    del x
    after = memory_info()
    assert after["used"] == before["used"]
    assert after["held"] == found["held"]  # kept for the next arrays
    assert after["peak"] == found["peak"]


def test_the_pools_of_models_are_counted(gpu):
    model = Sequential([layers.Input((4,)), layers.Dense(3)])
    model.compile("sgd", "mse")
    x = np.ones((32, 4), np.float32)
    model.fit(x, x[:, :3], batch_size=8, epochs=2, verbose=0)
    import cupy

    found = memory_info()
    assert found["held"] > cupy.get_default_memory_pool().total_bytes() > 0


def test_wrong_devices_are_named(gpu):
    for name in ("cpu", "gpu:x", "gpu:7"):
        with pytest.raises(InputError, match=name):
            memory_info(name)


def test_a_full_gpu_is_explained(gpu):
    import cupy

    model = Sequential([layers.Input((64,)), layers.Dense(64)])
    model.compile("sgd", "mse")
    x = np.ones((256, 64), np.float32)
    cupy.get_default_memory_pool().set_limit(size=40_000)
    with pytest.raises(MemoryError) as caught:
        model.fit(x, x, batch_size=256, verbose=0)
    (note,) = caught.value.__notes__
    assert "A smaller batch_size" in note and "MiB" in note
