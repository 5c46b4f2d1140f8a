"""MobileNetV2: inverted residuals with linear bottlenecks. Source: Sandler et al. 2018."""

from __future__ import annotations

from typing import Any

from edgekit.train import layers
from edgekit.train.applications.network import border, eights, load_weights, picture_input, pooled
from edgekit.train.applications.network import decode_predictions as decode_predictions
from edgekit.train.applications.network import preprocess_input as preprocess_input
from edgekit.train.models import Model

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

# expansion, filters, strides of the blocks
_BLOCKS = (
    (1, 16, 1), (6, 24, 2), (6, 24, 1), (6, 32, 2), (6, 32, 1), (6, 32, 1), (6, 64, 2), (6, 64, 1),
    (6, 64, 1), (6, 64, 1), (6, 96, 1), (6, 96, 1), (6, 96, 1), (6, 160, 2), (6, 160, 1),
    (6, 160, 1), (6, 320, 1),
)  # fmt: skip
_NORM: dict[str, Any] = {"epsilon": 1e-3, "momentum": 0.999}


def MobileNetV2(  # noqa: N802 - Keras' name
    input_shape: Any = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """A new MobileNetV2; layers have `alpha` times the filters of the paper, multiples of 8.

    weights: None, or a file with weights. Without the top the output is that of `pooling`.
    """
    source = picture_input(input_shape, input_tensor, include_top, 224)
    x = layers.Conv2D(
        eights(32 * alpha), 3, strides=(2, 2), padding="same", use_bias=False, name="Conv1"
    )(source)
    x = layers.BatchNormalization(name="bn_Conv1", **_NORM)(x)
    x = layers.ReLU(6.0, name="Conv1_relu")(x)
    for number, (expansion, filters, stride) in enumerate(_BLOCKS):
        x = _block(x, expansion, stride, eights(int(filters * alpha)), number)
    last = eights(1280 * alpha) if alpha > 1.0 else 1280
    x = layers.Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
    x = layers.BatchNormalization(name="Conv_1_bn", **_NORM)(x)
    x = layers.ReLU(6.0, name="out_relu")(x)
    if include_top:
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    model = Model(source, x, name=name or f"mobilenetv2_{alpha:.2f}_{source.shape[1]}")
    return load_weights(model, weights, alpha)


def _block(x: Any, expansion: int, stride: int, filters: int, number: int) -> Any:
    inputs, channels = x, x.shape[-1]
    prefix = f"block_{number}_" if number else "expanded_conv_"
    if number:
        x = layers.Conv2D(
            expansion * channels, 1, padding="same", use_bias=False, name=f"{prefix}expand"
        )(x)
        x = layers.BatchNormalization(name=f"{prefix}expand_BN", **_NORM)(x)
        x = layers.ReLU(6.0, name=f"{prefix}expand_relu")(x)
    if stride == 2:
        x = layers.ZeroPadding2D(border(x, 3), name=f"{prefix}pad")(x)
    x = layers.DepthwiseConv2D(
        3,
        strides=stride,
        use_bias=False,
        padding="same" if stride == 1 else "valid",
        name=f"{prefix}depthwise",
    )(x)
    x = layers.BatchNormalization(name=f"{prefix}depthwise_BN", **_NORM)(x)
    x = layers.ReLU(6.0, name=f"{prefix}depthwise_relu")(x)
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = layers.BatchNormalization(name=f"{prefix}project_BN", **_NORM)(x)
    if channels == filters and stride == 1:
        return layers.Add(name=f"{prefix}add")([inputs, x])
    return x
