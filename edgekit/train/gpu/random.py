"""Random numbers on the GPU: Philox 4x32-10, counted by the element and the step.

A layer draws a key of 64 bits from its own generator at every call. Within the steps of fit the key
stays as it was and the step's number, which lives on the device, changes. No mask is kept: the
derivative draws it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.ops import random

from . import state
from .kernel import STORAGE, Kernel, blocks_for, contiguous, empty, kernel, type_name
from .rules import on_gpu

__all__ = ["kept_mask", "kernels", "normal", "uniform", "words"]

_SOURCE = "random.cu"
_THREADS = 256


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    names = ["random_words", "random_uniform", "random_kept"]
    names += [f"{name}<{t}>" for name in ("random_normal", "dropout") for t in STORAGE.values()]
    return [kernel(_SOURCE, name) for name in names]


def _launch(name: str, count: int, *arguments: Any) -> None:
    """Over `count` elements, four to a thread; the count is handed over last."""
    if count:
        run = kernel(_SOURCE, name)
        run(blocks_for(-(-count // 4), _THREADS), _THREADS, *arguments, np.int64(count))


def words(key: int, count: int, step: Any = None, first: int = 0) -> Any:
    """`count` uint32 of the stream that `key` and the step name (the current step by default),
    from word 4 * `first` on.
    """
    found = empty(count, np.uint32)
    step = state.current().step if step is None else step
    _launch("random_words", count, np.uint64(key), step, np.int64(first), found)
    return found


def uniform(generator: Any, low: float, high: float, shape: tuple[int, ...]) -> Any:
    """float32 from `low` to below `high`."""
    found = empty(shape, np.float32)
    bounds = np.float32(low), np.float32(high)
    _launch(
        "random_uniform", found.size, state.key_of(generator), state.current().step, *bounds, found
    )
    return found


def normal(generator: Any, shape: tuple[int, ...], deviation: float, dtype: Any) -> Any:
    """Normal numbers of mean 0."""
    held = dtype if np.dtype(dtype).name in STORAGE else np.float32
    found = empty(shape, held)
    name = f"random_normal<{type_name(held)}>"
    step = state.current().step
    _launch(name, found.size, state.key_of(generator), step, np.float32(deviation), found)
    return found.astype(dtype, copy=False)


def _threshold(rate: float) -> int:
    """How many of the 2^32 words fall."""
    return min(round(rate * (1 << 32)), (1 << 32) - 1)


def kept_mask(generator: Any, shape: tuple[int, ...], rate: float) -> Any:
    """Booleans of `shape`, false with probability `rate`."""
    return _kept(state.key_of(generator), state.current().step, shape, _threshold(rate))


def _kept(key: np.uint64, step: Any, shape: tuple[int, ...], threshold: int) -> Any:
    found = empty(shape, bool)
    _launch("random_kept", found.size, key, step, np.uint32(threshold), found)
    return found


class _Fallen:
    """What dropout did to an array, by which it can be done again.

    Unpacked it gives (kept, scale) as dropout on the host saves them.
    """

    def __init__(self, key: np.uint64, rate: float) -> None:
        self.key = key
        self.threshold = _threshold(rate)
        self.scale = np.float32((1 << 32) / ((1 << 32) - self.threshold))
        self.step = empty(1, np.uint64)  # in which it was done
        self.shape: tuple[int, ...] = ()

    def done(self, x: Any, step: Any) -> Any:
        x = contiguous(x)
        y = empty(x.shape, x.dtype)
        self.shape = x.shape
        used = self.step if step is not self.step else empty(1, np.uint64)
        name = f"dropout<{type_name(x.dtype)}>"
        _launch(name, x.size, x, self.key, step, np.uint32(self.threshold), self.scale, y, used)
        return y

    def __iter__(self) -> Iterator[Any]:
        yield _kept(self.key, self.step, self.shape, self.threshold)
        yield self.scale


def _own_generator(x: Any, *, rate: float, generator: Any, noise_shape: Any = None) -> bool:
    """Whether each element falls by itself, by a generator of the host."""
    together = noise_shape is not None and tuple(noise_shape) != x.shape
    return isinstance(generator, np.random.Generator) and not together and bool(x.size)


@on_gpu(random.dropout, when=_own_generator)
def _dropout(x: Any, *, rate: float, generator: Any, noise_shape: Any = None) -> Any:
    if not 0 <= rate < 1:
        raise InputError(f"dropout: rate is {rate}; it must be at least 0 and below 1")
    fallen = _Fallen(state.key_of(generator), rate)
    return fallen.done(x, state.current().step), fallen


@_dropout.vjp
def _(
    g: Any, y: Any, x: Any, *, saved: Any, rate: float, generator: Any, noise_shape: Any = None
) -> tuple[Any]:
    return (saved.done(g, saved.step),)
