"""Connectionist temporal classification on the GPU: a block for each sample, all times in one
kernel each way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.ops import ctc

from .gather import row_numbers
from .kernel import STORAGE, Kernel, contiguous, empty, kernel, type_name
from .rules import on_gpu

__all__ = ["kernels"]

_SOURCE = "ctc.cu"
_THREADS = 128


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    names = [f"ctc_totals<{t}>" for t in STORAGE.values()]
    names += [
        f"ctc_{way}<{t}, {integers}>"
        for way in ("forward", "backward")
        for t in STORAGE.values()
        for integers in ("int", "int64")
    ]
    return [kernel(_SOURCE, name) for name in names]


def _fits(logits: Any, labels: Any) -> bool:
    return logits.ndim == 3 and bool(logits.size) and bool(labels.size)


def _sizes(logits: Any, labels: Any) -> tuple[Any, ...]:
    return tuple(map(np.int32, (*logits.shape[1:], labels.shape[1])))


@on_gpu(ctc.ctc_loss, when=_fits)
def _ctc(logits: Any, labels: Any) -> Any:
    """A label that is no class makes the loss of its sample NaN."""
    logits = contiguous(logits)
    numbers, integers = row_numbers(labels)
    batch, steps, classes = logits.shape
    log_totals = empty((batch, steps), np.float64)
    held = type_name(logits.dtype)
    run = kernel(_SOURCE, f"ctc_totals<{held}>")
    run.over(batch * steps, logits, log_totals, np.int32(classes))
    alpha = empty((batch, steps, 2 * numbers.shape[1] + 1), np.float64)
    totals, loss = empty(batch, np.float64), empty(batch, logits.dtype)
    kernel(_SOURCE, f"ctc_forward<{held}, {integers}>")(
        batch, _THREADS, logits, numbers, log_totals, alpha, totals, loss, *_sizes(logits, numbers)
    )
    return loss, (log_totals, alpha, totals)


@_ctc.vjp
def _(g: Any, y: Any, logits: Any, labels: Any, *, saved: Any) -> Any:
    logits, g = contiguous(logits), contiguous(g)
    numbers, integers = row_numbers(labels)
    log_totals, alpha, totals = saved
    batch, _, states = alpha.shape
    gx = empty(logits.shape, logits.dtype)
    beta, share = empty((batch, 2, states), np.float64), empty((batch, states), np.float64)
    kernel(_SOURCE, f"ctc_backward<{type_name(logits.dtype)}, {integers}>")(
        batch, _THREADS, g, logits, numbers, log_totals, alpha, totals, beta, share, gx,
        *_sizes(logits, numbers),
    )  # fmt: skip
    return gx, None
