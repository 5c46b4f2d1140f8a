"""The smallest file that still does the same: greedy, first by fields, then by bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from edgekit.errors import EdgekitError
from edgekit.schema.encoder import encode

from .fields import Fields, copied, is_empty, sites, unpacked
from .formats import Format

__all__ = ["smallest"]

Keeps = Callable[[bytes], bool]


def smallest(data: bytes, format: Format, keeps: Keeps, seconds: float = 10.0) -> bytes:
    """A file for which `keeps` is true, as it is of `data`; no part of it can be left out."""
    end = time.monotonic() + seconds
    size = len(data) + 1
    while len(data) < size and time.monotonic() < end:
        size = len(data)
        data = _fewer_fields(data, format, keeps, end)
        data = _fewer_bytes(data, format, keeps, end)
    return data


def _fewer_fields(data: bytes, format: Format, keeps: Keeps, end: float) -> bytes:
    try:
        fields = unpacked(data, format.schema)
    except EdgekitError:
        return data
    place = 0
    while time.monotonic() < end:
        changes = _reductions(fields, format, place)
        if changes is None:
            break
        for changed in changes:
            candidate = format.seal(_encoded(changed, format))
            if candidate and len(candidate) < len(data) and keeps(candidate):
                fields, data = changed, candidate
                break
        else:
            place += 1
    return data


def _encoded(fields: Fields, format: Format) -> bytes:
    try:
        return encode(format.schema, fields)
    except (EdgekitError, KeyError):
        return b""


def _reductions(fields: Fields, format: Format, place: int) -> Iterator[Fields] | None:
    """The file with less in its field number `place`; None if there is no such field."""
    count = sum(1 for _ in sites(fields, format.schema))
    if place >= count:
        return None

    def changes() -> Iterator[Fields]:
        value = list(sites(fields, format.schema))[place].value
        for less in _less(value):
            changed = copied(fields)
            list(sites(changed, format.schema))[place].put(copied(less))
            yield changed

    return changes()


def _less(value: Any) -> Iterator[Any]:
    """Nothing, then halves, then one element less."""
    if is_empty(value):
        return
    yield None
    if isinstance(value, str) and len(value) > 1:
        yield value[: len(value) // 2]
        yield value[:1]
    elif isinstance(value, tuple | dict | int | float):
        return
    elif len(value) > 1:
        half = len(value) // 2
        yield value[:half]
        yield value[half:]
        for i in range(min(len(value), 64)):
            if isinstance(value, list):
                yield [*value[:i], *value[i + 1 :]]
        if not isinstance(value, list):
            yield value[:-1]
            yield value[:1]


def _fewer_bytes(data: bytes, format: Format, keeps: Keeps, end: float) -> bytes:
    piece = 1 << max(2, len(data).bit_length() - 1)
    while piece >= 4 and time.monotonic() < end:
        start = (len(data) - 1) // piece * piece
        while start >= 0 and time.monotonic() < end:
            candidate = format.seal(data[:start] + data[start + piece :])
            if len(candidate) < len(data) and keeps(candidate):
                data = candidate
            start -= piece
        piece //= 2
    return data
