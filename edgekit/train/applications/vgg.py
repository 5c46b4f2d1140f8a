"""VGG: five stacks of 3x3 convolutions, three dense layers. Simonyan and Zisserman 2014."""

from __future__ import annotations

from typing import Any

from edgekit.train import layers
from edgekit.train.applications.network import centered_input as preprocess_input
from edgekit.train.applications.network import decode_predictions as decode_predictions
from edgekit.train.applications.network import load_weights, picture_input, pooled
from edgekit.train.models import Model

__all__ = ["VGG16", "VGG19", "decode_predictions", "preprocess_input"]

# how many convolutions of 64, 128, 256, 512 and 512 filters
_STACKS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_FILTERS = (64, 128, 256, 512, 512)


def _network(depth: int) -> Any:
    def make(
        include_top: bool = True,
        weights: Any = None,
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = f"vgg{depth}",
    ) -> Model:
        source = x = picture_input(input_shape, input_tensor, include_top, 224)
        for block, (count, filters) in enumerate(zip(_STACKS[depth], _FILTERS, strict=True), 1):
            for number in range(1, count + 1):
                x = layers.Conv2D(
                    filters, 3, padding="same", activation="relu", name=f"block{block}_conv{number}"
                )(x)
            x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
        if include_top:
            x = layers.Flatten(name="flatten")(x)
            x = layers.Dense(4096, activation="relu", name="fc1")(x)
            x = layers.Dense(4096, activation="relu", name="fc2")(x)
            x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
        else:
            x = pooled(x, pooling)
        return load_weights(Model(source, x, name=name), weights)

    make.__name__ = make.__qualname__ = f"VGG{depth}"
    make.__doc__ = f"""A new VGG{depth}. Without the top the output is that of `pooling`.

    weights: None, or a file with weights.
    """
    return make


VGG16, VGG19 = (_network(depth) for depth in _STACKS)
