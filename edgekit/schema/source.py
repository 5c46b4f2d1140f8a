"""The bytes of a model file, wherever they come from: in one piece, read-only, aligned."""

from __future__ import annotations

import mmap
import os
import stat

import numpy as np

from edgekit.errors import InputError, ModelFormatError

from .layout import LARGEST_FILE

__all__ = ["Source", "source_bytes"]

Source = str | os.PathLike[str] | bytes | bytearray | memoryview
"""A path, or the contents of a file."""


def source_bytes(source: Source) -> memoryview:
    """The file, mapped read-only, or the bytes that were given.

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
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        raise InputError(f"there is no file {name!r}; check the path") from None
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}") from error


def _in_one_piece(source: bytes | bytearray | memoryview) -> memoryview:
    view = memoryview(source)
    if not view.c_contiguous:
        raise InputError("the bytes of a model must lie in one piece, without gaps")
    data = view.toreadonly().cast("B")
    if len(data) and np.frombuffer(data, np.uint8).ctypes.data % 8:
        return memoryview(bytes(data))
    return data
