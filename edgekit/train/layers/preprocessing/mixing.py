"""Layers that make one picture of two, and one label of theirs, in training only."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train.backend import same_place
from edgekit.train.layers.preprocessing.augmentation import RandomImageLayer
from edgekit.train.layers.preprocessing.filters import boxes_in
from edgekit.train.ops.comparisons import where
from edgekit.train.tensor import array_of

__all__ = ["CutMix", "MixUp"]


class _Mixing(RandomImageLayer):
    """A layer on {"images", "labels"}, or on images alone; labels are rows, such as one-hot ones.

    `permutation_order` is the other picture of each, `mix_weight` the share of its own.
    """

    def _shares(self, data: Any, alpha: float, seed: int | None) -> Any:
        source = self._on_host(seed)
        drawn = source.beta(alpha, alpha, len(data)).astype(np.float32)
        return same_place(drawn, array_of(data))

    def _order(self, data: Any, seed: int | None) -> Any:
        source = self._on_host(seed)
        return same_place(source.permutation(len(data)), array_of(data))

    def transform_labels(self, labels, transformation, training=True):
        weight = transformation["mix_weight"].reshape(-1, *[1] * (len(labels.shape) - 1))
        others = labels[transformation["permutation_order"]]
        return labels * weight + others * (np.float32(1) - weight)


class MixUp(_Mixing):
    """Each picture mixed with another; its share is drawn from a beta distribution of `alpha`.

    Source: Zhang et al. 2018.
    """

    config_names = ("data_format", "alpha", "seed")

    def __init__(
        self,
        alpha: float = 0.2,
        data_format: str | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.alpha = alpha
        self._set_data_format(data_format)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        order = self._order(data, seed)
        return {"mix_weight": self._shares(data, self.alpha, seed), "permutation_order": order}

    def transform_images(self, images, transformation=None, training=True):
        weight = self._for_pictures(transformation["mix_weight"])
        others = images[transformation["permutation_order"]]
        return images * weight + others * (np.float32(1) - weight)


class CutMix(_Mixing):
    """Each picture with a box of another in it. Source: Yun et al. 2019."""

    config_names = ("data_format", "factor", "seed")

    def __init__(
        self,
        factor: Any = 1.0,
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.factor = self._bounds(factor, 0.0)
        self._set_data_format(data_format)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        source = self._on_host(seed)
        alpha = float(source.uniform(*self.factor)) + 1e-6
        side = (np.float32(1) - self._shares(data, alpha, seed)) ** np.float32(0.5)
        masks, area = boxes_in(self, data, side[:, None] * np.ones(2, np.float32), seed)
        order = self._order(data, seed)
        return {"permutation_order": order, "batch_masks": masks, "mix_weight": 1 - area}

    def transform_images(self, images, transformation=None, training=True):
        others = images[transformation["permutation_order"]]
        return where(transformation["batch_masks"], others, images)
