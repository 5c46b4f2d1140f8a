"""Normalization, by PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def batch_norm_training(x, gamma=None, beta=None, epsilon=1e-3):
    if gamma is None:  # without one, PyTorch's second derivative fails
        gamma = torch.ones(x.shape[-1], dtype=x.dtype)
    y = F.batch_norm(x.movedim(-1, 1), None, None, gamma, beta, True, eps=epsilon)
    return y.movedim(1, -1)


def batch_norm_activation(x, gamma=None, beta=None, residual=None, epsilon=1e-3, activation=""):
    y = batch_norm_training(x, gamma, beta, epsilon)
    y = y if residual is None else y + residual
    return {"": y, "relu": F.relu(y), "relu6": F.relu6(y)}[activation]


def batch_norm(x, gamma, beta, mean, variance, epsilon):
    y = (x - mean) / torch.sqrt(variance + epsilon)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def layer_norm(x, gamma=None, beta=None, axis=-1, epsilon=1e-3):
    count = len(axis) if isinstance(axis, tuple) else 1
    return F.layer_norm(x, x.shape[-count:], gamma, beta, epsilon)


def group_norm(x, gamma=None, beta=None, groups=1, epsilon=1e-3):
    """With ones for gamma: PyTorch cannot differentiate it twice without."""
    ones = torch.ones(x.shape[-1], dtype=x.dtype)
    gamma = ones if gamma is None else gamma
    beta = 0 * ones if beta is None else beta
    return F.group_norm(x.movedim(-1, 1), groups, gamma, beta, epsilon).movedim(1, -1)


TORCH = {
    "batch_norm_training": batch_norm_training,
    "batch_norm": batch_norm,
    "batch_norm_activation": batch_norm_activation,
    "layer_norm": layer_norm,
    "unit_norm": lambda x, axis=-1: x / x.square().sum(axis, keepdim=True).sqrt(),
    "group_norm": group_norm,
}
