"""The circle loss: embeddings of one class near each other, those of others far."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import array_module
from edgekit.train.losses.loss import Loss, NamedLoss, as_tensor
from edgekit.train.masks import set_mask
from edgekit.train.ops import math
from edgekit.train.ops.activations import softplus
from edgekit.train.ops.losses import masked_log_sum_exp
from edgekit.train.ops.shape import transpose
from edgekit.train.tensor import Tensor, wrap

__all__ = ["Circle", "circle"]


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """For class numbers y_true and embeddings y_pred of length 1, one number for each sample.

    Each is compared with `ref_embeddings`, which are the batch itself where none are given;
    `remove_diagonal` leaves out each sample's comparison with itself. Source: Sun et al. 2020.
    """
    y_pred = as_tensor(y_pred)
    labels = _column(y_true)
    others = labels if ref_labels is None else _column(ref_labels)
    embeddings = y_pred if ref_embeddings is None else as_tensor(ref_embeddings)
    if y_pred.ndim != 2 or len(labels) != len(y_pred):
        raise ShapeError(
            f"circle: expected embeddings of shape (samples, size) and a class number for each. "
            f"Received: y_pred {y_pred.shape}, y_true {as_tensor(y_true).shape}"
        )
    same = labels[:, None] == others[None, :]
    different = ~same
    if remove_diagonal and ref_labels is None:
        same &= ~array_module(same).eye(len(same), dtype=bool)
    distance = math.maximum(1.0 - y_pred @ transpose(embeddings), 0.0)
    near = math.maximum(distance + margin, 0.0) * (distance - margin) * gamma
    far = math.maximum((1.0 + margin) - distance, 0.0) * ((1.0 - margin) - distance) * gamma
    positive = masked_log_sum_exp(near, wrap(same))
    values = softplus(positive + masked_log_sum_exp(far, wrap(different)))
    set_mask(values, wrap(values.data > 0))
    return values


def _column(labels: Any) -> Any:
    return as_tensor(labels).data.reshape(-1).astype(np.int32)


class Circle(NamedLoss):
    """The circle loss, with the scale `gamma` and the `margin` of relaxation."""

    function = staticmethod(circle)
    config_names = (*Loss.config_names, "gamma", "margin", "remove_diagonal")

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.gamma = gamma
        self.margin = margin
        self.remove_diagonal = remove_diagonal
