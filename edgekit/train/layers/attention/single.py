"""Attention and AdditiveAttention: how much each query takes of each value."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train import activations
from edgekit.train.backend import constant
from edgekit.train.layers.layer import Layer
from edgekit.train.ops.activations import tanh
from edgekit.train.ops.comparisons import where
from edgekit.train.ops.math import matmul
from edgekit.train.ops.random import dropout as dropout_primitive
from edgekit.train.random import generator
from edgekit.train.symbolic import infer_shapes

__all__ = ["AdditiveAttention", "Attention"]

# taken off the scores of what is masked, as in Keras
_HIDDEN = 1e9


class Attention(Layer):
    """softmax(query @ key) @ value, called on [query, value] or [query, value, key].

    query (batch, T, size), value and key (batch, S, size). score_mode "dot", or "concat" for
    sum(tanh(query + key)); use_scale: scores are multiplied with a trained number. mask:
    [query_mask, value_mask]. Source: Luong et al. 2015.
    """

    config_names: tuple[str, ...] = ("use_scale", "score_mode", "dropout", "seed")
    supports_masking = True

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if score_mode not in ("dot", "concat"):
            raise InputError(
                f"layer {self.name!r}: score_mode is 'dot' or 'concat'. Received: {score_mode!r}"
            )
        self.use_scale, self.score_mode = use_scale, score_mode
        self.dropout, self.seed = dropout, seed
        self.generator = generator(seed)
        self.scale: Any = None
        self.concat_score_weight: Any = None

    def build(self, input_shape):
        self._check(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def _check(self, inputs: Any, what: str = "inputs") -> None:
        if not isinstance(inputs, list | tuple) or len(inputs) not in (2, 3):
            raise InputError(
                f"layer {self.name!r}: expected a list [query, value] or [query, value, key] of "
                f"{what}. Received: {inputs!r}"
            )

    def _scores(self, query: Any, key: Any) -> Any:
        if self.score_mode == "dot":
            scores = matmul(query, key.swapaxes(-2, -1))
            return scores if self.scale is None else scores * self.scale
        both = _both(query, key)
        both = both if self.scale is None else both * self.scale
        return tanh(both).sum(axis=-1) * self.concat_score_weight

    def call(
        self,
        inputs,
        mask=None,
        training=False,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        self._check(inputs)
        query, value = inputs[:2]
        scores = self._scores(query, inputs[2] if len(inputs) > 2 else value)
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        kept = None if value_mask is None else _reshaped(value_mask, -2)
        if use_causal_mask:
            before = constant(np.tril(np.ones((1, *scores.shape[-2:]), bool)), scores)
            kept = before if kept is None else kept * before
        if kept is not None:
            scores = where(kept, scores, scores - _HIDDEN)
        shares = activations.softmax(scores)
        if training and self.dropout > 0:
            shares = dropout_primitive(shares, rate=self.dropout, generator=self.generator)
        output = matmul(shares, value)
        if query_mask is not None:
            output = where(_reshaped(query_mask, -1), output, 0.0)
        return (output, shares) if return_attention_scores else output

    def compute_mask(self, inputs, mask=None):
        return mask[0] if isinstance(mask, list | tuple) else None

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], input_shape[1][-1])

    def output_spec(self, inputs: Any, args: Any = (), kwargs: Any = None) -> Any:
        return infer_shapes(self.__call__, (inputs, *args), kwargs or {})


class AdditiveAttention(Attention):
    """Attention whose scores are sum(scale * tanh(query + key)). Source: Bahdanau et al. 2015."""

    config_names = ("use_scale", "dropout", "seed")

    def __init__(
        self,
        use_scale: bool = True,
        dropout: float = 0.0,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, seed=seed, **options)

    def build(self, input_shape):
        self._check(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale")

    def _scores(self, query: Any, key: Any) -> Any:
        curved = tanh(_both(query, key))
        return (curved if self.scale is None else curved * self.scale).sum(axis=-1)


def _both(query: Any, key: Any) -> Any:
    """query + key for every pair: (batch, T, S, size)."""
    batch, count, size = query.shape
    return query.reshape(batch, count, 1, size) + key.reshape(batch, 1, key.shape[1], size)


def _reshaped(mask: Any, axis: int) -> Any:
    """A mask (batch, steps) with an axis of one more at `axis`."""
    batch, steps = mask.shape
    return mask.reshape(batch, 1, steps) if axis == -2 else mask.reshape(batch, steps, 1)
