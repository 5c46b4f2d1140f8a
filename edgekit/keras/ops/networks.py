"""What networks are made of: activations, convolution, pooling, crossentropies."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.keras.ops.tensors import as_tensor
from edgekit.train import activations, losses
from edgekit.train.backend import asarray
from edgekit.train.ops import activations as ops
from edgekit.train.ops import conv, depthwise, pooling
from edgekit.train.serialization import accept_options
from edgekit.train.tensor import wrap

__all__ = [
    "average_pool", "binary_crossentropy", "categorical_crossentropy", "conv", "convolution",
    "depthwise_conv", "elu", "gelu", "hard_sigmoid", "hard_silu", "hard_swish", "leaky_relu",
    "log_softmax", "max_pool", "moments", "multi_hot", "one_hot", "relu", "relu6", "selu",
    "sigmoid", "silu", "softmax", "softplus", "softsign", "sparse_categorical_crossentropy",
    "swish", "tanh",
]  # fmt: skip

_convolution, _depthwise = conv.conv2d, depthwise.depthwise_conv2d


def _named(name: str) -> Any:
    function = activations.get(name)

    def call(x: Any, *arguments: Any, **options: Any) -> Any:
        return function(as_tensor(x), *arguments, **options)

    call.__name__, call.__doc__ = name, function.__doc__
    return call


selu, silu = _named("selu"), _named("silu")
relu, relu6, leaky_relu = (_named(name) for name in ("relu", "relu6", "leaky_relu"))
sigmoid, tanh, softplus, softsign = map(_named, ("sigmoid", "tanh", "softplus", "softsign"))
hard_sigmoid, hard_silu = _named("hard_sigmoid"), _named("hard_silu")
softmax = _named("softmax")
swish, hard_swish = silu, hard_silu


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x above 0, alpha * (exp(x) - 1) below."""
    return ops.elu(as_tensor(x), alpha=alpha)


def gelu(x: Any, approximate: bool = True) -> Any:
    """x times the share of a normal distribution below x; `approximate` takes a tanh for it."""
    return ops.gelu(as_tensor(x), approximate=approximate)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x)), without overflow."""
    return ops.log_softmax(as_tensor(x), axis=axis)


def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """Class numbers as rows of zeros with a one; a number out of range gives zeros."""
    accept_options("keras.ops.one_hot", {"sparse": sparse})
    numbers = asarray(x).astype(np.int64)
    rows = (numbers[..., None] == np.arange(num_classes)).astype(dtype or "float32")
    return wrap(np.moveaxis(rows, -1, axis))


def multi_hot(
    inputs: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """Ones at all class numbers that stand along the last axis of `inputs`, zeros elsewhere; the
    classes are along `axis`.
    """
    rows = np.asarray(one_hot(inputs, num_classes, dtype=dtype, sparse=sparse))
    return wrap(np.moveaxis(rows.max(axis=-2 if rows.ndim > 1 else 0), -1, axis))


def _check_format(data_format: Any) -> None:
    if data_format not in (None, "channels_last"):
        raise UnsupportedOperator(
            f"keras.ops: data_format={data_format!r} is not supported; put the channels last"
        )


def _two(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def convolution(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """The convolution of pictures (n, h, w, c) with a kernel (rows, columns, c, filters)."""
    _check_format(data_format)
    sizes = {"strides": _two(strides), "dilations": _two(dilation_rate)}
    return _convolution(as_tensor(inputs), as_tensor(kernel), None, padding=padding, **sizes)


conv = convolution  # type: ignore[assignment]


def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """Each channel with filters of its own: a kernel (rows, columns, c, multiplier)."""
    _check_format(data_format)
    sizes = {"strides": _two(strides), "dilations": _two(dilation_rate)}
    return _depthwise(as_tensor(inputs), as_tensor(kernel), None, padding=padding, **sizes)


def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: Any = None,
) -> Any:
    """The largest of each window of pictures (n, h, w, c)."""
    _check_format(data_format)
    return pooling.max_pool2d(
        as_tensor(inputs), pool_size=_two(pool_size), strides=_two(strides or pool_size),
        padding=padding,
    )  # fmt: skip


def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: Any = None,
) -> Any:
    """The mean of each window of pictures (n, h, w, c)."""
    _check_format(data_format)
    return pooling.average_pool2d(
        as_tensor(inputs), pool_size=_two(pool_size), strides=_two(strides or pool_size),
        padding=padding,
    )  # fmt: skip


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> Any:
    """(mean, variance) along axes."""
    from edgekit.keras.ops.reductions import mean, var

    accept_options("keras.ops.moments", {"synchronized": synchronized})
    return mean(x, axes, keepdims), var(x, axes, keepdims)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-t log p - (1 - t) log(1 - p), element by element."""
    from edgekit.keras.ops.numbers import clip, log

    t = as_tensor(target)
    if from_logits:
        return ops.softplus(as_tensor(output)) - t * output
    p = clip(as_tensor(output), 1e-7, 1 - 1e-7)
    return -(t * log(p) + (1 - t) * log(1 - p))


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-sum t log p along `axis`."""
    return losses.categorical_crossentropy(
        target, as_tensor(output), from_logits=from_logits, axis=axis
    )


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-log p of the class that the number `target` names."""
    return losses.sparse_categorical_crossentropy(
        target, as_tensor(output), from_logits=from_logits, axis=axis
    )
