"""Activation functions, by PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F

TORCH = {
    "relu": F.relu,
    "relu6": F.relu6,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
    "silu": F.silu,
    "hard_sigmoid": lambda x: F.relu6(x + 3) / 6,  # F.hardsigmoid divides in float32,
    "hard_silu": F.hardswish,
    "leaky_relu": lambda x, negative_slope: F.leaky_relu(x, negative_slope),
    "elu": lambda x, alpha: F.elu(x, alpha),
    "gelu": lambda x, approximate: F.gelu(x, approximate="tanh" if approximate else "none"),
    "softmax": lambda x, axis: F.softmax(x, axis),
    "log_softmax": lambda x, axis: F.log_softmax(x, axis),
}
