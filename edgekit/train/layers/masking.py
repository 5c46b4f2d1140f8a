"""Masking: the steps of a sequence that are padding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekit.train.layers.layer import Layer
from edgekit.train.masks import set_mask
from edgekit.train.ops.comparisons import not_equal, where
from edgekit.train.ops.gather import any_true

__all__ = ["Masking"]


class Masking(Layer):
    """Masks the steps all of whose features are `mask_value`, and sets them to zero."""

    config_names = ("mask_value",)
    supports_masking = True

    def __init__(self, mask_value: Any = 0.0, **options: Any) -> None:
        super().__init__(**options)
        if isinstance(mask_value, Mapping):
            mask_value = mask_value.get("config", {}).get("value", 0.0)
        self.mask_value = mask_value
        self.built = True

    def compute_mask(self, inputs, mask=None):
        return self._kept(inputs)[..., 0]

    def call(self, inputs):
        kept = self._kept(inputs)
        outputs = where(kept, inputs, 0.0)
        set_mask(outputs, kept[..., 0])
        return outputs

    def _kept(self, inputs: Any) -> Any:
        """(batch, steps, 1): whether any feature of a step differs from the value."""
        return any_true(not_equal(inputs, self.mask_value), axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape):
        return input_shape
