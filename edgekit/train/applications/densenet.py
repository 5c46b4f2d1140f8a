"""DenseNet: every block sees all that came before it. Source: Huang et al. 2016."""

from __future__ import annotations

from typing import Any

from edgekit.train import layers
from edgekit.train.applications.network import decode_predictions as decode_predictions
from edgekit.train.applications.network import load_weights, picture_input, pooled
from edgekit.train.applications.network import normalized_input as preprocess_input
from edgekit.train.models import Model

__all__ = [
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "decode_predictions",
    "preprocess_input",
]

# how many blocks stand in each of four parts
_DEPTHS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}
_GROWTH = 32  # the channels that each block adds


def _network(depth: int) -> Any:
    def make(
        include_top: bool = True,
        weights: Any = None,
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = f"densenet{depth}",
    ) -> Model:
        source = picture_input(input_shape, input_tensor, include_top, 224)
        x = layers.ZeroPadding2D(3)(source)
        x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
        x = layers.ZeroPadding2D(1)(_normalized(x, "conv1_"))
        x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
        for part, count in enumerate(_DEPTHS[depth], 2):
            for number in range(1, count + 1):
                x = _block(x, f"conv{part}_block{number}")
            x = _halved(x, f"pool{part}") if part < 5 else x
        x = _normalized(x, "")
        if include_top:
            x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
            x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
        else:
            x = pooled(x, pooling, named=True)
        return load_weights(Model(source, x, name=name), weights)

    make.__name__ = make.__qualname__ = f"DenseNet{depth}"
    make.__doc__ = f"""A new DenseNet{depth}. Without the top the output is that of `pooling`.

    weights: None, or a file with weights.
    """
    return make


def _normalized(x: Any, prefix: str) -> Any:
    x = layers.BatchNormalization(epsilon=1.001e-5, name=f"{prefix}bn")(x)
    return layers.Activation("relu", name=f"{prefix}relu")(x)


def _block(x: Any, name: str) -> Any:
    y = _normalized(x, f"{name}_0_")
    y = layers.Conv2D(4 * _GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(y)
    y = _normalized(y, f"{name}_1_")
    y = layers.Conv2D(_GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
    return layers.Concatenate(name=f"{name}_concat")([x, y])


def _halved(x: Any, name: str) -> Any:
    """Half of the channels, and half of the rows and columns."""
    x = _normalized(x, f"{name}_")
    x = layers.Conv2D(x.shape[-1] // 2, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


DenseNet121, DenseNet169, DenseNet201 = (_network(depth) for depth in _DEPTHS)
