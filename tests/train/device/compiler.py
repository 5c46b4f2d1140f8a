"""CUDA C++ compiled for the host by g++, and kept in a folder for later runs."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["CompileException", "Library", "compiled", "expect", "host_compiler", "shared_object"]

_HERE = Path(__file__).parent
_HEADERS = ("host_cuda.h", "host_fibers.h", "host_exchange.h", "host_launch.h")
_FLAGS = [
    *("-std=gnu++17", "-O1", "-w", "-DEDGEKIT_ON_HOST"),
    # each library has shared arrays of its own, which the runtime can find
    *("-shared", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique"),
    *("-fno-strict-aliasing", "-ffp-contract=off"),
]

_expected: dict[str, dict[str, None]] = {}
"""The expressions of each source that are compiled together when one of them is wanted."""

_libraries: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Library] = {}


class CompileException(Exception):
    """The compiler refused a source; the message is what it said."""


@functools.cache
def host_compiler() -> str | None:
    """The path of g++, or None where there is none that compiles for this: Linux, 16-bit floats."""
    found = shutil.which("g++")
    if found is None or sys.platform != "linux":
        return None
    try:
        half = "_Float16 half(float x) { return (_Float16)x; }"
        shared_object(half, ("-shared", "-fPIC"), "halves")
    except CompileException:
        return None
    return found


class Library:
    """Kernels of one source. `kernels` maps an expression to (launcher, parameters)."""

    def __init__(self, path: Path, expressions: tuple[str, ...]) -> None:
        # PyDLL keeps the interpreter's lock: the runtime of a library serves one launch at a time
        library = ctypes.PyDLL(str(path))
        self.kernels = {}
        for i, expression in enumerate(expressions):
            text = ctypes.create_string_buffer(4096)
            getattr(library, f"edgekit_describe_{i}")(text, len(text))
            launch = getattr(library, f"edgekit_launch_{i}")
            self.kernels[expression] = launch, text.value.decode().split()


def expect(code: str, expressions: tuple[str, ...]) -> None:
    """Compile these too when anything of `code` is wanted: one call of g++ in place of many."""
    _expected.setdefault(code, {}).update(dict.fromkeys(expressions))


def compiled(code: str, options: tuple[str, ...], expressions: tuple[str, ...]) -> Library:
    """The library with kernels for `expressions` of `code`. Raises CompileException."""
    wanted = dict.fromkeys(expressions)
    together = _expected.get(code, {})
    if wanted.keys() <= together.keys():
        wanted = together
    key = code, options, tuple(wanted)
    if key not in _libraries:
        _libraries[key] = Library(_built(*key), tuple(wanted))
    return _libraries[key]


def _built(code: str, options: tuple[str, ...], expressions: tuple[str, ...]) -> Path:
    text = "\n".join([code, '#include "host_launch.h"', *map(_wrapper, *_numbered(expressions))])
    flags = [*_FLAGS, *_host_options(options)]
    return shared_object(text, (*flags, "-include", "host_cuda.h"), ", ".join(expressions))


def shared_object(text: str, flags: tuple[str, ...], what: str) -> Path:
    """The library that g++ makes of a text, from the folder where it was made before."""
    digest = hashlib.sha256("\0".join([text, *flags, _version(), *_headers()]).encode())
    folder = Path(tempfile.gettempdir()) / f"edgekit-kernels-{os.getuid()}"
    path = folder / f"{digest.hexdigest()[:32]}.so"
    if path.exists():
        return path
    folder.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        made = Path(scratch) / path.name
        ended = subprocess.run(
            ["g++", *flags, f"-I{_HERE}", "-x", "c++", "-", "-o", str(made)],
            input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ended.returncode:
            raise CompileException(f"{what}:\n{ended.stderr[:8000]}")
        made.replace(path)
    return path


def _numbered(expressions: tuple[str, ...]) -> tuple[range, tuple[str, ...]]:
    return range(len(expressions)), expressions


def _wrapper(number: int, expression: str) -> str:
    visible = '\nextern "C" __attribute__((visibility("default"))) '
    return (
        f"{visible}void edgekit_describe_{number}(char* text, size_t size) {{\n"
        f"    edgekit_host::describe(&{expression}, text, size);\n}}\n"
        f"{visible}int edgekit_launch_{number}(const unsigned* grid, const unsigned* block,\n"
        "    void** arguments, char* message, size_t size) {\n"
        f"    return edgekit_host::run_kernel(&{expression}, grid, block, arguments, message,"
        " size);\n}\n"
    )


def _host_options(options: tuple[str, ...]) -> list[str]:
    """Definitions are handed on; what only NVRTC knows is left out; the rest is refused."""
    nvrtc = ("--std=", "-std=", "--gpu-architecture", "-arch", "--use_fast_math", "-use_fast_math",
             "--fmad=", "-fmad=", "--extra-device-vectorization", "--split-compile")  # fmt: skip
    unknown = [o for o in options if not o.startswith(("-D", "-U", *nvrtc))]
    if unknown:
        raise CompileException(f"options that NVRTC may not know: {' '.join(unknown)}")
    return [o for o in options if o.startswith(("-D", "-U"))]


@functools.cache
def _headers() -> tuple[str, ...]:
    return tuple((_HERE / name).read_text(encoding="utf-8") for name in _HEADERS)


@functools.cache
def _version() -> str:
    return subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True).stdout
