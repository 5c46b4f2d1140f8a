"""What a `.edge` file carries beside its tables: numbers of versions, and two kinds of SHA-256.

`schemas/README.md` says what raises each number. The digests together cover every byte.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any

__all__ = [
    "ARITHMETIC_VERSIONS",
    "DIGEST_SIZE",
    "FORMAT_VERSION",
    "MINIMAL_READER_VERSION",
    "READER_VERSION",
    "buffer_sha256",
    "structure_sha256",
]

FORMAT_VERSION = 1
"""What the writer writes."""

MINIMAL_READER_VERSION = 1
"""The oldest reader that understands everything the writer writes."""

READER_VERSION = 1
"""The newest format that the reader here understands."""

ARITHMETIC_VERSIONS = {"float32": 1, "fixedpoint": 1}
"""The version of each integer arithmetic, raised by a release that changes an output bit."""

DIGEST_SIZE = 32
OWN = "_sha2" if sys.version_info >= (3, 12) else "_sha256"
"""The module of Python's own SHA-256."""
SMALL = 2**20
"""Bytes. Up to here it is done before `hashlib` has loaded OpenSSL's, which is several times as
fast."""


def buffer_sha256(data: bytes | memoryview) -> bytes:
    """Of the contents of one buffer."""
    digest: bytes = _sha256(len(data))(data).digest()
    return digest


def structure_sha256(
    data: bytes | memoryview, buffers: Iterable[tuple[int, int]], digest_start: int
) -> bytes:
    """Of the whole file but the contents of its buffers, the digest's own 32 bytes taken as zero.

    buffers: start and end of each, in any order, none overlapping another or the digest.
    """
    sha = _sha256(len(data))()
    own = (digest_start, digest_start + DIGEST_SIZE)
    position = 0
    for start, end in sorted([*buffers, own]):
        sha.update(data[position:start])
        if (start, end) == own:
            sha.update(bytes(DIGEST_SIZE))
        position = end
    sha.update(data[position:])
    digest: bytes = sha.digest()
    return digest


def _sha256(size: int) -> Any:
    """What makes SHA-256 of `size` bytes soonest."""
    if size <= SMALL and "hashlib" not in sys.modules:
        try:
            return import_module(OWN).sha256
        except ImportError:
            pass  # not every Python has one of its own
    import hashlib

    return hashlib.sha256
