"""Softmax, the losses made of it and its relatives on the GPU, each in one kernel both ways."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.train.ops import activations, losses, slopes
from edgekit.train.primitive import Primitive

from .kernel import STORAGE, Kernel, contiguous, empty, kernel, type_name
from .rows import instances, over_rows
from .rules import on_gpu

__all__ = ["kernels"]

_SOURCE = "softmax.cu"
# dtype of class numbers -> the type of C++ that holds them; others are made int32
_LABELS = {"int32": "int", "int64": "int64", "uint8": "uint8"}


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    plain = (
        "softmax_within", "softmax_within_backward", "cross_entropy_of_shares_backward",
        "sigmoid_cross_entropy", "sigmoid_cross_entropy_backward",
    )  # fmt: skip
    by_row = (
        "softmax_forward", "softmax_backward", "cross_entropy_of_shares", "masked_log_sum",
        "sparsemax_forward", "sparsemax_backward",
    )  # fmt: skip
    labels = tuple(_LABELS.values())
    found = [kernel(_SOURCE, f"{name}<{t}>") for name in plain for t in STORAGE.values()]
    found += [one for name in by_row for one in instances(_SOURCE, name)]
    found += instances(_SOURCE, "cross_entropy_of_classes", labels)
    backward = "cross_entropy_of_classes_backward"
    found += [kernel(_SOURCE, f"{backward}<{t}, {n}>") for t in STORAGE.values() for n in labels]
    return found


# -- along an axis --------------------------------------------------------------------------------


def _along(forward: bool, arrays: tuple[Any, ...], axis: int, logarithm: bool) -> Any:
    """softmax (or its logarithm) of x, or the gradient from (g, y)."""
    arrays = tuple(map(contiguous, arrays))
    shape, dtype = arrays[0].shape, arrays[0].dtype
    axis %= len(shape)
    length, inner = shape[axis], math.prod(shape[axis + 1 :])
    result = empty(shape, dtype)
    rows = result.size // length if length else 0
    flag = np.int32(logarithm)
    if inner == 1:
        name = "softmax_forward" if forward else "softmax_backward"
        over_rows(_SOURCE, name, dtype, rows, length, *arrays, result, flag)
    else:
        name = "softmax_within" if forward else "softmax_within_backward"
        run = kernel(_SOURCE, f"{name}<{type_name(dtype)}>")
        run.over(rows, *arrays, result, flag, np.int32(length), np.int64(inner))
    return result


def _along_one(x: Any, *, axis: Any = -1) -> bool:
    return x.ndim > 0 and isinstance(axis, int)


def _register(rule_of: Primitive, logarithm: bool) -> None:
    @on_gpu(rule_of, when=_along_one)
    def rule(x: Any, *, axis: int = -1) -> Any:
        return _along(True, (x,), axis, logarithm)

    @rule.vjp
    def _(g: Any, y: Any, x: Any, *, axis: int = -1) -> tuple[Any]:
        return (_along(False, (g, y), axis, logarithm),)


_register(activations.softmax, logarithm=False)
_register(activations.log_softmax, logarithm=True)


@on_gpu(slopes.sparsemax, when=_along_one)
def _sparsemax(x: Any, *, axis: int = -1) -> Any:
    moved = contiguous(x.swapaxes(axis, -1))
    y = empty(moved.shape, moved.dtype)
    rows, length = moved.size // max(1, moved.shape[-1]), moved.shape[-1]
    over_rows(_SOURCE, "sparsemax_forward", x.dtype, rows, length, moved, y)
    return contiguous(y.swapaxes(axis, -1))


@_sparsemax.vjp
def _(g: Any, y: Any, x: Any, *, axis: int = -1) -> tuple[Any]:
    g, y = (contiguous(v.swapaxes(axis, -1)) for v in (g, y))
    gx = empty(g.shape, g.dtype)
    rows, length = g.size // max(1, g.shape[-1]), g.shape[-1]
    over_rows(_SOURCE, "sparsemax_backward", g.dtype, rows, length, g, y, gx)
    return (gx.swapaxes(axis, -1),)


# -- losses ---------------------------------------------------------------------------------------


def _class_numbers(labels: Any) -> tuple[Any, str]:
    """Labels as kernels take them, and the type of C++ that holds them."""
    if labels.dtype.name not in _LABELS:
        labels = labels.astype(np.int64 if labels.dtype.itemsize > 2 else np.int32)
    return contiguous(labels), _LABELS[labels.dtype.name]


@on_gpu(losses.softmax_cross_entropy, when=lambda x, labels: bool(x.size))
def _cross_entropy(logits: Any, labels: Any) -> Any:
    """As on the host, but a class number that is none makes the loss and its gradient NaN: to find
    it the host would have to wait for the device.
    """
    sparse = labels.dtype.kind in "iu"
    losses.check_label_shape(logits, labels, sparse)
    logits = contiguous(logits)
    length, rows = logits.shape[-1], logits.size // logits.shape[-1]
    loss = empty(logits.shape[:-1], logits.dtype)
    if sparse:
        numbers, held = _class_numbers(labels)
        saved = empty((rows, 2), np.float32)
        name = "cross_entropy_of_classes"
        over_rows(
            _SOURCE, name, logits.dtype, rows, length, logits, numbers, loss, saved, more=held
        )
        return loss, saved
    shares = contiguous(labels, logits.dtype)
    saved = empty((rows, 3), np.float32)
    name = "cross_entropy_of_shares"
    over_rows(_SOURCE, name, logits.dtype, rows, length, logits, shares, loss, saved)
    return loss, saved


@_cross_entropy.vjp
def _(g: Any, y: Any, logits: Any, labels: Any, *, saved: Any, needs: Any) -> Any:
    g, logits = contiguous(g), contiguous(logits)
    length = np.int32(logits.shape[-1])
    gx = empty(logits.shape, logits.dtype)
    held = type_name(logits.dtype)
    if labels.dtype.kind in "iu":
        numbers, integers = _class_numbers(labels)
        run = kernel(_SOURCE, f"cross_entropy_of_classes_backward<{held}, {integers}>")
        run.over(gx.size, g, logits, numbers, saved, gx, length)
        return gx, None
    shares = contiguous(labels, logits.dtype)
    g_labels = empty(gx.shape, gx.dtype) if needs[1] else gx
    run = kernel(_SOURCE, f"cross_entropy_of_shares_backward<{held}>")
    run.over(gx.size, g, logits, shares, saved, gx, g_labels, np.int32(needs[1]), length)
    return gx, g_labels.astype(labels.dtype, copy=False) if needs[1] else None


def _of_one_shape(logits: Any, labels: Any) -> bool:
    return logits.shape == labels.shape


@on_gpu(losses.sigmoid_cross_entropy, when=_of_one_shape)
def _sigmoid_cross_entropy(logits: Any, labels: Any) -> Any:
    logits, labels = contiguous(logits), contiguous(labels, logits.dtype)
    loss = empty(logits.shape, logits.dtype)
    run = kernel(_SOURCE, f"sigmoid_cross_entropy<{type_name(logits.dtype)}>")
    run.over(logits.size, logits, labels, loss)
    return loss


@_sigmoid_cross_entropy.vjp
def _(g: Any, y: Any, logits: Any, labels: Any, *, needs: Any) -> Any:
    g, logits = contiguous(g), contiguous(logits)
    held = contiguous(labels, logits.dtype)
    gx = empty(logits.shape, logits.dtype)
    g_labels = empty(gx.shape, gx.dtype) if needs[1] else gx
    run = kernel(_SOURCE, f"sigmoid_cross_entropy_backward<{type_name(logits.dtype)}>")
    run.over(gx.size, g, logits, held, gx, g_labels, np.int32(needs[1]))
    return gx, g_labels.astype(labels.dtype, copy=False) if needs[1] else None


@on_gpu(losses.masked_log_sum_exp, when=lambda x, mask: x.ndim > 0 and x.shape == mask.shape)
def _masked_log_sum_exp(x: Any, mask: Any) -> Any:
    x, mask = contiguous(x), contiguous(mask, bool)
    y, shares = empty(x.shape[:-1], x.dtype), empty(x.shape, x.dtype)
    length = x.shape[-1]
    rows = x.size // length if length else 0
    over_rows(_SOURCE, "masked_log_sum", x.dtype, rows, length, x, mask, y, shares)
    return y, shares
