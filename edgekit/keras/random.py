"""Random tensors: `keras.random`."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train import ops as _ops
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.names import unique_name
from edgekit.train.random import generator
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]


class SeedGenerator:
    """A source of random numbers with a state, for the `seed` of these functions."""

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.initial_seed = seed
        self.name = name or unique_name("seed_generator")
        self.source = generator(seed)

    def next(self, ordered: bool = True) -> Tensor:
        """The seed of what is drawn next: two integers, others at each call."""
        return wrap(self.source.integers(0, 2**31 - 1, 2, np.int32))

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """One that begins as this one did."""
        return cls(**config)


def _source(seed: Any) -> Any:
    if isinstance(seed, Tensor | np.ndarray) and seed.ndim:  # what `next` gave
        return np.random.Generator(np.random.SFC64(to_numpy(seed).tolist()))
    return seed.source if isinstance(seed, SeedGenerator) else generator(seed)


def _made(values: Any, dtype: Any) -> Any:
    return wrap(asarray(values, dtype or "float32"))


def _host(value: Any) -> Any:
    return to_numpy(value) if isinstance(value, Tensor) else value


def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Normal numbers."""
    return _made(_source(seed).normal(mean, stddev, shape), dtype)


def uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Numbers from minval to maxval, each as likely."""
    return _made(_source(seed).uniform(minval, maxval, shape), dtype)


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers from 0 to 1, distributed as x^(alpha - 1) (1 - x)^(beta - 1)."""
    return _made(_source(seed).beta(_host(alpha), _host(beta), shape), dtype)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers of at least 0, distributed as x^(alpha - 1) exp(-x)."""
    return _made(_source(seed).gamma(_host(alpha), size=shape), dtype)


def binomial(
    shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Any:
    """How many of `counts` draws succeed, each with the given probability."""
    tries = np.asarray(_host(counts)).astype(np.int64)
    return _made(_source(seed).binomial(tries, _host(probabilities), shape), dtype)


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Integers from minval to maxval - 1."""
    return _made(_source(seed).integers(minval, maxval, shape), dtype)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Normal numbers, drawn again beyond two standard deviations."""
    source = _source(seed)
    values = source.normal(size=shape)
    while (beyond := abs(values) > 2).any():
        values[beyond] = source.normal(size=int(beyond.sum()))
    return _made(values * stddev + mean, dtype)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """(rows, num_samples) class numbers, drawn by softmax(logits) of each row."""
    scores = asarray(logits)
    noise = _source(seed).gumbel(size=(scores.shape[0], num_samples, scores.shape[1]))
    return _made((scores[:, None] + noise).argmax(axis=-1), dtype)


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """`x` in another order along `axis`."""
    values = asarray(x)
    order = _source(seed).permutation(values.shape[axis])
    return wrap(values.take(order, axis=axis))


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Each value zero with probability `rate`, the others times 1 / (1 - rate)."""
    if noise_shape is None:
        return _ops.random.dropout(inputs, rate=rate, generator=_source(seed))
    kept = _source(seed).random(noise_shape) >= rate
    return inputs * (kept / (1.0 - rate)).astype("float32")
