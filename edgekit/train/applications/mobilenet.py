"""MobileNet: depthwise convolutions and 1x1 ones in turn. Source: Howard et al. 2017."""

from __future__ import annotations

from typing import Any

from edgekit.errors import UnsupportedOperator
from edgekit.train import layers
from edgekit.train.applications.network import decode_predictions as decode_predictions
from edgekit.train.applications.network import load_weights, picture_input, pooled
from edgekit.train.applications.network import preprocess_input as preprocess_input
from edgekit.train.models import Model

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

# filters and strides of the blocks 1 to 13
_BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
    (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip


def MobileNet(  # noqa: N802 - Keras' name
    input_shape: Any = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 1e-3,
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """A new MobileNet; every layer has `alpha` times the filters of the paper.

    weights: None, or a file with weights. Without the top the output is that of `pooling`.
    """
    source = picture_input(input_shape, input_tensor, include_top, 224)
    x = _first(source, int(32 * alpha))
    for number, (filters, stride) in enumerate(_BLOCKS, 1):
        x = _block(x, int(filters * alpha), depth_multiplier, stride, number)
    if include_top:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Conv2D(classes, (1, 1), padding="same", name="conv_preds")(x)
        x = layers.Reshape((classes,), name="reshape_2")(x)
        x = layers.Activation(classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    if depth_multiplier < 1:
        raise UnsupportedOperator(f"depth_multiplier must be at least 1: {depth_multiplier}")
    rows = source.shape[1]
    model = Model(source, x, name=name or f"mobilenet_{alpha:.2f}_{rows}")
    return load_weights(model, weights, alpha)


def _first(x: Any, filters: int) -> Any:
    x = layers.Conv2D(
        filters, (3, 3), padding="same", use_bias=False, strides=(2, 2), name="conv1"
    )(x)
    x = layers.BatchNormalization(name="conv1_bn")(x)
    return layers.ReLU(6.0, name="conv1_relu")(x)


def _block(x: Any, filters: int, multiplier: int, stride: int, number: int) -> Any:
    padding = "same"
    if stride != 1:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{number}")(x)
        padding = "valid"
    x = layers.DepthwiseConv2D(
        (3, 3),
        padding=padding,
        depth_multiplier=multiplier,
        strides=(stride, stride),
        use_bias=False,
        name=f"conv_dw_{number}",
    )(x)
    x = layers.BatchNormalization(name=f"conv_dw_{number}_bn")(x)
    x = layers.ReLU(6.0, name=f"conv_dw_{number}_relu")(x)
    x = layers.Conv2D(filters, (1, 1), padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
    x = layers.BatchNormalization(name=f"conv_pw_{number}_bn")(x)
    return layers.ReLU(6.0, name=f"conv_pw_{number}_relu")(x)
