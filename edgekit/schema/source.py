"""The bytes of a model file, wherever they come from: in one piece, read-only, aligned."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from edgekit.errors import InputError, ModelFormatError

from . import LARGEST_FILE

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Source", "other_kind", "release_pages", "source_bytes"]

SMALL_FILE = 2**16
"""Bytes. Up to here a file is read whole; the pages of a larger one can be given back."""

OTHER_KINDS = {
    b"version https://git-lfs": "a pointer of Git LFS; fetch the file itself with git lfs pull",
    b"<!doctype": "a web page; download the file itself",
    b"<html": "a web page; download the file itself",
    b"pk\3\4": "an archive; unpack it, or give it the suffix of what it is, as .keras",
    b"\x1f\x8b": "a compressed file; unpack it",
}
"""What people take for a model, by its first bytes in small letters, and what to do about it."""

Source = str | os.PathLike[str] | bytes | bytearray | memoryview
"""A path, or the contents of a file."""


def source_bytes(source: Source) -> memoryview:
    """The file, mapped read-only or, if it is small, read; or the bytes that were given.

    Numbers of any dtype may start at their address. Raises InputError where there is no file or
    it cannot be read, ModelFormatError where it is empty or larger than a flatbuffer can be: a
    machine of 32 bits could not even map it.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return _in_one_piece(source)
    name = os.fspath(source)
    try:
        with open(name, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{name} is not a regular file")
            if status.st_size == 0:
                raise ModelFormatError("the file is empty")  # and could not be mapped
            if status.st_size > LARGEST_FILE:
                raise ModelFormatError(
                    f"the file has {status.st_size} bytes, expected 8 to {LARGEST_FILE}"
                )
            if status.st_size <= SMALL_FILE:
                return _read(file, status.st_size)
            import mmap  # a small file is read faster than this is imported

            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        raise InputError(f"there is no file {name!r}; check the path") from None
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}") from error


def other_kind(content: memoryview) -> str:
    """What a file is that does not begin as expected."""
    begin = bytes(content[:32]).lower()
    for start, kind in OTHER_KINDS.items():
        if begin.startswith(start):
            return f"this is {kind}"
    return "this is a file of another kind, or its first bytes are damaged"


def release_pages(arrays: Iterable[NDArray[Any]]) -> None:
    """Give back the memory of the mapped files that arrays lie in, where the system can do that.

    The arrays stay what they are: what is read again comes from the file again.
    """
    if "mmap" not in sys.modules:
        return  # the file was read, or its bytes given
    import mmap

    owners: dict[int, Any] = {}
    for array in arrays:
        owner: Any = array
        while isinstance(owner, np.ndarray):
            owner = owner.base
        owners[id(owner)] = owner
    files = {id(file): file for file in (getattr(o, "obj", None) for o in owners.values())}
    for file in files.values():
        if isinstance(file, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            file.madvise(mmap.MADV_DONTNEED)


def _read(file: BinaryIO, size: int) -> memoryview:
    """A whole file, aligned as a mapped one is: constants begin at multiples of 64 bytes."""
    storage = np.empty(size + 64, np.uint8)
    skip = -storage.ctypes.data % 64
    content = storage[skip : skip + size].data
    if file.readinto(content) != size:  # type: ignore[attr-defined]
        raise InputError("the file changes while it is read")
    return content.toreadonly()


def _in_one_piece(source: bytes | bytearray | memoryview) -> memoryview:
    view = memoryview(source)
    if not view.c_contiguous:
        raise InputError("the bytes of a model must lie in one piece, without gaps")
    data = view.toreadonly().cast("B")
    if len(data) and np.frombuffer(data, np.uint8).ctypes.data % 8:
        return memoryview(bytes(data))
    return data
