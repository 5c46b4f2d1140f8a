"""Layer, group and unit normalization on the GPU, both ways."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from edgekit.train.ops import group_norm as groups_of
from edgekit.train.ops import normalization

from .channels import THREADS, layout, scale_and_shift, tickets
from .kernel import STORAGE, Kernel, contiguous, empty, kernel, type_name
from .rows import instances, over_rows
from .rules import on_gpu

__all__ = ["kernels"]

_SOURCE = "sample_norm.cu"


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    found = []
    for name in ("unit_norm_forward", "unit_norm_backward"):
        found += instances(_SOURCE, name)
    for t in STORAGE.values():
        for p in dict.fromkeys(("float", t)):
            found.append(kernel(_SOURCE, f"group_norm_sums<{t}, {p}>"))
            found += [
                kernel(_SOURCE, f"group_norm_{way}<{t}, {p}, {width}>")
                for way in ("forward", "backward")
                for width in (32, 256)
            ]
    return found


class _Sizes(NamedTuple):
    """x as (samples, places, channels), `size` channels in a group."""

    samples: int
    places: int
    channels: int
    size: int

    @property
    def rows(self) -> int:
        return self.samples * (self.channels // self.size)

    @property
    def length(self) -> int:
        return self.places * self.size

    @property
    def numbers(self) -> tuple[Any, ...]:
        return np.int32(self.places), np.int32(self.channels), np.int32(self.size)


def _normalized(x: Any, gamma: Any, beta: Any, sizes: _Sizes, epsilon: float) -> tuple[Any, Any]:
    x = contiguous(x)
    y, saved = empty(x.shape, x.dtype), empty((sizes.rows, 2), np.float32)
    gamma_in, beta_in, has, dtype = scale_and_shift(x, gamma, beta)
    over_rows(
        _SOURCE, "group_norm_forward", x.dtype, sizes.rows, sizes.length, x, gamma_in, beta_in,
        np.int32(has), np.float32(epsilon), y, saved, *sizes.numbers, more=type_name(dtype),
    )  # fmt: skip
    return y, saved


def _gradients(
    g: Any, x: Any, gamma: Any, beta: Any, saved: Any, needs: Any, sizes: _Sizes
) -> tuple[Any, ...]:
    g, x = contiguous(g), contiguous(x)
    gamma_in, _, has, dtype = scale_and_shift(x, gamma, beta)
    gx = g_gamma = g_beta = None
    if needs[0]:
        gx = empty(x.shape, x.dtype)
        over_rows(
            _SOURCE, "group_norm_backward", x.dtype, sizes.rows, sizes.length, g, x, gamma_in,
            np.int32(has), saved, gx, *sizes.numbers, more=type_name(dtype),
        )  # fmt: skip
    if any(needs[1:]):
        g_gamma, g_beta = (empty(sizes.channels, dtype) for _ in range(2))
        how = layout(sizes.samples * sizes.places, sizes.channels)
        run = kernel(_SOURCE, f"group_norm_sums<{type_name(x.dtype)}, {type_name(dtype)}>")
        run(
            how.grid, THREADS, g, x, saved, g_gamma, g_beta, np.int32(sizes.places),
            np.int32(sizes.size), how.parts(2), tickets(how.tiles), *how.sizes,
        )  # fmt: skip
        g_gamma = None if gamma is None else g_gamma.reshape(gamma.shape)
        g_beta = None if beta is None else g_beta.reshape(beta.shape)
    return (gx, g_gamma, g_beta)[: len(needs)]


# -- layer normalization --------------------------------------------------------------------------


def _is_trailing(x: Any, *parameters: Any, axis: Any = -1, **attrs: Any) -> bool:
    """Whether the last axes are normalized, so that each sample is one row."""
    axes = normalization._axes(x, axis)
    return bool(x.size) and axes == tuple(range(x.ndim - len(axes), x.ndim))


def _layer_sizes(x: Any, axis: Any) -> _Sizes:
    length = math.prod(x.shape[a] for a in normalization._axes(x, axis))
    return _Sizes(x.size // length, 1, length, length)


@on_gpu(normalization.layer_norm, when=_is_trailing)
def _layer(
    x: Any, gamma: Any = None, beta: Any = None, *, axis: Any = -1, epsilon: float = 1e-3
) -> Any:
    return _normalized(x, gamma, beta, _layer_sizes(x, axis), epsilon)


@_layer.vjp
def _(
    g: Any, y: Any, x: Any, gamma: Any = None, beta: Any = None, *, saved: Any, needs: Any,
    axis: Any = -1, epsilon: float = 1e-3,
) -> Any:  # fmt: skip
    return _gradients(g, x, gamma, beta, saved, needs, _layer_sizes(x, axis))


# -- group normalization --------------------------------------------------------------------------


def _group_sizes(x: Any, groups: int) -> _Sizes:
    channels = x.shape[-1]
    return _Sizes(len(x), x.size // (len(x) * channels), channels, channels // groups)


def _fits(x: Any, *parameters: Any, groups: int, epsilon: float = 1e-3) -> bool:
    return bool(x.size) and x.size // len(x) < 1 << 31


@on_gpu(groups_of.group_norm, when=_fits)
def _group(
    x: Any, gamma: Any = None, beta: Any = None, *, groups: int, epsilon: float = 1e-3
) -> Any:
    return _normalized(x, gamma, beta, _group_sizes(x, groups), epsilon)


@_group.vjp
def _(
    g: Any, y: Any, x: Any, gamma: Any = None, beta: Any = None, *, saved: Any, needs: Any,
    groups: int, epsilon: float = 1e-3,
) -> Any:  # fmt: skip
    return _gradients(g, x, gamma, beta, saved, needs, _group_sizes(x, groups))


# -- to length 1 ----------------------------------------------------------------------------------


@on_gpu(normalization.unit_norm, when=_is_trailing)
def _unit(x: Any, *, axis: Any = -1, epsilon: float = 1e-12) -> Any:
    x = contiguous(x)
    axes = normalization._axes(x, axis)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    y, inverse, far = empty(x.shape, x.dtype), empty(kept, np.float32), empty(kept, bool)
    rows = inverse.size
    over_rows(
        _SOURCE, "unit_norm_forward", x.dtype, rows, x.size // rows, x, np.float32(epsilon), y,
        inverse, far,
    )  # fmt: skip
    return y, (inverse, far)


@_unit.vjp
def _(g: Any, y: Any, x: Any, *, saved: Any, axis: Any = -1, epsilon: float = 1e-12) -> tuple[Any]:
    g, y = contiguous(g), contiguous(y)
    gx = empty(y.shape, y.dtype)
    rows = saved[0].size
    over_rows(_SOURCE, "unit_norm_backward", y.dtype, rows, y.size // rows, g, y, *saved, gx)
    return (gx,)
