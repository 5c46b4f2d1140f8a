"""Layers that change pictures by several other layers, which are drawn, in training only."""

from __future__ import annotations

from typing import Any

from edgekit.train.backend import to_numpy
from edgekit.train.layers.preprocessing import colors, distortions, filters, geometry, tones
from edgekit.train.layers.preprocessing.augmentation import (
    RandomBrightness,
    RandomContrast,
    RandomImageLayer,
    clipped,
)

__all__ = ["AugMix", "RandAugment"]


class _Policy(RandomImageLayer):
    """A layer over others, all of the strength `factor`, which `_layers` holds by name."""

    factor: tuple[float, float]
    value_range: list[float]
    interpolation: str

    def _set_layers(self, names: tuple[str, ...], seed: int | None) -> None:
        """Make those of Keras' layers that are named, in this order."""
        factor = self.factor
        ranged: dict[str, Any] = {"value_range": self.value_range}
        warped: dict[str, Any] = {"interpolation": self.interpolation, "seed": seed}
        drawn: dict[str, Any] = {**ranged, "seed": seed}
        bits = max(1, int(8 * factor[1]))
        made: dict[str, Any] = {
            "random_shear": lambda: distortions.RandomShear(factor, factor, **warped),
            "random_translation": lambda: geometry.RandomTranslation(factor, factor, **warped),
            "random_rotation": lambda: geometry.RandomRotation(factor, **warped),
            "random_brightness": lambda: RandomBrightness(factor, **drawn),
            "random_color_degeneration": lambda: colors.RandomColorDegeneration(factor, **drawn),
            "random_contrast": lambda: RandomContrast(factor, **drawn),
            "random_sharpness": lambda: filters.RandomSharpness(factor, **drawn),
            "random_posterization": lambda: tones.RandomPosterization(bits, **drawn),
            "solarization": lambda: tones.Solarization(factor, factor, **drawn),
            "auto_contrast": lambda: tones.AutoContrast(**ranged),
            "equalization": lambda: tones.Equalization(**ranged),
        }
        self._layers = {name: made[name]() for name in names}


class RandAugment(_Policy):
    """`num_ops` changes, each drawn anew from eleven, of a strength up to `factor`.

    Source: Cubuk et al. 2020.
    """

    config_names = ("data_format", "value_range", "num_ops", "factor", "interpolation", "seed")
    NAMES = (
        "random_shear", "random_translation", "random_rotation", "random_brightness",
        "random_color_degeneration", "random_contrast", "random_sharpness", "random_posterization",
        "solarization", "auto_contrast", "equalization",
    )  # fmt: skip

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.value_range, self.num_ops = self._range(value_range), num_ops
        self.factor = self._bounds(factor, 0.0)
        self.interpolation = interpolation
        self._set_data_format(data_format)
        self._set_seed(seed)
        self._set_layers(self.NAMES, seed)

    def get_random_transformation(self, data, training=True, seed=None):
        numbers = self._on_host(seed).integers(0, len(self._layers), self.num_ops)
        chosen = {self.NAMES[n] for n in numbers}
        drawn = {
            name: layer.get_random_transformation(data, training, seed) if name in chosen else None
            for name, layer in self._layers.items()
        }
        return {"transforms": drawn, "layer_idxes": numbers}

    def transform_images(self, images, transformation, training=True):
        for number in to_numpy(transformation["layer_idxes"]):
            name = self.NAMES[int(number)]
            drawn = transformation["transforms"][name]
            images = self._layers[name].transform_images(images, drawn)
        return images


class AugMix(_Policy):
    """The mean, in drawn shares, of the picture and `num_chains` chains of up to `chain_depth`
    changes. alpha: of the distributions that shares are drawn from. all_ops: changes of color too.
    Source: Hendrycks et al. 2020.
    """

    config_names = (
        "data_format", "value_range", "num_chains", "chain_depth", "factor", "alpha", "all_ops",
        "interpolation", "seed",
    )  # fmt: skip
    SHAPES = (
        "random_shear", "random_translation", "random_rotation", "random_posterization",
        "solarization", "auto_contrast", "equalization",
    )  # fmt: skip
    COLORS = (
        "random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness",
    )  # fmt: skip

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.value_range = self._range(value_range)
        self.num_chains, self.chain_depth, self.alpha = num_chains, chain_depth, alpha
        self.factor = self._bounds(factor, 0.0)
        self.all_ops, self.interpolation = all_ops, interpolation
        self._set_data_format(data_format)
        self._set_seed(seed)
        self._set_layers(self.SHAPES + (self.COLORS if all_ops else ()), seed)

    def get_random_transformation(self, data, training=True, seed=None):
        source = self._on_host(seed)
        names = [*self._layers, None]
        chains = []
        for _ in range(self.num_chains):
            drawn = [names[n] for n in source.integers(0, len(names), self.chain_depth)]
            chains.append(
                [
                    {
                        "layer_name": name,
                        "transformation": self._layers[name].get_random_transformation(data),
                    }
                    for name in drawn
                    if name is not None
                ]
            )
        return {
            "chain_mixing_weights": source.dirichlet([self.alpha] * self.num_chains),
            "weight_sample": source.beta(self.alpha, self.alpha),
            "chain_transforms": chains,
        }

    def transform_images(self, images, transformation, training=True):
        own = float(transformation["weight_sample"])
        mixed = images * own
        weights = to_numpy(transformation["chain_mixing_weights"])
        for weight, chain in zip(weights, transformation["chain_transforms"], strict=True):
            changed = images
            for step in chain:
                layer = self._layers[step["layer_name"]]
                changed = layer.transform_images(changed, step["transformation"])
            mixed = mixed + changed * float((1 - own) * weight)
        return clipped(mixed, self.value_range)
