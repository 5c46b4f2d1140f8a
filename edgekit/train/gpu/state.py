"""The scalars of a training step that live on the device.

A captured step is replayed with the same arguments each time, so whatever changes from step to step
is read from device memory and changed there by kernels: the number of the step, the loss scale,
whether the gradients were finite. `StepState` holds them, one for each optimizer; kernels that need
several take `state.words`, a `StepState` of `sources/state.cuh`.

    state = current()                      # of the step being made; the device's own outside
    kernel("dropout.cu", ...)(..., state.step, ...)

The host writes a scalar only where its value changed, and never while a stream is capturing: what
must be up to date is written before (`Optimizer.prepare`), and what a launch changed is entered
into the host's own numbers afterwards (`Optimizer.taken`).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from edgekit.train.random import derived_generator

from .kernel import Kernel, kernel

__all__ = [
    "StepState",
    "capturing",
    "current",
    "is_capturing",
    "kernels",
    "key_of",
    "one_step",
    "within",
]

_SOURCE = "state.cu"
# name -> its place in bytes and its dtype, as in sources/state.cuh
_FIELDS: dict[str, tuple[int, type[np.generic]]] = {
    "step": (0, np.uint64),
    "iterations": (8, np.int64),
    "first": (16, np.int64),
    "scale": (24, np.float32),
    "divisor": (28, np.float32),
    "good": (32, np.int32),
    "finite": (36, np.int32),
}
_WORDS = 8


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    return [kernel(_SOURCE, "advance")]


class StepState:
    """Device scalars, each an array of one element whose place in memory never changes.

    words: all of them, as kernels take them. step: uint64, the steps begun. iterations: int64, the
    steps taken. scale: float32, the loss scale. finite: int32, whether the gradients of the last
    step were.
    """

    step: Any
    iterations: Any
    first: Any
    scale: Any
    divisor: Any
    good: Any
    finite: Any

    def __init__(self) -> None:
        import cupy

        self.words = cupy.zeros(_WORDS, np.uint64)
        for name, (start, dtype) in _FIELDS.items():
            size = np.dtype(dtype).itemsize
            setattr(self, name, self.words.view(dtype)[start // size : start // size + 1])
        self._written: dict[str, Any] = dict.fromkeys(_FIELDS, 0)
        self.write("scale", 1.0)
        self.write("divisor", 1.0)
        self.write("finite", 1)

    def write(self, name: str, value: Any) -> None:
        """Set a scalar that only the host changes, where the value is another than before."""
        if self._written[name] != value:
            getattr(self, name)[...] = _FIELDS[name][1](value)
            self._written[name] = value

    def force(self, name: str, value: Any) -> None:
        """Set a scalar that kernels change too."""
        getattr(self, name)[...] = _FIELDS[name][1](value)
        self._written[name] = value

    def read(self, name: str) -> Any:
        """A scalar as a number: waits for the device."""
        return getattr(self, name).item()

    def advance(self) -> None:
        """step <- step + 1 on the device, where no optimizer's kernel does it."""
        kernel(_SOURCE, "advance")(1, 1, self.words)


class _Now(threading.local):
    def __init__(self) -> None:
        self.state: StepState | None = None
        self.capturing = False
        self.drawn: dict[int, int] | None = None  # keys drawn in this step, by their generator


_now = _Now()
_own: dict[int, StepState] = {}


def current() -> StepState:
    """The scalars of the step that this thread makes; outside of steps those of the device."""
    if _now.state is not None:
        return _now.state
    import cupy

    device = cupy.cuda.runtime.getDevice()
    if device not in _own:
        _own[device] = StepState()
    return _own[device]


@contextlib.contextmanager
def within(state: StepState) -> Iterator[None]:
    """Within the block this thread makes steps that `state` counts."""
    before, _now.state = _now.state, state
    try:
        yield
    finally:
        _now.state = before


@contextlib.contextmanager
def one_step() -> Iterator[None]:
    """Within the block generators stay where they are: the step's number tells steps apart.

    So a step draws the same keys as it is written and captured, and after training went on from
    a backup.
    """
    before, _now.drawn = _now.drawn, {}
    try:
        yield
    finally:
        _now.drawn = before


def key_of(generator: np.random.Generator) -> np.uint64:
    """A key for random numbers of the device: another one at every call of a step."""
    if _now.drawn is None:
        return np.uint64(generator.integers(0, 1 << 64, dtype=np.uint64))
    number = _now.drawn[id(generator)] = _now.drawn.get(id(generator), 0) + 1
    derived = derived_generator(generator, number)
    return np.uint64(derived.integers(0, 1 << 64, dtype=np.uint64))


def is_capturing() -> bool:
    """Whether this thread's kernels go into a graph instead of to the device."""
    return _now.capturing


@contextlib.contextmanager
def capturing() -> Iterator[None]:
    """Within the block nothing is written from the host, and no step is counted by the host."""
    before, _now.capturing = _now.capturing, True
    try:
        yield
    finally:
        _now.capturing = before
