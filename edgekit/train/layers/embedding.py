"""Embedding: a learnt vector for each of a number of words."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.train.layers.parameters import Parameterized, parameter_names
from edgekit.train.ops.comparisons import not_equal
from edgekit.train.ops.gather import embed
from edgekit.train.ops.math import cast

__all__ = ["Embedding"]


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

    def compute_mask(self, inputs, previous_mask=None):
        return not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)
