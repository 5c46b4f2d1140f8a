"""Whether this machine can compute on its GPUs, and if it cannot, what is missing."""

from __future__ import annotations

import importlib
import os
from types import ModuleType
from typing import Any

from edgekit.errors import EdgekitError, MissingExtraError

__all__ = ["gpu_count"]

_INSTALL = 'pip install "edgekit[cuda]"'
_LEAST = (8, 0)  # the compute capability that kernels are written for
_usable: list[ModuleType] = []  # the modules that were found to work, so that each is asked once


def gpu_count() -> int:
    """How many GPUs can be used.

    Raises MissingExtraError where cupy or a library of CUDA is not installed, and EdgekitError
    where there is no driver, one that is too old, or no GPU that will do; each says what was found.
    """
    cupy = _cupy()
    if cupy not in _usable:
        _check(cupy)
        _usable[:] = [cupy]
    return int(cupy.cuda.runtime.getDeviceCount())


def _cupy() -> ModuleType:
    try:
        return importlib.import_module("cupy")
    except ModuleNotFoundError as error:
        if error.name == "cupy":
            raise MissingExtraError(
                "computing on a GPU needs the package 'cupy', which is not installed; install it "
                f"with: {_INSTALL}"
            ) from error
        raise _broken(error) from error
    except (ImportError, OSError) as error:
        raise _broken(error) from error


def _broken(error: BaseException) -> MissingExtraError:
    return MissingExtraError(
        "the package 'cupy' is installed, but cannot be loaded, usually because a library of CUDA "
        f"is missing or is of another version. Found: {_text(error)}. Install what belongs "
        f"together with: {_INSTALL}"
    )


def _check(cupy: Any) -> None:
    runtime = cupy.cuda.runtime
    try:
        wanted, found = runtime.runtimeGetVersion(), runtime.driverGetVersion()
    except (ImportError, OSError, RuntimeError) as error:
        raise _broken(error) from error
    if found == 0:
        raise EdgekitError(
            f"this machine has no NVIDIA driver that works: cupy {_version(cupy)} for CUDA "
            f"{_dotted(wanted)} was found, a driver was not. Install the driver of the GPU (and "
            "see whether nvidia-smi lists it; containers need --gpus all). Everything else comes "
            f"with: {_INSTALL}"
        )
    if found // 1000 < wanted // 1000:
        raise EdgekitError(
            f"the NVIDIA driver is too old: it knows CUDA {_dotted(found)}, and cupy "
            f"{_version(cupy)} is built for CUDA {_dotted(wanted)}. Update the driver, or install "
            f"cupy for its CUDA in place of what {_INSTALL} brings: pip install "
            f'"cupy-cuda{found // 1000}x[ctk]"'
        )
    _check_gpus(runtime)
    _check_compiler(cupy)


def _check_gpus(runtime: Any) -> None:
    problem = ""
    try:
        count = runtime.getDeviceCount()
    except RuntimeError as error:
        count, problem = 0, f" ({_text(error)})"
    if not count:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        hidden = "" if visible is None else f"; CUDA_VISIBLE_DEVICES is {visible!r}"
        raise EdgekitError(
            f"the NVIDIA driver is there, but shows no GPU{problem}{hidden}. See what nvidia-smi "
            f"lists. The packages come with: {_INSTALL}"
        )
    found = [runtime.getDeviceProperties(i) for i in range(count)]
    if all((one["major"], one["minor"]) < _LEAST for one in found):
        names = ", ".join(f"{_name(one)} has {one['major']}.{one['minor']}" for one in found)
        raise EdgekitError(
            f"kernels need a GPU of compute capability {_LEAST[0]}.{_LEAST[1]} or later (Ampere, "
            f"2020): {names}. Train on the CPU; what {_INSTALL} brings is of no use here"
        )


def _name(properties: Any) -> str:
    name = properties["name"]
    return name.decode() if isinstance(name, bytes) else str(name)


def _check_compiler(cupy: Any) -> None:
    nvrtc = getattr(cupy.cuda, "nvrtc", None)
    if nvrtc is None:
        return
    try:
        nvrtc.getVersion()
    except (ImportError, OSError, RuntimeError) as error:
        raise MissingExtraError(
            "NVRTC, the compiler for kernels, is missing: cupy was found without the libraries of "
            f"CUDA. Found: {_text(error)}. They come with: {_INSTALL}"
        ) from error


def _text(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"


def _version(cupy: Any) -> str:
    return str(getattr(cupy, "__version__", "of unknown version"))


def _dotted(version: int) -> str:
    """CUDA's 13020 as 13.2."""
    return f"{version // 1000}.{version % 1000 // 10}"
