"""MultiHeadAttention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.layers.attention.parts import Heads, broadcast, wide
from edgekit.train.ops.math import matmul
from edgekit.train.ops.shape import transpose

__all__ = ["MultiHeadAttention"]


class MultiHeadAttention(Heads):
    """softmax(query @ key / sqrt(key_dim)) @ value in several heads, projected to and fro.

    query (batch, T, ...), value and key (batch, S, ...); the result has the shape of query, or its
    last axis is `output_shape`. Masks are True where something is to be seen: query_mask
    (batch, T), value_mask and key_mask (batch, S), attention_mask (batch, T, S).
    `flash_attention` changes nothing here. Source: Vaswani et al. 2017.
    """

    config_names = (
        "num_heads", "key_dim", "value_dim", "output_shape", "attention_axes",
        *Heads.shared_names,
    )  # fmt: skip

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        given = dict(locals())
        super().__init__(given, {**options, "activity_regularizer": activity_regularizer})
        sizes = {"num_heads": num_heads, "key_dim": key_dim, "value_dim": value_dim or key_dim}
        wrong = [f"{k}={v!r}" for k, v in sizes.items() if not isinstance(v, int) or v <= 0]
        if wrong:
            raise InputError(
                f"layer {self.name!r}: num_heads, key_dim and value_dim must be positive "
                f"integers. Received: {', '.join(wrong)}"
            )
        self.num_heads, self.key_dim, self.value_dim = sizes.values()
        one = isinstance(output_shape, int)
        self.output_shape = (
            ((output_shape,) if one else tuple(output_shape)) if (output_shape) else None
        )
        self.attention_axes = (
            (attention_axes,) if isinstance(attention_axes, int)
            else tuple(attention_axes) if attention_axes else None
        )  # fmt: skip

    def build(self, query_shape, value_shape, key_shape=None):  # type: ignore[override]
        key_shape = value_shape if key_shape is None else key_shape
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ShapeError(
                f"layer {self.name!r}: value and key must agree in all axes but the last. "
                f"Received: value_shape={value_shape} and key_shape={key_shape}"
            )
        heads, keys, values = self.num_heads, self.key_dim, self.value_dim
        self.query_dense = self._dense("query", (query_shape[-1],), (heads, keys))
        self.key_dense = self._dense("key", (key_shape[-1],), (heads, keys))
        if self.use_gate:
            self._gate_dense = self._dense("gate", (query_shape[-1],), (heads, values))
        self.value_dense = self._dense("value", (value_shape[-1],), (heads, values))
        made = self.output_shape or (query_shape[-1],)
        self.output_dense = self._dense("attention_output", (heads, values), made)
        rank = len(value_shape)
        axes = self.attention_axes or tuple(range(1, rank - 1))
        self.attention_axes = tuple(axis if axis >= 0 else rank + axis for axis in axes)

    def compute_output_shape(  # type: ignore[override]
        self, query_shape, value_shape, key_shape=None
    ):
        return (*query_shape[:-1], *(self.output_shape or query_shape[-1:]))

    def attend(
        self, query: Any, key: Any, value: Any, mask: Any, training: Any, zeroed: bool
    ) -> Any:
        """Scores over all attention axes at once: they are laid side by side, heads before."""
        query = query * (1.0 / math.sqrt(self.key_dim))
        axes = self.attention_axes or ()
        rank = len(query.shape)
        rest = [axis for axis in range(rank - 2) if axis not in axes]
        order = (*rest, rank - 2, *axes, rank - 1)
        q, k, v = (transpose(x, axes=order) for x in (query, key, value))
        seen, looked_at = (x.shape[len(rest) + 1 : -1] for x in (q, k))
        q, k, v = (_side_by_side(x, len(rest) + 1) for x in (q, k, v))
        scores = matmul(q, k.swapaxes(-2, -1))
        whole = (*q.shape[:-2], *seen, *looked_at)
        if mask is not None:
            while len(mask.shape) < len(whole):
                mask = wide(mask, -2 * len(axes) - 1)
            if len(axes) > 1:
                mask = broadcast(mask, whole).reshape(scores.shape)
        shares = self.shares(scores, mask, zeroed)
        dropped = self.dropout_layer(shares, training=training) if self.dropout else shares
        mixed = matmul(dropped, v).reshape(*q.shape[:-2], *seen, v.shape[-1])
        output = transpose(mixed, axes=tuple(int(i) for i in np.argsort(order)))
        return output, shares if len(axes) == 1 else shares.reshape(whole)


def _side_by_side(x: Any, before: int) -> Any:
    """(..., several axes, channels) with these axes as one, after the first `before`."""
    if len(x.shape) == before + 2:
        return x
    return x.reshape(*x.shape[:before], math.prod(x.shape[before:-1]), x.shape[-1])
