"""Layers one after another, as one layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgekit.errors import InputError
from edgekit.train.layers.layer import Layer
from edgekit.train.masks import mask_of

__all__ = ["Pipeline"]


class Pipeline(Layer):
    """Layers one after another, such as those that prepare and change pictures.

    No model: it has neither `fit` nor inputs of its own. Called by itself, outside of a model, its
    random layers act.
    """

    casts_inputs = False

    def __init__(self, layers: Sequence[Layer], name: str | None = None) -> None:
        super().__init__(name=name)
        wrong = [layer for layer in layers if not isinstance(layer, Layer)]
        if wrong:
            raise InputError(f"layer {self.name!r}: layers must be layers. Received: {wrong}")
        self.layers = list(layers)

    def call(self, inputs, training=True, mask=None):
        for layer in self.layers:
            options: dict[str, Any] = {}
            if layer._signature.takes_mask:
                options["mask"] = mask
            if layer._signature.takes_training and training is not None:
                options["training"] = training
            inputs = layer(inputs, **options)
            mask = mask_of(inputs)
        return inputs

    def get_config(self) -> dict[str, Any]:
        from edgekit.train.saving.writing import model_config

        return {"layers": [model_config(layer) for layer in self.layers], "name": self.name}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        from edgekit.train.saving.reading import model_from_config

        config = dict(config)
        return cls([model_from_config(c, custom_objects) for c in config.pop("layers")], **config)
