"""Masks: which steps of a sequence are real, carried by the tensors themselves.

A mask is a boolean tensor of shape (batch, steps), kept under Keras' name `_keras_mask`. Layers
hand it on from their inputs to their outputs; losses and metrics leave out what it leaves out.
"""

from __future__ import annotations

from typing import Any

from edgekit.train.backend import Array, array_module, asarray
from edgekit.train.distribute.replica import denominator
from edgekit.train.structure import flatten, is_nested, map_structure

__all__ = ["apply_mask", "mask_of", "masks_of", "set_mask", "set_masks"]


def mask_of(x: Any) -> Any:
    """The mask of a tensor, or None."""
    return getattr(x, "_keras_mask", None)


def masks_of(inputs: Any) -> Any:
    """The masks of a structure of tensors, in its structure; None where there is none at all."""
    if not is_nested(inputs):
        return mask_of(inputs)
    if all(mask_of(x) is None for x in flatten(inputs)):
        return None
    return map_structure(mask_of, inputs)


def set_mask(x: Any, mask: Any) -> None:
    """Let a tensor carry a mask (None takes it away)."""
    x._keras_mask = mask


def set_masks(outputs: Any, masks: Any) -> None:
    """Give masks to the outputs that carry none yet; `masks` has the structure of `outputs`."""
    leaves = flatten(outputs)
    given = [masks] if len(leaves) == 1 and not is_nested(masks) else flatten(masks)
    for x, mask in zip(leaves, given, strict=False):
        if mask is not None and hasattr(x, "__edgekit_tensor__") and mask_of(x) is None:
            set_mask(x, mask)


def apply_mask(sample_weight: Any, mask: Any, reduction: str | None) -> Any:
    """The weights of samples with those of masked steps 0.

    For a mean over everything ("sum_over_batch_size") what is left weighs as much more as makes the
    result the mean over the steps that count.
    """
    if mask is None:
        return sample_weight
    kept: Array = asarray(mask).astype("float32")
    if reduction in ("sum_over_batch_size", "mean"):
        valid = denominator(kept.sum())
        kept = kept * array_module(kept).where(valid > 0, kept.size / (valid + (valid == 0)), 0)
        kept = kept.astype("float32")
    if sample_weight is None:
        return kept
    weight = asarray(sample_weight, "float32")
    if weight.ndim == kept.ndim + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    while weight.ndim < kept.ndim:
        weight = weight[..., None]
    while kept.ndim < weight.ndim:
        kept = kept[..., None]
    return weight * kept
