"""GroupQueryAttention."""

from __future__ import annotations

import math
from typing import Any

from edgekit.errors import InputError
from edgekit.train.layers.attention.parts import Heads, wide
from edgekit.train.ops.math import matmul
from edgekit.train.ops.shape import transpose

__all__ = ["GroupQueryAttention"]


class GroupQueryAttention(Heads):
    """MultiHeadAttention in which several query heads share one head of key and value.

    Source: Ainslie et al. 2023.
    """

    keras_class = "GroupedQueryAttention"  # what Keras calls it in names and in files of weights
    _prefix = "_"
    config_names = (
        "head_dim", "num_query_heads", "num_key_value_heads", *Heads.shared_names,
    )  # fmt: skip

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
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
        if num_query_heads % num_key_value_heads:
            raise InputError(
                f"layer {self.name!r}: num_query_heads must be a multiple of num_key_value_heads. "
                f"Received: {num_query_heads} and {num_key_value_heads}"
            )
        self.head_dim = head_dim
        self.num_query_heads, self.num_key_value_heads = num_query_heads, num_key_value_heads

    def build(self, query_shape, value_shape, key_shape=None):  # type: ignore[override]
        key_shape = value_shape if key_shape is None else key_shape
        queries = (self.num_query_heads, self.head_dim)
        values = (self.num_key_value_heads, self.head_dim)
        self._query_dense = self._dense("query", (query_shape[-1],), queries)
        self._key_dense = self._dense("key", (key_shape[-1],), values)
        if self.use_gate:
            self._gate_dense = self._dense("gate", (query_shape[-1],), queries)
        self._value_dense = self._dense("value", (value_shape[-1],), values)
        self._output_dense = self._dense("attention_output", queries, (query_shape[-1],))

    def compute_output_shape(  # type: ignore[override]
        self, query_shape, value_shape, key_shape=None
    ):
        return tuple(query_shape)

    def attend(
        self, query: Any, key: Any, value: Any, mask: Any, training: Any, zeroed: bool
    ) -> Any:
        """Query heads that share a key lie side by side as more queries of one head."""
        batch, queries, _, size = query.shape
        groups = self.num_key_value_heads
        each = self.num_query_heads // groups
        q = query * (1.0 / math.sqrt(size))
        q = transpose(q.reshape(batch, queries, groups, each, size), axes=(0, 2, 3, 1, 4))
        q = q.reshape(batch, groups, each * queries, size)
        scores = matmul(q, transpose(key, axes=(0, 2, 3, 1)))
        scores = scores.reshape(batch, self.num_query_heads, queries, key.shape[1])
        shares = self.shares(scores, None if mask is None else wide(mask, -3), zeroed)
        dropped = self.dropout_layer(shares, training=training) if self.dropout else shares
        rows = dropped.reshape(batch, groups, each * queries, key.shape[1])
        mixed = matmul(rows, transpose(value, axes=(0, 2, 1, 3)))
        mixed = mixed.reshape(batch, self.num_query_heads, queries, size)
        return transpose(mixed, axes=(0, 2, 1, 3)), shares
