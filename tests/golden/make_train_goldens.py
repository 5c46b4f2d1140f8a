"""Make train_gradients.npz: outputs and gradients of every primitive by PyTorch in float64.

    python tests/golden/make_train_goldens.py

Needs PyTorch; the tests need only the file. Every case holds its inputs (x0, x1 ...), a weight `g`
for the output, PyTorch's output `y`, and its gradients of sum(g * y) by every floating input (d0,
d1 ...).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.train.primitive_cases import CASES, make_inputs

PATH = Path(__file__).with_name("train_gradients.npz")


def same(size: Any, kernel: Any, strides: Any, dilations: Any = (1, 1)) -> tuple[int, ...]:
    """TensorFlow's "same" padding as torch's pad wants it: left, right, top, bottom."""
    pads: list[int] = []
    for n, k, s, d in zip(size[::-1], kernel[::-1], strides[::-1], dilations[::-1], strict=True):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pads += [total // 2, total - total // 2]
    return tuple(pads)


def torch_pads(padding: Any, size: Any, kernel: Any, strides: Any, dilations: Any) -> Any:
    if padding == "valid":
        return (0, 0, 0, 0)
    if padding == "same":
        return same(size, kernel, strides, dilations)
    top, left, bottom, right = padding
    return (left, right, top, bottom)


def nchw(x: Any) -> Any:
    return x.permute(0, 3, 1, 2)


def nhwc(x: Any) -> Any:
    return x.permute(0, 2, 3, 1)


def conv2d(x, kernel, bias=None, strides=(1, 1), padding="valid", dilations=(1, 1), groups=1):
    pads = torch_pads(padding, x.shape[1:3], kernel.shape[:2], strides, dilations)
    weight = kernel.permute(3, 2, 0, 1)
    padded = F.pad(nchw(x), pads)
    return nhwc(F.conv2d(padded, weight, bias, strides, 0, dilations, groups))


def depthwise(x, kernel, bias=None, strides=(1, 1), padding="valid", dilations=(1, 1)):
    kh, kw, channels, multiplier = kernel.shape
    full = kernel.reshape(kh, kw, 1, channels * multiplier)
    return conv2d(x, full, bias, strides, padding, dilations, groups=channels)


def pool(function: Callable[..., Any], fill: float, x, pool_size, strides=None, padding="valid"):
    strides = strides or pool_size
    pads = torch_pads(padding, x.shape[1:3], pool_size, strides, (1, 1))
    return nhwc(function(F.pad(nchw(x), pads, value=fill), pool_size, strides))


def average_pool(x, **attrs):
    return pool(F.avg_pool2d, 0.0, x, **attrs) / pool(
        F.avg_pool2d, 0.0, torch.ones_like(x), **attrs
    )


def batch_norm_training(x, gamma=None, beta=None, epsilon=1e-3):
    y = F.batch_norm(x.movedim(-1, 1), None, None, gamma, beta, True, eps=epsilon)
    return y.movedim(1, -1)


def batch_norm(x, gamma, beta, mean, variance, epsilon):
    y = (x - mean) / torch.sqrt(variance + epsilon)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def layer_norm(x, gamma=None, beta=None, axis=-1, epsilon=1e-3):
    count = len(axis) if isinstance(axis, tuple) else 1
    return F.layer_norm(x, x.shape[-count:], gamma, beta, epsilon)


def reduction(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(x, axis=None, keepdims=False):
        axes = tuple(range(x.ndim)) if axis is None else axis
        return function(x, dim=axes, keepdim=keepdims)

    return reduce


def pad(x, paddings, value):
    return F.pad(x, [n for pair in paddings[::-1] for n in pair], value=value)


def cross_entropy(logits, labels):
    axis = logits.ndim - 1
    moved = logits.movedim(axis, 1)
    if labels.dtype.is_floating_point:
        return -(labels * F.log_softmax(logits, -1)).sum(-1)
    return F.cross_entropy(moved, labels.long(), reduction="none")


TORCH: dict[str, Callable[..., Any]] = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "power": torch.pow,
    "negative": torch.neg,
    "exp": torch.exp,
    "square": torch.square,
    "absolute": torch.abs,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "matmul": torch.matmul,
    "sum": reduction(torch.sum),
    "mean": reduction(torch.mean),
    "max": reduction(torch.amax),
    "min": reduction(torch.amin),
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
    "where": torch.where,
    "relu": F.relu,
    "relu6": F.relu6,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
    "silu": F.silu,
    "hard_sigmoid": lambda x: F.relu6(x + 3) / 6,  # F.hardsigmoid divides in float32
    "hard_silu": F.hardswish,
    "leaky_relu": lambda x, negative_slope: F.leaky_relu(x, negative_slope),
    "elu": lambda x, alpha: F.elu(x, alpha),
    "gelu": lambda x, approximate: F.gelu(x, approximate="tanh" if approximate else "none"),
    "softmax": lambda x, axis: F.softmax(x, axis),
    "log_softmax": lambda x, axis: F.log_softmax(x, axis),
    "dense": lambda x, kernel, bias=None: F.linear(x, kernel.T, bias),
    "conv2d": conv2d,
    "depthwise_conv2d": depthwise,
    "batch_norm_training": batch_norm_training,
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "max_pool2d": lambda x, **attrs: pool(F.max_pool2d, -float("inf"), x, **attrs),
    "average_pool2d": average_pool,
    "global_average_pool2d": lambda x, keepdims=False: x.mean((1, 2), keepdim=keepdims),
    "global_max_pool2d": lambda x, keepdims=False: x.amax((1, 2), keepdim=keepdims),
    "reshape": lambda x, shape: x.reshape(shape),
    "flatten": lambda x: x.flatten(1),
    "transpose": lambda x, axes=None: x.permute(axes or tuple(range(x.ndim))[::-1]),
    "concat": lambda *parts, axis: torch.cat(parts, axis),
    "pad": pad,
    "resize_nearest": lambda x, size: x.repeat_interleave(size[0], 1).repeat_interleave(size[1], 2),
    "softmax_cross_entropy": cross_entropy,
    "sigmoid_cross_entropy": lambda x, y: F.binary_cross_entropy_with_logits(
        x, y, reduction="none"
    ),
}


def getitem(x: Any, index: Any) -> Any:
    """torch has no steps and arrays mixed; the cases use basic indices or one array."""
    return x[torch.from_numpy(index) if isinstance(index, np.ndarray) else index]


TORCH["getitem"] = getitem


def main() -> None:
    """Run every case and write the file."""
    arrays: dict[str, np.ndarray] = {}
    for identifier, name, inputs, attrs in CASES:
        given = make_inputs(identifier, inputs)
        tensors = [
            None if x is None else torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in given
        ]
        y = TORCH[name](*tensors, **attrs)
        rng = np.random.default_rng(len(identifier))
        g = rng.normal(size=tuple(y.shape)).astype(np.float32).astype(np.float64)
        y.backward(torch.tensor(g))
        arrays[f"{identifier}/y"] = y.detach().numpy()
        arrays[f"{identifier}/g"] = g.astype(np.float32)
        for i, (x, t) in enumerate(zip(given, tensors, strict=True)):
            if x is None:
                continue
            arrays[f"{identifier}/x{i}"] = x.astype(np.float32) if x.dtype.kind == "f" else x
            if t.requires_grad:
                arrays[f"{identifier}/d{i}"] = t.grad.numpy()
    np.savez_compressed(PATH, **arrays)
    print(f"{PATH.name}: {len(CASES)} cases, {PATH.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
