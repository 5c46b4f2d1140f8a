"""Hashes of strings that are the same everywhere: FarmHash's Fingerprint64 and SipHash-2-4.

Sources: google/farmhash (farmhashna); Aumasson and Bernstein 2012. Arithmetic is modulo 2^64.
"""

from __future__ import annotations

import struct
from typing import Any

__all__ = ["bytes_of", "fingerprint64", "joined_fingerprints", "siphash"]

_MASK = (1 << 64) - 1
_CAT = 0xC6A4A7935BD1E995
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def _turned(x: int, by: int) -> int:
    """Rotated to the right."""
    return x if by == 0 else ((x >> by) | (x << (64 - by))) & _MASK


def _mixed(x: int) -> int:
    return x ^ (x >> 47)


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _half(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _joined(u: int, v: int, factor: int) -> int:
    a = _mixed(((u ^ v) * factor) & _MASK)
    b = _mixed(((v ^ a) * factor) & _MASK)
    return (b * factor) & _MASK


def _up_to_16(s: bytes) -> int:
    n = len(s)
    if n >= 8:
        factor = _K2 + n * 2
        a, b = _word(s, 0) + _K2, _word(s, n - 8)
        c = _turned(b, 37) * factor + a
        d = (_turned(a & _MASK, 25) + b) * factor
        return _joined(c & _MASK, d & _MASK, factor & _MASK)
    if n >= 4:
        factor = _K2 + n * 2
        return _joined((n + (_half(s, 0) << 3)) & _MASK, _half(s, n - 4), factor & _MASK)
    if n > 0:
        y = s[0] + (s[n >> 1] << 8)
        z = n + (s[n - 1] << 2)
        return (_mixed(((y * _K2) ^ (z * _K0)) & _MASK) * _K2) & _MASK
    return _K2


def _up_to_32(s: bytes) -> int:
    n = len(s)
    factor = (_K2 + n * 2) & _MASK
    a, b = _word(s, 0) * _K1 & _MASK, _word(s, 8)
    c, d = _word(s, n - 8) * factor & _MASK, _word(s, n - 16) * _K2 & _MASK
    u = _turned((a + b) & _MASK, 43) + _turned(c, 30) + d
    v = a + _turned((b + _K2) & _MASK, 18) + c
    return _joined(u & _MASK, v & _MASK, factor)


def _up_to_64(s: bytes) -> int:
    n = len(s)
    factor = (_K2 + n * 2) & _MASK
    a, b = _word(s, 0) * _K2 & _MASK, _word(s, 8)
    c, d = _word(s, n - 8) * factor & _MASK, _word(s, n - 16) * _K2 & _MASK
    y = (_turned((a + b) & _MASK, 43) + _turned(c, 30) + d) & _MASK
    z = _joined(y, (a + _turned((b + _K2) & _MASK, 18) + c) & _MASK, factor)
    e, f = _word(s, 16) * factor & _MASK, _word(s, 24)
    g = (y + _word(s, n - 32)) * factor & _MASK
    h = (z + _word(s, n - 24)) * factor & _MASK
    u = _turned((e + f) & _MASK, 43) + _turned(g, 30) + h
    v = e + _turned((f + a) & _MASK, 18) + g
    return _joined(u & _MASK, v & _MASK, factor)


def _weak(s: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """Two words of state from 32 bytes and two seeds."""
    w, x, y, z = (_word(s, at + 8 * i) for i in range(4))
    a = (a + w) & _MASK
    b = _turned((b + a + z) & _MASK, 21)
    c = a
    a = (a + x + y) & _MASK
    b = (b + _turned(a, 44)) & _MASK
    return (a + z) & _MASK, (b + c) & _MASK


def _long(s: bytes) -> int:
    n = len(s)
    x, y = 81 * _K2 + _word(s, 0), (81 * _K1 + 113) & _MASK
    x &= _MASK
    z = (_mixed((y * _K2 + 113) & _MASK) * _K2) & _MASK
    v, w = (0, 0), (0, 0)
    x = (81 * _K2 + _word(s, 0)) & _MASK
    end = ((n - 1) // 64) * 64
    for at in range(0, end, 64):
        x = _turned((x + y + v[0] + _word(s, at + 8)) & _MASK, 37) * _K1 & _MASK
        y = _turned((y + v[1] + _word(s, at + 48)) & _MASK, 42) * _K1 & _MASK
        x ^= w[1]
        y = (y + v[0] + _word(s, at + 40)) & _MASK
        z = _turned((z + w[0]) & _MASK, 33) * _K1 & _MASK
        v = _weak(s, at, v[1] * _K1 & _MASK, (x + w[0]) & _MASK)
        w = _weak(s, at + 32, (z + w[1]) & _MASK, (y + _word(s, at + 16)) & _MASK)
        z, x = x, z
    factor = (_K1 + ((z & 0xFF) << 1)) & _MASK
    at = n - 64
    w = ((w[0] + ((n - 1) & 63)) & _MASK, w[1])
    v = ((v[0] + w[0]) & _MASK, v[1])
    w = ((w[0] + v[0]) & _MASK, w[1])
    x = _turned((x + y + v[0] + _word(s, at + 8)) & _MASK, 37) * factor & _MASK
    y = _turned((y + v[1] + _word(s, at + 48)) & _MASK, 42) * factor & _MASK
    x ^= w[1] * 9 & _MASK
    y = (y + v[0] * 9 + _word(s, at + 40)) & _MASK
    z = _turned((z + w[0]) & _MASK, 33) * factor & _MASK
    v = _weak(s, at, v[1] * factor & _MASK, (x + w[0]) & _MASK)
    w = _weak(s, at + 32, (z + w[1]) & _MASK, (y + _word(s, at + 16)) & _MASK)
    z, x = x, z
    one = (_joined(v[0], w[0], factor) + _mixed(y) * _K0 + z) & _MASK
    return _joined(one, (_joined(v[1], w[1], factor) + x) & _MASK, factor)


def bytes_of(value: Any) -> bytes:
    """What is hashed of a string, or of an integer: its decimal digits."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8")


def fingerprint64(data: bytes) -> int:
    """FarmHash's 64-bit fingerprint."""
    for most, function in ((16, _up_to_16), (32, _up_to_32), (64, _up_to_64)):
        if len(data) <= most:
            return function(data)
    return _long(data)


def joined_fingerprints(first: int, second: int) -> int:
    """One fingerprint of two, as TensorFlow joins them (FingerprintCat64)."""
    found = first ^ _CAT
    found ^= (_mixed((second * _CAT) & _MASK) * _CAT) & _MASK
    found = (found * _CAT) & _MASK
    return _mixed((_mixed(found) * _CAT) & _MASK)


def siphash(data: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 with a key of two 64-bit numbers."""
    k0, k1 = (int(k) & _MASK for k in key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D,
         k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]  # fmt: skip
    padded = data + b"\0" * (7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for (m,) in struct.iter_unpack("<Q", padded):
        v[3] ^= m
        _rounds(v, 2)
        v[0] ^= m
    v[2] ^= 0xFF
    _rounds(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _rounds(v: list[int], count: int) -> None:
    def left(x: int, by: int) -> int:
        return _turned(x, 64 - by)

    for _ in range(count):
        v[0] = (v[0] + v[1]) & _MASK
        v[2] = (v[2] + v[3]) & _MASK
        v[1], v[3] = left(v[1], 13) ^ v[0], left(v[3], 16) ^ v[2]
        v[0] = left(v[0], 32)
        v[2] = (v[2] + v[1]) & _MASK
        v[0] = (v[0] + v[3]) & _MASK
        v[1], v[3] = left(v[1], 17) ^ v[2], left(v[3], 21) ^ v[0]
        v[2] = left(v[2], 32)
