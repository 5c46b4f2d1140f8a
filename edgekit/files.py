"""Write a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edgekit.errors import InputError

__all__ = ["replaceable_mode", "replacing"]


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A new file, open for writing (and reading and seeking), that takes the place of `path`.

    It is written under another name in the same folder, forced to the disk, and renamed at the
    end. Whatever goes wrong before that, an interrupt or a full disk, the file that was there
    stays as it was and nothing else is left behind.

    >>> with replacing("model.edge") as file:
    ...     file.write(data)

    Raises InputError where the system refuses; errors that the caller raises pass through, an
    OSError as InputError too.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    temporary = target.parent / f".edgekit-{secrets.token_hex(8)}.tmp"
    try:
        mode = replaceable_mode(target)
        with open(temporary, "xb+") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, target)
    except OSError as error:
        raise InputError(
            f"{os.fspath(path)} cannot be written: {error.strerror or error}; "
            "what was there before is unchanged"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    _sync_folder(target.parent)


def replaceable_mode(target: Path) -> int | None:
    """The permissions of the file that will be replaced, None if there is none.

    Raises InputError for what is no file, and for a file that nobody may write: it is protected on
    purpose, although the system would let it be replaced.
    """
    try:
        status = os.stat(target)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{target} is not a regular file; give the name of a file")
    mode = stat.S_IMODE(status.st_mode)
    if not mode & 0o222:
        raise InputError(f"{target} is write-protected; make it writable, or name another file")
    return mode


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a loss of power, where the system lets folders be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
