"""set_device("gpu") on machines where something is missing, by stand-ins for a cupy like that."""

from __future__ import annotations

import builtins
import importlib
import sys
import types

import pytest

from edgekit.errors import EdgekitError, MissingExtraError
from edgekit.train import backend, cuda

INSTALL = 'pip install "edgekit[cuda]"'


class CudaError(RuntimeError):
    """As CUDARuntimeError is one."""


def raising(error):
    def function(*_):
        raise error

    return function


def broken_cupy(driver=13000, count=1, nvrtc=None, runtime=13020, capability=(9, 0)):
    """A cupy that finds this driver, these GPUs and this NVRTC; an error is raised."""

    def answer(value):
        return raising(value) if isinstance(value, Exception) else lambda *_: value

    module = types.ModuleType("cupy")
    module.__version__ = "14.2.0"
    module.cuda = types.SimpleNamespace(
        runtime=types.SimpleNamespace(
            runtimeGetVersion=answer(runtime),
            driverGetVersion=answer(driver),
            getDeviceCount=answer(count),
            getDeviceProperties=answer(
                {"name": b"GeForce", "major": capability[0], "minor": capability[1]}
            ),
        ),
        nvrtc=types.SimpleNamespace(getVersion=answer(nvrtc or (13, 0))),
    )
    return module


@pytest.fixture
def install(monkeypatch):
    monkeypatch.setattr(cuda, "_usable", [])

    def put(**found):
        monkeypatch.setitem(sys.modules, "cupy", broken_cupy(**found))

    return put


def refused(error):
    before = backend.current_device()
    with pytest.raises(error) as caught:
        backend.set_device("gpu")
    assert backend.current_device() == before
    assert isinstance(caught.value, EdgekitError)
    message = str(caught.value)
    assert INSTALL in message
    return message


def import_raises(monkeypatch, error):
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    real = importlib.import_module

    def without(name, package=None):
        if name == "cupy":
            raise error
        return real(name, package)

    monkeypatch.setattr(cuda.importlib, "import_module", without)


def test_without_cupy(monkeypatch):
    import_raises(monkeypatch, ModuleNotFoundError("No module named 'cupy'", name="cupy"))
    assert "needs the package 'cupy', which is not installed" in refused(MissingExtraError)


@pytest.mark.parametrize(
    "error",
    [
        ImportError("libnvrtc.so.13: cannot open shared object file"),
        ModuleNotFoundError("No module named 'cuda.pathfinder'", name="cuda.pathfinder"),
        OSError("libcublas.so.13: wrong ELF class"),
    ],
)
def test_a_cupy_that_does_not_load(monkeypatch, error):
    import_raises(monkeypatch, error)
    message = refused(MissingExtraError)
    assert "is installed, but cannot be loaded" in message and str(error) in message


def test_without_a_driver(install):
    install(driver=0, count=CudaError("cudaErrorInsufficientDriver"))
    message = refused(EdgekitError)
    assert "no NVIDIA driver" in message and "cupy 14.2.0 for CUDA 13.2" in message
    assert "nvidia-smi" in message


def test_with_too_old_a_driver(install):
    install(driver=12040, count=CudaError("cudaErrorInsufficientDriver"))
    message = refused(EdgekitError)
    assert "too old: it knows CUDA 12.4" in message and "built for CUDA 13.2" in message
    assert 'pip install "cupy-cuda12x[ctk]"' in message


def test_a_driver_of_an_older_minor_version_will_do(install, monkeypatch):
    install(driver=13000, runtime=13020)
    assert cuda.gpu_count() == 1


@pytest.mark.parametrize("count", [0, CudaError("cudaErrorNoDevice: no CUDA-capable device")])
def test_without_a_gpu(install, monkeypatch, count):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    install(count=count)
    message = refused(EdgekitError)
    assert "shows no GPU" in message and "CUDA_VISIBLE_DEVICES is ''" in message


def test_with_too_old_a_gpu(install):
    install(capability=(7, 5))
    message = refused(EdgekitError)
    assert "capability 8.0 or later" in message and "GeForce has 7.5" in message


def test_without_libraries_of_cuda(install):
    install(runtime=ImportError("libcudart.so.13: cannot open shared object file"))
    assert "libcudart.so.13" in refused(MissingExtraError)


def test_without_nvrtc(install):
    install(nvrtc=RuntimeError("CuPy failed to load libnvrtc.so.13: not found"))
    message = refused(MissingExtraError)
    assert "NVRTC, the compiler for kernels, is missing" in message and "libnvrtc.so.13" in message


def test_the_machine_is_asked_once(install):
    install()
    assert cuda.gpu_count() == 1
    sys.modules["cupy"].cuda.nvrtc.getVersion = raising(AssertionError("asked again"))
    assert cuda.gpu_count() == 1


def test_a_gpu_that_is_not_there(install):
    install(count=2)
    with pytest.raises(EdgekitError, match="'gpu:2' is not there: this machine has 2 GPUs"):
        backend.set_device("gpu:2")


def test_the_cpu_asks_for_nothing(monkeypatch):
    def refuse(name, *args, **kwargs):
        assert name.partition(".")[0] != "cupy"
        return real(name, *args, **kwargs)

    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", refuse)
    backend.set_device("cpu")
