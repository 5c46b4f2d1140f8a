"""Functions beyond the elementary ones, scattering, Fourier's transform, by PyTorch."""

from __future__ import annotations

import torch


def _bessel(x, order=0):
    # of order 1 by its share of the first derivative, as PyTorch has no second one of its own
    if order == 0:
        return _I0.apply(x)
    return _I1.apply(x)


class _I0(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.special.i0(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * _I1.apply(x)


class _I1(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.special.i1(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (_I0.apply(x) - _I1.apply(x) / x)


def _scatter(values, index, shape):
    return torch.zeros(shape, dtype=values.dtype).index_put(
        _whole(index, shape, values), values, accumulate=True
    )


def _whole(index, shape, values):
    """An index of arrays for every axis."""
    if index[0] is not Ellipsis:
        return tuple(torch.tensor(i) for i in index)
    first = torch.arange(shape[0]).reshape(-1, *(1,) * index[1].ndim)
    return first, torch.tensor(index[1])


def _fourier(pairs, axes, sign=-1):
    x = torch.view_as_complex(pairs)
    y = torch.fft.fftn(x, dim=axes) if sign < 0 else torch.fft.ifftn(x, dim=axes, norm="forward")
    return torch.view_as_real(y)


TORCH = {
    "arctan2": torch.atan2,
    "bessel_i": _bessel,
    "cbrt": lambda x: x ** (1 / 3),
    "erf": torch.erf,
    "erfc": torch.erfc,
    "erfinv": torch.erfinv,
    "exp2": torch.exp2,
    "floor_mod": torch.remainder,
    "fmod": torch.fmod,
    "fourier": _fourier,
    "hypot": torch.hypot,
    "scatter": _scatter,
}
