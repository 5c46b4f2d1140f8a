"""Make loss_gradients.npz: gradients of the loss functions by PyTorch in float64.

    python tests/golden/make_loss_gradients.py

Needs PyTorch; the tests need only the file. Targets and outputs are those of keras/losses.npz; the
gradients are of the values' sum, weighted by 1, 2, 3 ...
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.train.keras_cases.losses import GRADIENTS

HERE = Path(__file__).parent
TINY = 1e-7


def last(x, axis):
    return x.movedim(axis, -1)


def binary_crossentropy(y, p, from_logits=False, label_smoothing=0.0):
    y = y * (1 - label_smoothing) + label_smoothing / 2
    kind = F.binary_cross_entropy_with_logits if from_logits else F.binary_cross_entropy
    return kind(p, y, reduction="none").mean(-1)


def binary_focal_crossentropy(y, p, gamma, apply_class_balancing):
    found = torch.where(y == 1, p, 1 - p)
    alpha = torch.where(y == 1, 0.25, 0.75)
    return (-alpha * (1 - found) ** gamma * torch.log(found)).mean(-1)


def categorical_crossentropy(y, p, from_logits=False, label_smoothing=0.0, axis=-1):
    y, p = last(y, axis), last(p, axis)
    y = y * (1 - label_smoothing) + label_smoothing / y.shape[-1]
    log_p = F.log_softmax(p, -1) if from_logits else torch.log(p / p.sum(-1, keepdim=True))
    return -(y * log_p).sum(-1)


def categorical_focal_crossentropy(y, p, gamma):
    p = p / p.sum(-1, keepdim=True)
    return (-0.25 * (1 - p) ** gamma * y * torch.log(p)).sum(-1)


def sparse_categorical_crossentropy(y, p, from_logits=False, ignore_class=None, axis=-1):
    p = last(p, axis)
    log_p = F.log_softmax(p, -1) if from_logits else torch.log(p / p.sum(-1, keepdim=True))
    values = -log_p.gather(-1, y[..., None])[..., 0]
    return values if ignore_class is None else values * (y != ignore_class)


def generalized(y, p, q):
    return (1 - p.gather(-1, y[:, None])[:, 0] ** q) / q


def signed(y):
    return y * 2 - 1 if set(y.unique().tolist()) <= {0.0, 1.0} else y


def categorical_hinge(y, p):
    right = p[y == 1]
    wrong = torch.where(y == 1, 0.0, p).max(-1).values
    return F.relu(1 + wrong - right)


def tversky(y, p, alpha, beta):
    both = (y * p).sum()
    return 1 - both / (both + alpha * (y * (1 - p)).sum() + beta * ((1 - y) * p).sum() + TINY)


def ctc(y, p):
    lengths = (y != 0).sum(1)
    steps = torch.full((len(p),), p.shape[1])
    return F.ctc_loss(p.log_softmax(-1).transpose(0, 1), y, steps, lengths, reduction="none")


def circle(y, x, gamma, margin):
    """In the paper's terms: similarities s, optima 1 + m and -m, margins 1 - m and m."""
    s = x @ x.T
    same = (y[:, None] == y[None]) & ~torch.eye(len(y), dtype=torch.bool)
    far = y[:, None] != y[None]
    positive = -gamma * F.relu(1 + margin - s) * (s - (1 - margin))
    negative = gamma * F.relu(s + margin) * (s - margin)
    values = []
    for i in range(len(y)):
        total = torch.logsumexp(positive[i][same[i]], 0) + torch.logsumexp(negative[i][far[i]], 0)
        values.append(F.softplus(total))
    return torch.stack(values)


TORCH = {
    "mean_squared_error": lambda y, p: F.mse_loss(p, y, reduction="none").mean(-1),
    "mean_absolute_error": lambda y, p: F.l1_loss(p, y, reduction="none").mean(-1),
    "mean_absolute_percentage_error": lambda y, p: 100 * ((p - y) / y).abs().mean(-1),
    "mean_squared_logarithmic_error": lambda y, p: (
        (torch.log1p(p.clamp(min=TINY)) - torch.log1p(y.clamp(min=TINY))) ** 2
    ).mean(-1),
    "huber": lambda y, p, delta: F.huber_loss(p, y, reduction="none", delta=delta).mean(-1),
    "log_cosh": lambda y, p: torch.log(torch.cosh(p - y)).mean(-1),
    "cosine_similarity": lambda y, p: -F.cosine_similarity(p, y, dim=-1),
    "binary_crossentropy": binary_crossentropy,
    "binary_focal_crossentropy": binary_focal_crossentropy,
    "categorical_crossentropy": categorical_crossentropy,
    "categorical_focal_crossentropy": categorical_focal_crossentropy,
    "categorical_generalized_cross_entropy": generalized,
    "sparse_categorical_crossentropy": sparse_categorical_crossentropy,
    "kl_divergence": lambda y, p: F.kl_div(torch.log(p), y, reduction="none").sum(-1),
    "poisson": lambda y, p: F.poisson_nll_loss(
        p, y, log_input=False, reduction="none", eps=TINY
    ).mean(-1),
    "hinge": lambda y, p: F.relu(1 - signed(y) * p).mean(-1),
    "squared_hinge": lambda y, p: (F.relu(1 - signed(y) * p) ** 2).mean(-1),
    "categorical_hinge": categorical_hinge,
    "dice": lambda y, p, axis: 1 - 2 * (y * p).sum(axis) / (y.sum(axis) + p.sum(axis) + TINY),
    "tversky": tversky,
    "ctc": ctc,
    "circle": circle,
}


if __name__ == "__main__":
    arrays = {}
    with np.load(HERE / "keras" / "losses.npz") as data:
        for number, (function, arguments, kind) in enumerate(GRADIENTS):
            y = torch.tensor(data[f"{kind}/true"])
            y = y.double() if y.is_floating_point() else y
            p = torch.tensor(data[f"{kind}/pred"]).double().requires_grad_()
            values = TORCH[function](y, p, **arguments)
            weight = torch.arange(1, values.numel() + 1).double().reshape(values.shape)
            (values * weight).sum().backward()
            arrays[f"{number}/values"] = values.detach().numpy()
            arrays[f"{number}/gradient"] = p.grad.numpy()
    np.savez_compressed(HERE / "loss_gradients.npz", **arrays)
    print(f"{len(GRADIENTS)} gradients")
