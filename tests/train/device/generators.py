"""cupy.random: generators whose numbers are numpy's, made on the device."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from .arrays import ndarray
from .machine import machine
from .perform import placed

__all__ = ["random_module"]


class Philox4x3210:
    """A bit generator by seed."""

    def __init__(self, seed: int | None = None, *, size: int = -1) -> None:
        self.source = np.random.Generator(np.random.Philox(seed))


class Generator:
    """What cupy's Generator has of numpy's, which is not all of it."""

    def __init__(self, bit_generator: Philox4x3210) -> None:
        self.bit_generator = bit_generator

    def _drawn(self, name: str, *parameters: Any) -> ndarray:
        if machine.capturing:
            raise NotImplementedError(
                f"{name}: calling cuRAND API during stream capture is currently unsupported"
            )
        return placed(np.asarray(getattr(self.bit_generator.source, name)(*parameters)))

    def integers(
        self, low: Any, high: Any = None, size: Any = None, dtype: Any = np.int64,
        endpoint: bool = False,
    ) -> ndarray:  # fmt: skip
        return self._drawn("integers", low, high, size, dtype, endpoint)

    def random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> ndarray:
        return self._drawn("random", size, dtype)

    def uniform(
        self, low: Any = 0.0, high: Any = 1.0, size: Any = None, dtype: Any = np.float64
    ) -> ndarray:
        return self._drawn("uniform", low, high, size).astype(dtype)

    def standard_normal(
        self, size: Any = None, dtype: Any = np.float64, out: Any = None
    ) -> ndarray:
        return self._drawn("standard_normal", size, dtype)


def random_module() -> types.ModuleType:
    module = types.ModuleType("cupy.random")
    module.__dict__.update(Generator=Generator, Philox4x3210=Philox4x3210)
    return module
