"""Residual networks: blocks of three convolutions with shortcuts.

Sources: He et al. 2015, and He et al. 2016 for those that normalize first (V2).
"""

from __future__ import annotations

from typing import Any

from edgekit.train import layers
from edgekit.train.applications.network import centered_input as preprocess_input
from edgekit.train.applications.network import decode_predictions as decode_predictions
from edgekit.train.applications.network import load_weights, picture_input, pooled
from edgekit.train.models import Model

__all__ = [
    "ResNet50",
    "ResNet50V2",
    "ResNet101",
    "ResNet101V2",
    "ResNet152",
    "ResNet152V2",
    "decode_predictions",
    "preprocess_input",
]

# how many blocks of 64, 128, 256 and 512 filters
_DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_FILTERS = (64, 128, 256, 512)


def _network(depth: int, first: bool) -> Any:
    """The function of one depth; `first`: blocks normalize before they convolve (V2)."""

    def make(
        include_top: bool = True,
        weights: Any = None,
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = f"resnet{depth}{'v2' if first else ''}",
    ) -> Model:
        source = picture_input(input_shape, input_tensor, include_top, 224)
        x = layers.ZeroPadding2D(3, name="conv1_pad")(source)
        x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
        x = x if first else _normalized(x, "conv1")
        x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
        for part, count in enumerate(_DEPTHS[depth]):
            for block in range(1, count + 1):
                place = (part, block, block == count)
                x = (_block_v2 if first else _block)(x, _FILTERS[part], place)
        x = _normalized(x, "post") if first else x
        if include_top:
            x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
            x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
        else:
            x = pooled(x, pooling, named=True)
        return load_weights(Model(source, x, name=name), weights)

    make.__name__ = make.__qualname__ = f"ResNet{depth}{'V2' if first else ''}"
    make.__doc__ = f"""A new {make.__name__}. Without the top the output is that of `pooling`.

    weights: None, or a file with weights.
    """
    return make


def _normalized(x: Any, name: str, norm: str = "bn") -> Any:
    x = layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_{norm}")(x)
    return layers.Activation("relu", name=f"{name}_{norm.removesuffix('bn')}relu")(x)


def _block(x: Any, filters: int, place: tuple[int, int, bool]) -> Any:
    part, number, _ = place
    name = f"conv{part + 2}_block{number}"
    stride = 2 if part and number == 1 else 1
    shortcut = x
    if number == 1:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_0_bn")(shortcut)
    x = layers.Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x)
    x = _normalized(x, f"{name}_1")
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = _normalized(x, f"{name}_2")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    x = layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_3_bn")(x)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def _block_v2(x: Any, filters: int, place: tuple[int, int, bool]) -> Any:
    part, number, is_last = place
    name = f"conv{part + 2}_block{number}"
    stride = 2 if part < 3 and is_last else 1
    first = _normalized(x, name, "preact_bn")
    if number == 1:
        shortcut = layers.Conv2D(4 * filters, 1, name=f"{name}_0_conv")(first)
    else:
        shortcut = layers.MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(first)
    x = _normalized(x, f"{name}_1")
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(x)
    x = _normalized(x, f"{name}_2")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


ResNet50, ResNet101, ResNet152 = (_network(depth, False) for depth in _DEPTHS)
ResNet50V2, ResNet101V2, ResNet152V2 = (_network(depth, True) for depth in _DEPTHS)
