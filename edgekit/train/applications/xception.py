"""Xception: separable convolutions with shortcuts. Source: Chollet 2016."""

from __future__ import annotations

from typing import Any

from edgekit.train import layers
from edgekit.train.applications.network import decode_predictions as decode_predictions
from edgekit.train.applications.network import load_weights, picture_input, pooled
from edgekit.train.applications.network import preprocess_input as preprocess_input
from edgekit.train.models import Model

__all__ = ["Xception", "decode_predictions", "preprocess_input"]

# filters of the convolutions of the blocks 2 to 13; blocks of two end with pooling
_BLOCKS = ((128, 128), (256, 256), (728, 728), *[(728, 728, 728)] * 8, (728, 1024))


def Xception(  # noqa: N802 - Keras' name
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "xception",
) -> Model:
    """A new Xception. Without the top the output is that of `pooling`.

    weights: None, or a file with weights.
    """
    source = x = picture_input(input_shape, input_tensor, include_top, 299, 71)
    for number, (size, stride) in enumerate(((32, 2), (64, 1)), 1):
        label = f"block1_conv{number}"
        x = layers.Conv2D(size, 3, strides=stride, use_bias=False, name=label)(x)
        x = layers.BatchNormalization(name=f"{label}_bn")(x)
        x = layers.Activation("relu", name=f"{label}_act")(x)
    for number, filters in enumerate(_BLOCKS, 2):
        x = _block(x, filters, number)
    for number, size in enumerate((1536, 2048), 1):
        label = f"block14_sepconv{number}"
        x = layers.Activation("relu", name=f"{label}_act")(_separable(x, size, label))
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return load_weights(Model(source, x, name=name), weights)


def _separable(x: Any, filters: int, label: str) -> Any:
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=label)(x)
    return layers.BatchNormalization(name=f"{label}_bn")(x)


def _block(x: Any, filters: tuple[int, ...], number: int) -> Any:
    shortcut = x
    if len(filters) == 2:
        shortcut = layers.Conv2D(filters[-1], 1, strides=2, padding="same", use_bias=False)(x)
        shortcut = layers.BatchNormalization()(shortcut)
    for place, size in enumerate(filters, 1):
        label = f"block{number}_sepconv{place}"
        if number > 2 or place > 1:  # what goes into block 2 has been activated
            x = layers.Activation("relu", name=f"{label}_act")(x)
        x = _separable(x, size, label)
    if len(filters) == 2:
        x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"block{number}_pool")(x)
    return layers.Add()([x, shortcut])
