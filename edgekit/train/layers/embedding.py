"""Embedding: a learnt vector for each of a number of words."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.train.layers.parameters import Parameterized, parameter_names
from edgekit.train.masks import set_mask
from edgekit.train.ops.activations import tanh
from edgekit.train.ops.comparisons import not_equal
from edgekit.train.ops.gather import embed
from edgekit.train.ops.math import cast, matmul
from edgekit.train.ops.shape import transpose
from edgekit.train.symbolic import SymbolicTensor

__all__ = ["Embedding", "ReversibleEmbedding"]


class Embedding(Parameterized):
    """Row n of `embeddings` (input_dim, output_dim) for each number n of the input.

    mask_zero: number 0 is padding; its places are masked in the layers that follow.
    weights: the first embeddings, as an array. Numbers may be integers, or floats without fraction.
    """

    config_names = (
        "input_dim",
        "output_dim",
        *parameter_names("embeddings"),
        "mask_zero",
    )
    casts_inputs = False

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        **options: Any,
    ) -> None:
        length = options.pop("input_length", None)
        if length is not None and not {"input_shape", "batch_input_shape"} & set(options):
            options["input_shape"] = length if isinstance(length, tuple) else (length,)
        super().__init__(**options)
        wrong = [
            f"{name}={size!r}"
            for name, size in (("input_dim", input_dim), ("output_dim", output_dim))
            if isinstance(size, bool) or not isinstance(size, int | np.integer) or size <= 0
        ]
        if wrong:
            raise InputError(
                f"layer {self.name!r}: input_dim and output_dim must be positive integers. "
                f"Received: {', '.join(wrong)}"
            )
        if lora_rank is not None or lora_alpha is not None:
            raise UnsupportedOperator(
                f"layer {self.name!r}: low-rank adaptation (lora_rank) is not supported"
            )
        self.input_dim, self.output_dim = int(input_dim), int(output_dim)
        self._declare(
            "embeddings", embeddings_initializer, embeddings_regularizer, embeddings_constraint
        )
        self.mask_zero = mask_zero
        if weights is not None:
            self.build(None)
            self.set_weights(weights if isinstance(weights, list) else [weights])

    def build(self, input_shape=None):
        if self.built:
            return
        self.embeddings = self._make("embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs):
        if inputs.dtype.kind not in "iu":
            inputs = cast(inputs, dtype="int32")
        return embed(self.embeddings, inputs)

    def compute_mask(self, inputs, mask=None):
        return not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)


class ReversibleEmbedding(Embedding):
    """An embedding that also goes back: with `reverse=True` from vectors to one number (a logit)
    for each of the `input_dim` words, by a product with the embeddings themselves.

    tie_weights=False: by `reverse_embeddings` (output_dim, input_dim) of its own instead.
    logit_soft_cap: logits are tanh(logits / cap) * cap. reverse_dtype: the dtype of the product.
    Source: Press and Wolf 2016.
    """

    embeddings_initializer: Any
    config_names = (*Embedding.config_names, "tie_weights", "reverse_dtype", "logit_soft_cap")

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **options: Any,
    ) -> None:
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **options,
        )

    def build(self, input_shape=None):
        if self.built:
            return
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim),
                self.embeddings_initializer,
                name="reverse_embeddings",
            )

    def call(self, inputs, reverse=False):
        if not reverse:
            vectors = super().call(inputs)
            if self.mask_zero:
                set_mask(vectors, not_equal(inputs, 0))
            return vectors
        kernel = transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs, kernel = (cast(x, dtype=self.reverse_dtype) for x in (inputs, kernel))
        logits = matmul(inputs, kernel)
        if self.logit_soft_cap is None:
            return logits
        return tanh(logits / self.logit_soft_cap) * self.logit_soft_cap

    def compute_mask(self, inputs, mask=None):
        return None  # which way was gone is known to the call alone

    def output_spec(self, inputs, args=(), kwargs=None):
        reverse = args[0] if args else (kwargs or {}).get("reverse", False)
        shape = self.compute_output_shape(inputs.shape, reverse)
        dtype = (reverse and self.reverse_dtype) or self.compute_dtype
        return SymbolicTensor(shape, dtype)

    def compute_output_shape(self, input_shape, reverse=False):
        if reverse:
            return (*input_shape[:-1], self.input_dim)
        return super().compute_output_shape(input_shape)
