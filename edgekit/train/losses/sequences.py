"""Connectionist temporal classification: labels of a sequence without their places in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.losses.loss import NamedLoss, as_tensor
from edgekit.train.ops.ctc import ctc_loss
from edgekit.train.tensor import Tensor, wrap

__all__ = ["CTC", "ctc"]


def ctc(y_true: Any, y_pred: Any) -> Tensor:
    """-log of the probability that the steps spell the labels, for each sample.

    y_true: class numbers (batch, labels), 0 where a sequence has ended; y_pred: logits
    (batch, steps, classes), of which class 0 is the blank. Source: Graves et al. 2006.
    """
    y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
    if y_true.ndim != 2 or y_pred.ndim != 3:
        raise ShapeError(
            "ctc: expected class numbers of shape (batch, labels) and logits of shape "
            f"(batch, steps, classes). Received: y_true {y_true.shape}, y_pred {y_pred.shape}"
        )
    return ctc_loss(y_pred, wrap(y_true.data.astype(np.int64)))


class CTC(NamedLoss):
    """For sequences: class 0 of the logits is the blank, label 0 the end of a sequence."""

    function = staticmethod(ctc)
