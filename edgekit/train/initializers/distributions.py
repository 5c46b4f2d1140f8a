"""Random initial weights, drawn from numpy's generators.

With a seed an initializer gives the same array every time; without one it draws from the common
generator (`set_random_seed`).
Source: Glorot and Bengio 2010; He et al. 2015; LeCun et al. 1998.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edgekit.train.initializers.initializer import Initializer, compute_fans
from edgekit.train.random import generator

__all__ = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "truncated_normal",
]


class RandomNormal(Initializer):
    """Normal with the given mean and standard deviation."""

    config_names = ("seed", "mean", "stddev")

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def __call__(self, shape, dtype="float32"):
        return generator(self.seed).normal(self.mean, self.stddev, shape).astype(dtype)


class TruncatedNormal(RandomNormal):
    """Normal, redrawn where it falls more than two standard deviations from the mean."""

    def __call__(self, shape, dtype="float32"):
        return truncated_normal(generator(self.seed), shape, self.mean, self.stddev).astype(dtype)


class RandomUniform(Initializer):
    """Uniform in [minval, maxval)."""

    config_names = ("seed", "minval", "maxval")

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def __call__(self, shape, dtype="float32"):
        return generator(self.seed).uniform(self.minval, self.maxval, shape).astype(dtype)


class VarianceScaling(Initializer):
    """Variance `scale / n`, n = fan_in, fan_out or their average.

    `truncated_normal` is widened so that its variance is right after truncation; `uniform` has
    the limit sqrt(3 * scale / n).
    """

    config_names: tuple[str, ...] = (
        "seed",
        "scale",
        "mode",
        "distribution",
        "input_axes",
        "output_axes",
    )

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        distribution = distribution.lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        for value, known in ((mode, _MODES), (distribution, _DISTRIBUTIONS)):
            if value not in known:
                raise ValueError(f"expected one of {known}. Received: {value!r}")
        if scale <= 0:
            raise ValueError(f"`scale` must be positive. Received: scale={scale}")
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed
        self.input_axes, self.output_axes = input_axes, output_axes

    def __call__(self, shape, dtype="float32"):
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        random = generator(self.seed)
        if self.distribution == "truncated_normal":
            values = truncated_normal(random, shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV)
        elif self.distribution == "untruncated_normal":
            values = random.normal(0.0, math.sqrt(variance), shape)
        else:
            limit = math.sqrt(3.0 * variance)
            values = random.uniform(-limit, limit, shape)
        return values.astype(dtype)


_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
# the standard deviation of a unit normal truncated at two standard deviations
_TRUNCATED_STDDEV = 0.87962566103423978


class _Scaled(VarianceScaling):
    """A named corner of VarianceScaling: the seed and the axes are left to choose."""

    config_names = ("seed", "input_axes", "output_axes")
    corner: tuple[float, str, str]

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self.corner, seed, input_axes, output_axes)


class GlorotUniform(_Scaled):
    """Uniform with limit sqrt(6 / (fan_in + fan_out)); Keras' default for kernels."""

    corner = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal with variance 2 / (fan_in + fan_out)."""

    corner = (1.0, "fan_avg", "truncated_normal")


class HeNormal(_Scaled):
    """Truncated normal with variance 2 / fan_in."""

    corner = (2.0, "fan_in", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform with limit sqrt(6 / fan_in)."""

    corner = (2.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Truncated normal with variance 1 / fan_in."""

    corner = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform with limit sqrt(3 / fan_in)."""

    corner = (1.0, "fan_in", "uniform")


class Orthogonal(Initializer):
    """`gain` times a matrix with orthonormal columns (or rows, where there are fewer), uniform
    among all of them; axes before the last count as one. Source: Saxe et al. 2014.
    """

    config_names = ("gain", "seed")

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain, self.seed = gain, seed

    def __call__(self, shape, dtype="float32"):
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs a shape of at least two axes. Received: {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = max(rows, columns), min(rows, columns)
        q, r = np.linalg.qr(generator(self.seed).standard_normal(tall))
        q *= np.sign(np.diag(r))
        return (self.gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype)


def truncated_normal(
    random: np.random.Generator, shape: tuple[int, ...], mean: float, stddev: float
) -> np.ndarray:
    """Normal values; those beyond two standard deviations are drawn again."""
    values = random.standard_normal(shape)
    while (outside := np.abs(values) > 2.0).any():
        values = np.where(outside, random.standard_normal(shape), values)
    return values * stddev + mean
