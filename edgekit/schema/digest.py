"""The two kinds of SHA-256 in a `.edge` file; together they cover every byte of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

__all__ = ["DIGEST_SIZE", "buffer_sha256", "structure_sha256"]

DIGEST_SIZE = 32


def buffer_sha256(data: bytes | memoryview) -> bytes:
    """Of the contents of one buffer."""
    return hashlib.sha256(data).digest()


def structure_sha256(
    data: bytes | memoryview, buffers: Iterable[tuple[int, int]], digest_start: int
) -> bytes:
    """Of the whole file but the contents of its buffers, the digest's own 32 bytes taken as zero.

    buffers: start and end of each, in any order, none overlapping another or the digest.
    """
    sha = hashlib.sha256()
    own = (digest_start, digest_start + DIGEST_SIZE)
    position = 0
    for start, end in sorted([*buffers, own]):
        sha.update(data[position:start])
        if (start, end) == own:
            sha.update(bytes(DIGEST_SIZE))
        position = end
    sha.update(data[position:])
    return sha.digest()
