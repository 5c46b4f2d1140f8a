"""Devices, conversion and generators."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest

from edgekit.errors import InputError, MissingExtraError
from edgekit.train import backend
from edgekit.train.random import new_seed, set_random_seed
from edgekit.train.tensor import Tensor
from tests.train.device import install, ndarray, on_device


def test_the_module_is_that_of_the_array(monkeypatch: pytest.MonkeyPatch) -> None:
    assert backend.array_module(np.ones(1)) is np
    assert backend.array_module(3.0) is np
    install(monkeypatch)
    assert backend.array_module(on_device(np.ones(1))) is sys.modules["cupy"]
    assert backend.array_module(np.ones(1)) is np


def test_training_does_not_import_cupy() -> None:
    code = "import edgekit.train, sys; assert 'cupy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["tpu", "gpu:x", ""])
def test_unknown_devices(name: str) -> None:
    with pytest.raises(InputError, match="use 'cpu', 'gpu' or 'gpu:N'"):
        backend.set_device(name)
    assert backend.current_device() == "cpu"


def test_a_gpu_without_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(MissingExtraError, match=r"edgekit\[cuda\]"), backend.device("gpu"):
        pass
    assert backend.current_device() == "cpu"


def test_device_holds_within_its_block() -> None:
    with backend.device("cpu"):
        assert backend.current_device() == "cpu"
        assert isinstance(backend.asarray([1.0]), np.ndarray)
    assert backend.device_module() is np


def test_asarray_copies_nothing_it_need_not() -> None:
    x = np.ones(3, np.float32)
    assert backend.asarray(x) is x
    assert backend.asarray(Tensor(x)) is x
    assert backend.asarray(x, np.float32) is x
    assert backend.asarray(x, np.float64).dtype == np.float64
    assert backend.to_numpy(Tensor(x)) is x


def test_same_place_moves_to_the_other_array(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    there = on_device(np.ones(2, np.float32))
    moved = backend.same_place(np.arange(2.0), there, np.float32)
    assert isinstance(moved, ndarray)
    assert moved.dtype == np.float32
    assert isinstance(backend.same_place(moved, np.ones(1)), np.ndarray)
    assert isinstance(backend.to_numpy(there), np.ndarray)


def test_generators_repeat_by_seed() -> None:
    one, same, other = backend.generator(5), backend.generator(5), backend.generator(6)
    assert isinstance(one.bit_generator, np.random.SFC64)
    like = np.ones(1)
    a, b, c = (backend.random_bytes(g, 1000, like) for g in (one, same, other))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert a.dtype == np.uint8
    # 1000 uniform bytes: mean 127.5, standard deviation of the mean 2.3
    assert abs(a.mean() - 127.5) < 12


@pytest.mark.parametrize("seed", [0, 7, 2**40 + 7])
def test_set_random_seed_seeds_python_and_numpy_too(seed: int) -> None:
    """Scripts draw their data from these, and Keras seeds them."""
    drawn = []
    for _ in range(2):
        set_random_seed(seed)
        drawn.append((random.random(), np.random.permutation(100).tolist(), new_seed()))
    assert drawn[0] == drawn[1]
    np.random.seed(seed % 2**32)
    assert np.random.permutation(100).tolist() == drawn[0][1]


def test_scatter_add_adds_twice() -> None:
    x = np.zeros((3, 2))
    backend.scatter_add(x, np.array([0, 2, 2]), np.ones((3, 2)))
    assert x[:, 0].tolist() == [1.0, 0.0, 2.0]


FREED = """
import resource
import numpy as np
from edgekit.train.backend import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        arrays = [np.ones(1 << 20, np.float32) for _ in range(4)]
        del arrays
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(keep_freed_memory(), faults() < 10_000, faults())
"""


def test_freed_memory_is_there_for_the_next_arrays() -> None:
    """80 MB are written to in small pages, 20,000 of them, where the kernel takes memory back."""
    made = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    kept, once, again = made.stdout.split()
    if kept == "False":
        pytest.skip("glibc's mallopt is not here")
    assert once == "True"
    assert int(again) < 100
