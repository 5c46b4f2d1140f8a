"""NVRTC through ctypes: compiles CUDA C++ for a GPU that need not be there."""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path

__all__ = ["compiled", "library"]


def library() -> ctypes.CDLL | None:
    """libnvrtc from the wheel `nvidia-cuda-nvrtc`; None where it is not installed."""
    found = importlib.util.find_spec("nvidia")
    for root in (found.submodule_search_locations or []) if found else []:
        for path in sorted(Path(root).glob("*/lib/libnvrtc.so.*")):
            for builtins in path.parent.glob("libnvrtc-builtins.so.*"):
                ctypes.CDLL(str(builtins))  # it is looked for by its name alone later
            return ctypes.CDLL(str(path))
    return None


def compiled(
    nvrtc: ctypes.CDLL, source: str, names: list[str], options: tuple[str, ...]
) -> tuple[int, str]:
    """(size of the machine code in bytes, log of the compiler); 0 bytes where it failed."""
    program = ctypes.c_void_p()
    made = nvrtc.nvrtcCreateProgram(
        ctypes.byref(program), source.encode(), b"source.cu", 0, None, None
    )
    assert made == 0, f"nvrtcCreateProgram: {made}"
    for name in names:
        assert nvrtc.nvrtcAddNameExpression(program, name.encode()) == 0, name
    given = (ctypes.c_char_p * len(options))(*(o.encode() for o in options))
    failed = nvrtc.nvrtcCompileProgram(program, len(options), given)
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    code = ctypes.c_size_t()
    if not failed:
        nvrtc.nvrtcGetCUBINSize(program, ctypes.byref(code))
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return code.value, log.value.decode()
