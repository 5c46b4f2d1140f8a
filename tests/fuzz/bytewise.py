"""Mutations that know nothing of the format: bits, numbers, pieces."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

__all__ = ["TELLING", "mutate_bytes"]

TELLING = (
    0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 129, 255, 256, 1000, 1024, 4096,
    2**15 - 1, 2**15, 2**16 - 1, 2**16, 2**20, 2**24, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1,
    2**62, 2**63 - 1, 2**63, 2**64 - 1,
)  # fmt: skip
"""Numbers at which lengths, offsets and signs turn over, and sizes that are just too large."""

LARGEST = 2**18  # bytes of a mutant


def mutate_bytes(data: bytes, other: bytes, random: Random) -> bytes:
    """One to four changes; `other` is a file to take pieces from."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        if len(changed) >= 8:
            random.choice(CHANGES)(changed, other, random)
    return bytes(changed[:LARGEST])


def _flip(data: bytearray, other: bytes, random: Random) -> None:
    for _ in range(random.choice((1, 1, 2, 4, 8))):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _set(data: bytearray, other: bytes, random: Random) -> None:
    data[random.randrange(len(data))] = random.choice(
        (0, 1, 0x7F, 0x80, 0xFF, random.getrandbits(8))
    )


def _number(data: bytearray, other: bytes, random: Random) -> None:
    size = random.choice((1, 2, 4, 4, 4, 8))
    place = random.randrange(len(data) // size) * size
    number = random.choice((*TELLING, len(data), random.randrange(64))) % 256**size
    data[place : place + size] = number.to_bytes(size, "little")


def _add(data: bytearray, other: bytes, random: Random) -> None:
    """A number becomes a little larger or smaller: an offset leads beside its target."""
    size = random.choice((2, 4, 4))
    place = random.randrange(len(data) // size) * size
    number = int.from_bytes(data[place : place + size], "little")
    number += random.choice((-64, -16, -8, -4, -2, -1, 1, 2, 4, 8, 16, 64))
    data[place : place + size] = (number % 256**size).to_bytes(size, "little")


def _copy_number(data: bytearray, other: bytes, random: Random) -> None:
    """A word of the file stands in the place of another."""
    source, target = (random.randrange(len(data) // 4) * 4 for _ in range(2))
    data[target : target + 4] = data[source : source + 4]


def _piece(data: bytes | bytearray, random: Random) -> tuple[int, int]:
    size = min(len(data), random.choice((1, 2, 4, 8, 16, 64, 256, len(data) // 2 + 1)))
    start = random.randrange(len(data) - size + 1)
    return start, start + size


def _delete(data: bytearray, other: bytes, random: Random) -> None:
    start, end = _piece(data, random)
    del data[start:end]


def _double(data: bytearray, other: bytes, random: Random) -> None:
    start, end = _piece(data, random)
    data[end:end] = data[start:end]


def _swap(data: bytearray, other: bytes, random: Random) -> None:
    size = random.choice((4, 8, 16, 64))
    if len(data) >= 2 * size:
        first, second = sorted(random.sample(range(len(data) // size), 2))
        a, b = (slice(i * size, (i + 1) * size) for i in (first, second))
        data[a], data[b] = data[b], data[a]


def _truncate(data: bytearray, other: bytes, random: Random) -> None:
    del data[random.randrange(len(data)) :]


def _extend(data: bytearray, other: bytes, random: Random) -> None:
    data += random.choice((bytes(1), bytes(64), random.randbytes(32), data[:64]))


def _splice(data: bytearray, other: bytes, random: Random) -> None:
    """A piece of another file, in the place where it stood there, or the other file's end."""
    if len(other) < 8:
        return
    start, end = _piece(other, random)
    if random.random() < 0.3:
        data[start:] = other[start:]
    elif start < len(data):
        data[start:end] = other[start:end]


CHANGES: tuple[Callable[[bytearray, bytes, Random], None], ...] = (
    _flip, _flip, _set, _number, _number, _number, _add, _add, _copy_number,
    _delete, _double, _swap, _truncate, _extend, _splice,
)  # fmt: skip
