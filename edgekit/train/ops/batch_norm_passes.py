"""The passes of batch normalization over memory: sums for each channel, then a line through each.

All that one pass does with a block is done while the block is in the cache. Sums of squares and of
products are taken of the numbers as they are where their mean is small beside their deviation,
which saves the centring; elsewhere that would lose digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.train.backend import Array, array_module

from .channels import blocks, channel_sums, product_sums, row_sums, rows, tile
from .workers import in_shares, shares

__all__ = [
    "GradientSums",
    "PartSums",
    "batch_statistics",
    "centred_gradient",
    "centring",
    "gradient_sums",
    "scale_and_shift",
    "scaled",
]

FARTHEST_MEAN = 4.0
"""In deviations: up to here sums without centring lose no more than four bits."""


class PartSums:
    """Pairs of sums for each channel, of one part of a batch after the other."""

    def __init__(self) -> None:
        # entered by several threads: added in the order of the samples
        self._found: dict[int, tuple[Array, Array]] = {}

    def enter(self, samples: slice, found: tuple[Array, Array]) -> None:
        """The sums of some samples."""
        self._found[samples.start] = found

    def enter_powers(self, samples: slice, part: Array) -> None:
        """The sums of x and of x^2 in a part of x."""
        self.enter(samples, _power_sums_part(rows(part), None, part.shape[-1]))

    def result(self) -> tuple[Array, Array]:
        """The sums, once all parts were entered."""
        return _added([self._found[start] for start in sorted(self._found)])


def batch_statistics(
    x: Array, epsilon: float, powers: PartSums | None = None
) -> tuple[Array, Array, Array]:
    """Mean, variance and 1 / sqrt(variance + epsilon) of each channel of `x` (..., C).

    powers: the sums of x and of x^2, where they were taken already.
    """
    module = array_module(x)
    number = x.dtype.type
    share = number(x.shape[-1] / x.size)
    sums, squares = _power_sums(x, None) if powers is None else powers.result()
    mean = sums * share
    variance = module.maximum(squares * share - mean * mean, number(0))
    inverse = number(1) / module.sqrt(variance + number(epsilon))
    if _is_far(mean, inverse):
        variance = _power_sums(x, mean)[1] * share
        inverse = number(1) / module.sqrt(variance + number(epsilon))
    return mean, variance, inverse


def _is_far(mean: Array, inverse: Array) -> bool:
    """Whether sums must be centred. Always on a GPU, which would have to be waited for."""
    if not isinstance(mean, np.ndarray):
        return True
    return not bool((np.abs(mean) * inverse).max() <= FARTHEST_MEAN)  # NaN is far too


def _power_sums(x: Array, mean: Any) -> tuple[Array, Array]:
    """For each channel the sums of x, and of x^2 or, where a mean is given, of (x - mean)^2."""
    wide = rows(x)
    wide_mean = None if mean is None else tile(mean, wide)

    def take(share: slice) -> tuple[Array, Array]:
        return _power_sums_part(wide[share], wide_mean, x.shape[-1])

    return _added(in_shares(take, shares(len(wide), x, 0.2 * x.size)))


def _power_sums_part(wide: Array, wide_mean: Any, channels: int) -> tuple[Array, Array]:
    found = []
    for block in blocks(wide):
        part = wide[block]
        sums = row_sums(part)
        if wide_mean is not None:
            part = part - wide_mean
        found.append((sums, product_sums(part, part)))
    return _of_channels(found, channels)


def _of_channels(found: list[tuple[Array, Array]], channels: int) -> tuple[Array, Array]:
    """Pairs of sums along long rows, added up to one pair for each channel."""
    first, second = _added(found)
    return channel_sums(first.reshape(-1, channels)), channel_sums(second.reshape(-1, channels))


def _added(found: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """The sum of pairs, in their order."""
    first, second = found[0]
    for other in found[1:]:
        first, second = first + other[0], second + other[1]
    return first, second


def scale_and_shift(mean: Array, inverse: Array, gamma: Any, beta: Any) -> tuple[Array, Array]:
    """The line through each channel that normalizes it: what `scaled` takes."""
    scale = inverse if gamma is None else inverse * gamma
    return scale, (-mean * scale if beta is None else beta - mean * scale)


def scaled(x: Array, scale: Array, shift: Array, rectify: bool = False) -> Array:
    """scale * x + shift for each channel, and ReLU of that where `rectify` says so."""
    module = array_module(x)
    wide = rows(x)
    wide_scale, wide_shift = tile(scale, wide), tile(shift, wide)
    zeros = module.zeros_like(wide_shift)  # a row is compared faster than a number
    y = module.empty_like(wide)

    def take(share: slice) -> None:
        source, target = wide[share], y[share]
        for block in blocks(source):
            part = module.multiply(source[block], wide_scale, out=target[block])
            part += wide_shift
            if rectify:
                module.maximum(part, zeros, out=part)

    in_shares(take, shares(len(wide), wide, 0.2 * wide.size))
    return y.reshape(x.shape)


def gradient_sums(g: Array, x: Array, mean: Array, inverse: Array) -> tuple[Array, Array]:
    """For each channel the sums of g and of g * (x - mean)."""
    sums = GradientSums(x, mean, inverse)
    sums.add(g)
    return sums.result()


class GradientSums:
    """For each channel the sums of g and of g * (x - mean), from parts of g.

    With `rectified`, an output of ReLU, g counts only where that is positive.
    """

    def __init__(self, x: Array, mean: Array, inverse: Array, rectified: Any = None) -> None:
        self.x = x
        self.mean = mean
        self.rectified = rectified
        self._centred = _is_far(mean, inverse)
        self._sums = PartSums()

    def add(self, g: Array, target: Any = None) -> None:
        """All of g at once, on several threads; what counts of it is written to `target`."""

        def take(samples: slice) -> None:
            self.add_part(samples, g[samples], None if target is None else target[samples])

        in_shares(take, shares(len(self.x), self.x, 0.3 * self.x.size))

    def add_part(self, samples: slice, g: Array, target: Any = None) -> None:
        """A part of g; what counts of it is written to `target`."""
        channels = self.x.shape[-1]
        wide = rows(self.x[samples])
        mean = tile(self.mean, wide) if self._centred else None
        positive = None
        if self.rectified is not None:
            positive, target = rows(self.rectified[samples]), rows(target)
        found = _weight_sums(wide, mean, rows(g), positive, target)
        self._sums.enter(samples, _of_channels(found, channels))

    def result(self) -> tuple[Array, Array]:
        """The sums, once all parts were added."""
        sums, products = self._sums.result()
        return sums, products if self._centred else products - self.mean * sums


def _weight_sums(
    wide: Array, wide_mean: Any, weights: Array, rectified: Any = None, target: Any = None
) -> list[tuple[Array, Array]]:
    """The sums over the rows of the weights, and of (x - mean) * weights, for each block.

    With `rectified` the weights count where that is positive, and are written to `target`.
    """
    found = []
    for block in blocks(wide):
        part, weight = wide[block], weights[block]
        if rectified is not None:
            counts = rectified[block] > 0
            weight = array_module(wide).multiply(weight, counts, out=target[block])
        if wide_mean is not None:
            part = part - wide_mean
        found.append((row_sums(weight), product_sums(part, weight)))
    return found


def centred_gradient(
    g: Array,
    x: Array,
    saved: tuple[Array, ...],
    sums: tuple[Array, Array],
    scale: Any = None,
    own: bool = False,
) -> Array:
    """scale * (g - mean(g) - normalized * mean(g * normalized)), without `scale` where it is None.

    saved: mean, variance and 1 / deviation. sums: of g and of g * normalized. own: whether g may
    be written over.
    """
    target = g if own else array_module(x).empty(x.shape, x.dtype)
    in_shares(centring(g, x, saved, sums, target, scale), shares(len(x), x, 0.25 * x.size))
    return target


def centring(
    g: Array,
    x: Array,
    saved: tuple[Array, ...],
    sums: tuple[Array, Array],
    target: Array,
    scale: Any = None,
) -> Callable[[slice], None]:
    """What writes `centred_gradient` of some samples to their place in `target`, which may be g."""
    module = array_module(x)
    mean, _, inverse = saved
    share = x.dtype.type(x.shape[-1] / x.size)
    slope = inverse * sums[1] * -share
    shift = sums[0] * -share - mean * slope

    def take(samples: slice) -> None:
        wide_x, wide_g, wide = (rows(array[samples]) for array in (x, g, target))
        wide_slope, wide_shift = tile(slope, wide_x), tile(shift, wide_x)
        wide_scale = None if scale is None else tile(scale, wide_x)
        for block in blocks(wide_x):
            by_x = wide_x[block] * wide_slope
            by_x += wide_shift
            result = module.add(wide_g[block], by_x, out=wide[block])
            if wide_scale is not None:
                result *= wide_scale

    return take
