"""Batch normalization on the GPU, with a residual and an activation after it: two kernels forward,
two backward.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.ops import batch_norm_activation as joined
from edgekit.train.ops import normalization

from .channels import HAS_MOVING, THREADS, layout, scale_and_shift, tickets
from .kernel import STORAGE, Kernel, blocks_for, contiguous, empty, kernel, type_name
from .rules import on_gpu

__all__ = ["backward", "given_statistics", "in_training", "kernels", "normalized"]

_SOURCE = "batch_norm.cu"
ACTIVATIONS = {"": 0, "relu": 1, "relu6": 2}
"""Name -> its number in sources/batch_norm.cu."""
FEW_ROWS = 2048
"""Up to this many rows one kernel does all: to read them again costs less than another launch."""
_MOST_CHANNELS = 1024  # of batch_norm_given
_LANES_OF_FEW = 8  # channels of a block: 32 bytes side by side


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    held = list(STORAGE.values())
    names = [f"given_moments<{t}>" for t in held]
    names += [f"{name}<{t}>" for name in ("batch_normalize", "batch_backward") for t in held]
    for t in held:
        for p in dict.fromkeys(("float", t)):
            by_both = (
                "batch_moments", "batch_gradient_sums", "batch_norm_of_few",
                "batch_backward_of_few", "batch_norm_given",
            )  # fmt: skip
            names += [f"{name}<{t}, {p}>" for name in by_both]
    return [kernel(_SOURCE, name) for name in names]


def in_training(
    x: Any, gamma: Any, beta: Any, epsilon: float, activation: str = "", residual: Any = None,
    moving: tuple[Any, Any, float] | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """(output, statistics): as `normalized` by the mean and variance of the batch.

    statistics: (4, C) float32: mean, variance, scale and shift. moving: the moving mean and
    variance (float32, changed in place) and their momentum.
    """
    x = contiguous(x)
    channels = x.shape[-1]
    if not x.size:
        raise ShapeError(f"batch_norm: an empty batch {x.shape} has no mean")
    rows = x.size // channels
    gamma_in, beta_in, has, dtype = scale_and_shift(x, gamma, beta)
    statistics = empty((4, channels), np.float32)
    moving_mean, moving_variance, momentum = moving or (statistics, statistics, 0.0)
    has |= HAS_MOVING * (moving is not None)
    first = (
        x, gamma_in, beta_in, moving_mean, moving_variance, np.float32(momentum),
        np.float32(epsilon), np.int32(has),
    )  # fmt: skip
    types = f"<{type_name(x.dtype)}, {type_name(dtype)}>"
    if rows <= FEW_ROWS:
        y = empty(x.shape, x.dtype)
        more = x if residual is None else contiguous(residual)
        kernel(_SOURCE, "batch_norm_of_few" + types)(
            -(-channels // _LANES_OF_FEW), THREADS, *first, more, np.int32(residual is not None),
            np.int32(ACTIVATIONS[activation]), statistics, y, np.int32(_LANES_OF_FEW),
            np.int64(rows), np.int32(channels),
        )  # fmt: skip
        return y, statistics
    how = layout(rows, channels)
    kernel(_SOURCE, "batch_moments" + types)(
        how.grid, THREADS, *first, how.parts(3), tickets(how.tiles), statistics, *how.sizes
    )
    return normalized(x, statistics, activation, residual), statistics


def given_statistics(
    x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, epsilon: float
) -> Any:
    """The statistics of `in_training` from a mean and a variance that are given."""
    gamma_in, beta_in, has, dtype = scale_and_shift(x, gamma, beta)
    statistics = empty((4, x.shape[-1]), np.float32)
    mean, variance = (contiguous(v, dtype) for v in (mean, variance))
    run = kernel(_SOURCE, f"given_moments<{type_name(dtype)}>")
    run.over(
        x.shape[-1], gamma_in, beta_in, mean, variance, np.float32(epsilon), np.int32(has),
        statistics,
    )  # fmt: skip
    return statistics


def by_given(
    x: Any, gamma: Any, beta: Any, given: tuple[Any, Any], epsilon: float, activation: str = "",
    residual: Any = None,
) -> Any:  # fmt: skip
    """As `normalized`, by a mean and a variance that are given."""
    x = contiguous(x)
    channels = x.shape[-1]
    if channels > _MOST_CHANNELS:
        statistics = given_statistics(x, gamma, beta, *given, epsilon)
        return normalized(x, statistics, activation, residual)
    gamma_in, beta_in, has, dtype = scale_and_shift(x, gamma, beta)
    mean, variance = (contiguous(v, dtype) for v in given)
    y = empty(x.shape, x.dtype)
    more = x if residual is None else contiguous(residual)
    run = kernel(_SOURCE, f"batch_norm_given<{type_name(x.dtype)}, {type_name(dtype)}>")
    run(
        blocks_for(-(-x.size // 4)), THREADS, x, gamma_in, beta_in, mean, variance,
        np.float32(epsilon), np.int32(has), more, np.int32(residual is not None),
        np.int32(ACTIVATIONS[activation]), y, np.int32(channels), np.int64(x.size),
    )  # fmt: skip
    return y


def normalized(x: Any, statistics: Any, activation: str = "", residual: Any = None) -> Any:
    """activation((x - mean) * scale + shift + residual)."""
    x = contiguous(x)
    y = empty(x.shape, x.dtype)
    if x.size:
        more = x if residual is None else contiguous(residual)
        run = kernel(_SOURCE, f"batch_normalize<{type_name(x.dtype)}>")
        run(
            blocks_for(-(-x.size // 4)), THREADS, x, more, np.int32(residual is not None),
            statistics, np.int32(ACTIVATIONS[activation]), y, np.int32(x.shape[-1]),
            np.int64(x.size),
        )  # fmt: skip
    return y


def backward(
    g: Any,
    y: Any,
    x: Any,
    gamma: Any,
    beta: Any,
    statistics: Any,
    epsilon: float,
    needs: Any,
    activation: str = "",
    fixed: bool = False,
) -> tuple[Any, Any, Any, Any]:
    """The gradients by x, gamma, beta and the residual; `needs` says which of these are wanted.

    fixed: the statistics were given, and do not depend on x.
    """
    g, y, x = contiguous(g), contiguous(y), contiguous(x)
    channels = x.shape[-1]
    dtype = scale_and_shift(x, gamma, beta)[3]
    f = np.int32(ACTIVATIONS[activation])
    g_gamma, g_beta = empty(channels, dtype), empty(channels, dtype)
    apart = bool(needs[3] and activation)  # without an activation g is that gradient itself
    gx = empty(x.shape, x.dtype) if needs[0] or apart else None
    g_residual = empty(x.shape, x.dtype) if apart else gx
    sums = (np.float32(epsilon), f, np.int32(fixed), g_gamma, g_beta)
    more = None if gx is None else (gx, g_residual, np.int32(apart))
    _launch_backward((g, y, x, statistics), sums, f, more)
    return (
        gx if needs[0] else None,
        g_gamma if gamma is not None else None,
        g_beta if beta is not None else None,
        (g_residual if activation else g) if needs[3] else None,
    )


def _launch_backward(first: tuple[Any, ...], sums: tuple[Any, ...], f: Any, more: Any) -> None:
    """The arguments are those of the kernels in their order; more: what follows the sums, None
    where no gradient of x is wanted.
    """
    x, g_gamma = first[2], sums[-1]
    channels = x.shape[-1]
    rows = x.size // channels
    types = f"<{type_name(x.dtype)}, {type_name(g_gamma.dtype)}>"
    if rows <= FEW_ROWS and more is not None:
        kernel(_SOURCE, "batch_backward_of_few" + types)(
            -(-channels // _LANES_OF_FEW), THREADS, *first, *sums, *more,
            np.int32(_LANES_OF_FEW), np.int64(rows), np.int32(channels),
        )  # fmt: skip
        return
    slopes = empty((3, channels), np.float32)
    how = layout(rows, channels)
    kernel(_SOURCE, "batch_gradient_sums" + types)(
        how.grid, THREADS, *first, *sums, slopes, how.parts(2), tickets(how.tiles), *how.sizes
    )
    if more is not None:
        kernel(_SOURCE, f"batch_backward<{type_name(x.dtype)}>")(
            blocks_for(-(-x.size // 4)), THREADS, *first, slopes, f, *more, np.int32(channels),
            np.int64(x.size),
        )  # fmt: skip


# -- the primitives -------------------------------------------------------------------------------


@on_gpu(normalization._batch_norm_training)
def _training(x: Any, gamma: Any = None, beta: Any = None, *, epsilon: float = 1e-3) -> Any:
    y, statistics = in_training(x, gamma, beta, epsilon)
    return y, (statistics[0], statistics[1], statistics)


@_training.vjp
def _(
    g: Any, y: Any, x: Any, gamma: Any = None, beta: Any = None, *, saved: Any, needs: Any,
    epsilon: float = 1e-3,
) -> Any:  # fmt: skip
    wanted = (needs[0], True, True, False)
    return backward(g, y, x, gamma, beta, saved[2], epsilon, wanted)[: len(needs)]


def _fits(x: Any, *parameters: Any, **attrs: Any) -> bool:
    return bool(x.size)


@on_gpu(normalization._batch_norm_inference, when=_fits)
def _inference(
    x: Any, gamma: Any, beta: Any, moving_mean: Any, moving_variance: Any, *, epsilon: float = 1e-3
) -> Any:
    return by_given(x, gamma, beta, (moving_mean, moving_variance), epsilon)


@_inference.vjp
def _(
    g: Any, y: Any, x: Any, gamma: Any, beta: Any, moving_mean: Any, moving_variance: Any, *,
    needs: Any, epsilon: float = 1e-3,
) -> Any:  # fmt: skip
    statistics = given_statistics(x, gamma, beta, moving_mean, moving_variance, epsilon)
    if not any(needs[1:]):
        scale = statistics[2].astype(x.dtype)
        return (contiguous(g) * scale, None, None, None, None)
    wanted = (needs[0], True, True, False)
    # with gamma and beta in their places whether they are there or not: both sums are wanted below
    one = statistics[2]
    gx, product, sums, _ = backward(g, y, x, one, one, statistics, epsilon, wanted, fixed=True)
    inverse = 1 / (statistics[1] + np.float32(epsilon)) ** np.float32(0.5)
    return (
        gx,
        product.astype(gamma.dtype) if needs[1] else None,
        sums.astype(beta.dtype) if needs[2] else None,
        (-statistics[2] * sums).astype(moving_mean.dtype) if needs[3] else None,
        (product * statistics[2] * inverse * np.float32(-0.5)).astype(moving_variance.dtype)
        if needs[4]
        else None,
    )


def _in_kernel(moving: Any) -> bool:
    """Whether the moving statistics are such as the kernel can change."""
    return all(m.dtype == np.float32 and m.flags.c_contiguous for m in moving[:2])


def _is_joined(
    x: Any, gamma: Any = None, beta: Any = None, residual: Any = None, **attrs: Any
) -> bool:
    same = residual is None or (residual.shape == x.shape and residual.dtype == x.dtype)
    return bool(x.size) and same


@on_gpu(joined.batch_norm_activation, when=_is_joined)
def _joined(
    x: Any, gamma: Any = None, beta: Any = None, residual: Any = None, *, epsilon: float = 1e-3,
    activation: str = "", moving: Any = None, given: Any = None,
) -> Any:  # fmt: skip
    if given is not None:
        return by_given(x, gamma, beta, given, epsilon, activation, residual), None
    within = moving if moving is not None and _in_kernel(moving) else None
    y, statistics = in_training(x, gamma, beta, epsilon, activation, residual, within)
    if moving is not None and within is None:
        joined.follow(moving[0], statistics[0], moving[2])
        joined.follow(moving[1], statistics[1], moving[2])
    return y, (statistics[0], statistics[1], statistics)


@_joined.vjp
def _(
    g: Any, y: Any, x: Any, gamma: Any = None, beta: Any = None, residual: Any = None, *,
    saved: Any, needs: Any, epsilon: float = 1e-3, activation: str = "", moving: Any = None,
    given: Any = None,
) -> Any:  # fmt: skip
    wanted = (needs[0], True, True, len(needs) > 3 and needs[3])
    fixed = given is not None
    statistics = (
        given_statistics(x, gamma, beta, given[0], given[1], epsilon) if fixed else saved[2]
    )
    return backward(g, y, x, gamma, beta, statistics, epsilon, wanted, activation, fixed)[
        : len(needs)
    ]
