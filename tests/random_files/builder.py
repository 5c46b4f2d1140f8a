"""Random choices for networks: shapes, scales, numbers, and what an operator can read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from .litert_process import LiteRTProcess
from .network import Array, Network, Operator, Options, Quant, Tensor

__all__ = ["QUANTIZED", "Builder", "DoesNotFit", "Rule"]

T = TypeVar("T")

QUANTIZED = ("int8", "uint8", "int16")
LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1)}
CALLS = 2
LARGEST = 60_000  # elements
MOST_INPUTS = 4


class DoesNotFit(Exception):
    """There is nothing here that the operator could read, or LiteRT refuses it."""


class Builder:
    """Adds operators to `network`. The same seed gives the same network.

    wild: whether scales lie far apart, on powers of two, or where bounds fall on halves.
    """

    def __init__(self, seed: int, process: LiteRTProcess) -> None:
        self.rng, self.process = np.random.default_rng(seed), process
        self.network, self.readable = Network(), list[int]()
        self.wild = self.chance(0.25)
        self.base = 10.0 ** self.rng.uniform(-4, 2) if self.wild and self.chance(0.5) else 1.0

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.rng.integers(len(choices)))]

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def flags(self, *names: str) -> dict[str, bool]:
        return {name: self.chance(0.4) for name in names}

    def fused(self) -> int:
        """Mostly none."""
        return self.pick([0, 0, 0, 1, 2, 3, 3])

    def scale(self, around: float) -> np.float32:
        if self.wild and self.chance(0.3):
            return np.float32(2.0 ** (round(math.log2(around)) + self.number(-4, 6)))
        if self.wild and self.chance(0.3) and 0.02 < around < 4:
            return np.float32(self.pick([4, 2.4, 12 / 7, 1.2, 0.8, 4 / 3]))
        return np.float32(around * math.exp(self.rng.uniform(-1.5, 1.5)))

    def quant(self, dtype: str, around: float | None = None) -> Quant | None:
        if dtype not in QUANTIZED:
            return None
        low, high = LIMITS[dtype]
        middle = (low + high + 1) // 2
        zero = self.pick([low, high, middle, self.number(low, high), self.number(low, high)])
        usual = (0.05 if dtype != "int16" else 0.0002) * self.base
        return self.scale(usual if around is None else around), 0 if dtype == "int16" else zero, 0

    def array(self, shape: Sequence[int], dtype: str) -> Array:
        """Any numbers, or the ends, or some that lie near each other."""
        if dtype == "float32":
            spread = self.pick([1.0, 1.0, 10.0 ** self.rng.uniform(-2, 1)])
            found = self.rng.normal(size=shape) * spread
            found = np.round(found * 4) / 4 if self.chance(0.2) else found
            return np.asarray(found, np.float32)
        if dtype == "bool":
            return np.less(self.rng.random(shape), 0.5)
        low, high = LIMITS.get(dtype, (-6, 6))
        kind = self.number(0, 5)
        if kind == 0:
            return self.rng.choice([low, high], shape).astype(dtype)
        if kind == 1:
            near = self.rng.normal(self.number(low, high), (high - low) / 40, shape)
            return np.clip(np.round(near), low, high).astype(dtype)
        return self.rng.integers(low, high + 1, shape).astype(dtype)

    def shape(self, rank: int) -> tuple[int, ...]:
        sizes = [self.pick([1, 2, 3, 4, 5, 7, 8, self.number(1, 20)]) for _ in range(rank)]
        if rank == 4:
            sizes[0] = self.pick([1, 1, 1, 2, 3])
        return tuple(sizes if math.prod(sizes) <= 8000 else [min(size, 3) for size in sizes])

    def constant(self, data: Any, quant: Quant | None = None, dtype: str | None = None) -> int:
        array = np.asarray(data, dtype)
        return self._add(Tensor(array.shape, array.dtype.name, array, quant))

    def input(self, shape: Sequence[int], dtype: str, quant: Quant | None = None) -> int:
        """A new input of the network; its scale is any, if none is given."""
        number = self._add(Tensor(tuple(shape), dtype, None, quant or self.quant(dtype)))
        self.network.feeds[number] = [self.array(shape, dtype) for _ in range(CALLS)]
        self.readable.append(number)
        return number

    def tensor(self, number: int) -> Tensor:
        return self.network.tensors[number]

    def read(self, dtypes: Sequence[str], ranks: Sequence[int]) -> int:
        """What was computed last, where it fits, or something else that does."""

        def fits(number: int) -> bool:
            t = self.tensor(number)
            has_scale = t.dtype not in QUANTIZED or t.quant is not None
            return has_scale and t.dtype in dtypes and len(t.known_shape) in ranks

        fitting = [number for number in self.readable if fits(number)]
        if fitting and fitting[-1] == self.readable[-1] and self.chance(0.8):
            return fitting[-1]
        if fitting and self.chance(0.8):
            return self.pick(fitting)
        if len(self.network.inputs) >= MOST_INPUTS or (self.network.operators and not fitting):
            raise DoesNotFit
        return self.input(self.shape(self.pick(list(ranks))), self.pick(list(dtypes)))

    def other(self, number: int, *, same_scale: bool = False) -> int:
        """A second operand for a tensor: of its shape, or one that broadcasts with it."""
        t = self.tensor(number)
        shape = [self.pick([d, d, d, 1]) for d in t.known_shape]
        shape = self.pick([list(t.known_shape), shape, shape[-1:], []])
        if self.chance(0.1):
            return number
        quant = t.quant if same_scale else self.quant(t.dtype, t.scale if t.quant else None)
        if self.chance(0.5) or len(self.network.inputs) >= MOST_INPUTS:
            return self.constant(self.array(shape, t.dtype), quant)
        return self.input(shape, t.dtype, quant)

    def like(self, number: int) -> Tensor:
        """An output with the dtype and the scale of a tensor."""
        return Tensor(None, self.tensor(number).dtype, None, self.tensor(number).quant)

    def rescaled(self, number: int, factor: float = 1.0) -> Tensor:
        """An output with the dtype of a tensor and a scale around `factor` times its own."""
        t = self.tensor(number)
        quant = self.quant(t.dtype, t.scale * factor) if t.quant is not None else None
        return Tensor(None, t.dtype, None, quant)

    def emit(
        self,
        code: str,
        inputs: Sequence[int],
        outputs: Sequence[Tensor],
        options: Options | None = None,
    ) -> None:
        """Add an operator that LiteRT runs on its own; its outputs get the shapes found there."""
        network = self.network
        numbers = tuple(self._add(output) for output in outputs)
        op = Operator(code, tuple(inputs), numbers, options)
        alone = Network(network.tensors, [op])
        arrays = [
            network.feeds[i][0] if i in network.feeds else self._stand_in(i) for i in alone.inputs
        ]
        answer = self.process.run(alone.encode(), [arrays], "reference")
        if answer.outputs is None:
            answer = self.process.run(alone.encode(), [arrays], "default")
        found = [] if answer.outputs is None else answer.outputs[0]
        sound = all(
            0 < a.size <= LARGEST and (a.dtype.kind != "f" or np.isfinite(a).all()) for a in found
        )
        if not found or not sound:
            raise DoesNotFit(answer.problem)
        for number, array in zip(numbers, found, strict=True):
            self.tensor(number).shape = array.shape
        network.operators.append(op)
        self.readable += numbers

    def _stand_in(self, number: int) -> Array:
        return self.array(self.tensor(number).known_shape, self.tensor(number).dtype)

    def _add(self, tensor: Tensor) -> int:
        self.network.tensors.append(tensor)
        return len(self.network.tensors) - 1


Rule = Callable[[Builder], None]
"""Adds one operator, or raises DoesNotFit."""
