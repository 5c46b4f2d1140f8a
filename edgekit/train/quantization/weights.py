"""Weights and other constants on the steps that the converter would choose for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.ir import QuantParams
from edgekit.quantize.scales import BIAS_LIMIT, activation_params, weight_params
from edgekit.train.backend import array_module, same_place, to_numpy
from edgekit.train.ops.math import stop_gradient
from edgekit.train.ops.storage import widened
from edgekit.train.tensor import Tensor, wrap

from .fake_quantize import fake_quantize, fake_quantize_weight
from .steps import Norm

__all__ = ["affine", "rounded_constant", "rounded_weight", "without_zeros"]


def rounded_weight(
    weight: Any, axes: tuple[int, ...], bias: Any, known: tuple[QuantParams, ...]
) -> tuple[Any, Any]:
    """The weight with one scale along `axes`, and its bias (or None) on its 32-bit steps.

    known: the parameters of what the weight is multiplied with, as far as they are known.
    """
    weight = widened(weight)
    data = weight.data
    others = tuple(i for i in range(data.ndim) if i not in axes)
    shape = tuple(n if i in axes else 1 for i, n in enumerate(data.shape))
    largest = to_numpy(array_module(data).abs(data).max(axis=others)).reshape(-1, 1)
    shift = None if bias is None or not known else to_numpy(bias).astype(np.float32)
    input_scale = known[-1].scale[0] if known else 1.0
    quant, _ = weight_params(largest.astype(np.float32), 0, shift, input_scale)
    scales = same_place(quant.scales.reshape(shape), data, data.dtype)
    rounded = fake_quantize_weight(weight, wrap(scales))
    if shift is None:
        return rounded, bias
    products = same_place(np.float32(input_scale) * quant.scales, data, data.dtype)
    bias = widened(bias) if isinstance(bias, Tensor) else bias
    return rounded, fake_quantize_weight(bias, wrap(products), limit=BIAS_LIMIT)


def affine(norms: tuple[Norm, ...], bias: Any) -> tuple[Any, Any]:
    """The factor and the term of each channel that normalizations by moving statistics make."""
    factor, term = None, bias
    for norm in norms:
        variance = norm.variance.data
        inverse = 1 / array_module(variance).sqrt(variance + variance.dtype.type(norm.epsilon))
        scale = wrap(inverse) if norm.gamma is None else norm.gamma * wrap(inverse)
        centred = wrap(-norm.mean.data) if term is None else term - wrap(norm.mean.data)
        term = centred * scale if norm.beta is None else centred * scale + norm.beta
        factor = scale if factor is None else factor * scale
    return factor, term


def without_zeros(x: Tensor) -> Tensor:
    """A divisor: constant, and 1 where it would be 0 (a channel that is switched off)."""
    x = stop_gradient(x)
    return wrap(array_module(x.data).where(x.data == 0, x.dtype.type(1), x.data))


def rounded_constant(x: Any) -> Any:
    """A constant operand of an int8 operator, on the steps between its smallest and largest."""
    x = x if isinstance(x, Tensor) else Tensor(x)
    ends = to_numpy(array_module(x.data).stack([x.data.min(), x.data.max()])).tolist()
    quant = activation_params(*ends)
    return fake_quantize(x, scale=quant.scale[0], zero_point=quant.zero_point[0])
