"""Losses fused with the function before them: exact where exp and log alone would lose digits."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import Array, array_module
from edgekit.train.primitive import primitive

__all__ = ["masked_log_sum_exp", "sigmoid_cross_entropy", "softmax_cross_entropy"]


_UNSIGNED = {size: np.dtype(f"u{size}") for size in (1, 2, 4, 8)}


FEW_CLASSES = 32
"""With fewer of them the largest is found faster along columns than along rows."""


def _reductions(x: Array) -> tuple[Any, Any]:
    """The functions that find the largest and the sum, on numpy without the wrappers of methods."""
    module = array_module(x)
    return (np.maximum.reduce, np.add.reduce) if module is np else (module.max, module.sum)


def _largest(x: Array) -> Array:
    """The largest along the last axis, which is kept."""
    if type(x) is np.ndarray and x.ndim == 2 and x.shape[1] < FEW_CLASSES:
        return np.maximum.reduce(np.ascontiguousarray(x.T), axis=0)[:, None]
    return _reductions(x)[0](x, axis=-1, keepdims=True)


@primitive(saves=True)
def softmax_cross_entropy(logits, labels):
    """-sum(labels * log(softmax(logits))) along the last axis: one number for each sample.

    `labels` are class numbers (integers, the shape of `logits` without its last axis) or a
    distribution (floating, the shape of `logits`). Raises ShapeError for other shapes, and for
    class numbers outside [0, classes).
    """
    module = array_module(logits)
    sparse = labels.dtype.kind in "iu"
    _check_labels(logits, labels, sparse)
    logits = module.ascontiguousarray(logits)
    shifted = logits - _largest(logits)
    e = module.exp(shifted)
    total = _reductions(e)[1](e, axis=-1, keepdims=True)
    log_total = module.log(total)
    if sparse:
        places = _places(logits, labels)
        picked = shifted.reshape(-1)[places].reshape(labels.shape)
        return log_total[..., 0] - picked, (e, total, places)
    weight = labels.sum(axis=-1)
    return log_total[..., 0] * weight - (labels * shifted).sum(axis=-1), (e, total, None)


def _places(logits: Array, labels: Array) -> Array:
    """Where in the flat logits those of the labels stand: found and filled faster than pairs."""
    places = labels.reshape(-1).astype(np.int64)
    places += array_module(logits).arange(0, logits.size, logits.shape[-1] or 1)
    return places


@softmax_cross_entropy.vjp
def _(g, y, logits, labels, *, saved, needs):
    module = array_module(logits)
    e, total, places = saved
    if places is not None:
        gx = e * (g[..., None] / total)
        gx.reshape(-1)[places] -= g.reshape(-1)
        return gx, None
    g = g[..., None]
    probability = e / total
    gx = (probability * labels.sum(axis=-1, keepdims=True) - labels) * g
    return gx, -module.log(probability) * g if needs[1] else None


def check_label_shape(logits: Array, labels: Array, sparse: bool) -> None:
    """Raises ShapeError where labels do not fit the logits."""
    expected = logits.shape[:-1] if sparse else logits.shape
    if labels.shape != expected:
        kind = "class numbers" if sparse else "distributions"
        raise ShapeError(
            f"softmax_cross_entropy: labels ({kind}) have shape {labels.shape}, "
            f"logits {logits.shape}; expected labels of shape {expected}"
        )


def _check_labels(logits: Array, labels: Array, sparse: bool) -> None:
    check_label_shape(logits, labels, sparse)
    if not sparse or not labels.size or array_module(labels) is not np:
        return  # on a device the host would have to wait for the answer
    unsigned = labels.view(_UNSIGNED[labels.dtype.itemsize])  # so that negative ones are large
    if _reductions(labels)[0](unsigned, axis=None) >= logits.shape[-1]:
        raise ShapeError(
            f"softmax_cross_entropy: class numbers from {labels.min()} to {labels.max()}; "
            f"there are {logits.shape[-1]} classes, so they must be 0 to {logits.shape[-1] - 1}"
        )


@primitive
def sigmoid_cross_entropy(logits, labels):
    """-labels * log(p) - (1 - labels) * log(1 - p) with p = sigmoid(logits), element by element."""
    module = array_module(logits)
    zero = logits.dtype.type(0)
    soft = module.log1p(module.exp(-module.absolute(logits)))
    return module.maximum(logits, zero) - logits * labels.astype(logits.dtype) + soft


@sigmoid_cross_entropy.vjp
def _(g, y, logits, labels, *, needs):
    module = array_module(logits)
    e = module.exp(-module.absolute(logits))
    one = logits.dtype.type(1)
    probability = module.where(logits >= 0, one, e) / (e + one)
    gl = _label_gradient(g, logits) if needs[1] else None
    return g * (probability - labels.astype(logits.dtype)), gl


def _label_gradient(g: Any, logits: Any) -> Any:
    return -g * logits


@primitive(saves=True)
def masked_log_sum_exp(x, mask):
    """log(sum(exp(x))) along the last axis over what the mask holds; -inf where that is nothing."""
    module = array_module(x)
    top = module.where(mask, x, -module.inf).max(axis=-1, keepdims=True)
    top = module.where(module.isfinite(top), top, 0).astype(x.dtype)
    e = module.exp(module.where(mask, x - top, -module.inf)).astype(x.dtype)
    total = e.sum(axis=-1, keepdims=True)
    empty = total == 0
    found = module.where(empty, -module.inf, top + module.log(total + empty)).astype(x.dtype)
    return found[..., 0], e / (total + empty)


@masked_log_sum_exp.vjp
def _(g, y, x, mask, *, saved):
    return g[..., None] * saved.astype(x.dtype), None
