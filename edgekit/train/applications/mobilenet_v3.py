"""MobileNetV3: inverted residuals with gates and hard-swish. Source: Howard et al. 2019."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgekit.train import layers
from edgekit.train.applications.network import border, eights, load_weights, picture_input, pooled
from edgekit.train.applications.network import decode_predictions as decode_predictions
from edgekit.train.applications.network import same_input as preprocess_input
from edgekit.train.models import Model

__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]

# expansion, filters, window, stride, gate, hard-swish (else relu) of the blocks
_Blocks = Sequence[tuple[float, int, int, int, bool, bool]]
_SMALL: _Blocks = (
    (1, 16, 3, 2, True, False), (72 / 16, 24, 3, 2, False, False),
    (88 / 24, 24, 3, 1, False, False), (4, 40, 5, 2, True, True), (6, 40, 5, 1, True, True),
    (6, 40, 5, 1, True, True), (3, 48, 5, 1, True, True), (3, 48, 5, 1, True, True),
    (6, 96, 5, 2, True, True), (6, 96, 5, 1, True, True), (6, 96, 5, 1, True, True),
)  # fmt: skip
_LARGE: _Blocks = (
    (1, 16, 3, 1, False, False), (4, 24, 3, 2, False, False), (3, 24, 3, 1, False, False),
    (3, 40, 5, 2, True, False), (3, 40, 5, 1, True, False), (3, 40, 5, 1, True, False),
    (6, 80, 3, 2, False, True), (2.5, 80, 3, 1, False, True), (2.3, 80, 3, 1, False, True),
    (2.3, 80, 3, 1, False, True), (6, 112, 3, 1, True, True), (6, 112, 3, 1, True, True),
    (6, 160, 5, 2, True, True), (6, 160, 5, 1, True, True), (6, 160, 5, 1, True, True),
)  # fmt: skip
_NORM: dict[str, Any] = {"epsilon": 1e-3, "momentum": 0.999}


def _network(default_name: str, blocks: _Blocks, last: int) -> Any:
    """The function of one size; `last` is how many features stand before the classes."""

    def make(
        input_shape: Any = None,
        alpha: float = 1.0,
        minimalistic: bool = False,
        include_top: bool = True,
        weights: Any = None,
        input_tensor: Any = None,
        classes: int = 1000,
        pooling: str | None = None,
        dropout_rate: float = 0.2,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str | None = default_name,
    ) -> Model:
        source = picture_input(input_shape or (None, None, 3), input_tensor, include_top, 224)
        x = layers.Rescaling(1 / 127.5, -1.0)(source) if include_preprocessing else source
        x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
        x = _activated(layers.BatchNormalization(name="conv_bn", **_NORM)(x), not minimalistic)
        for number, block in enumerate(_plain(blocks) if minimalistic else blocks):
            expansion, filters, window, stride, gate, hard = block
            x = _block(x, expansion, eights(filters * alpha), window, stride, gate, hard, number)
        x = _pointwise(x, eights(x.shape[-1] * 6), "conv_1", "conv_1_bn")
        x = _activated(x, not minimalistic)
        if include_top:
            wide = eights(last * alpha) if alpha > 1.0 else last
            x = _top(x, wide, classes, dropout_rate, classifier_activation, not minimalistic)
        else:
            x = pooled(x, pooling, named=True)
        return load_weights(Model(source, x, name=name), weights, alpha)

    make.__name__ = make.__qualname__ = default_name
    make.__doc__ = f"""A new {default_name}; every layer has `alpha` times the filters of the paper.

    minimalistic: without gates, hard-swish and windows of 5. include_preprocessing: pixels are
    0..255, else -1..1. weights: None, or a file with weights. Without the top the output is that
    of `pooling`.
    """
    return make


def _plain(blocks: _Blocks) -> _Blocks:
    """Without windows of 5, gates and hard-swish."""
    return [
        (expansion, filters, 3, stride, False, False)
        for expansion, filters, _, stride, *_ in blocks
    ]


def _activated(x: Any, hard: bool) -> Any:
    return layers.Activation("hard_swish")(x) if hard else layers.ReLU()(x)


def _pointwise(x: Any, filters: int, name: str, norm: str) -> Any:
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=name)(x)
    return layers.BatchNormalization(name=norm, **_NORM)(x)


def _gated(x: Any, prefix: str) -> Any:
    """Each channel times a share that the means of all channels decide."""
    channels = x.shape[-1]
    gate = layers.GlobalAveragePooling2D(keepdims=True, name=f"{prefix}avg_pool")(x)
    gate = layers.Conv2D(eights(channels * 0.25), 1, padding="same", name=f"{prefix}conv")(gate)
    gate = layers.ReLU(name=f"{prefix}relu")(gate)
    gate = layers.Conv2D(channels, 1, padding="same", name=f"{prefix}conv_1")(gate)
    gate = layers.ReLU(6.0)(gate + 3.0) * (1.0 / 6.0)
    return layers.Multiply(name=f"{prefix}mul")([x, gate])


def _block(
    x: Any,
    expansion: float,
    filters: int,
    window: int,
    stride: int,
    gate: bool,
    hard: bool,
    number: int,
) -> Any:
    inputs, channels = x, x.shape[-1]
    prefix = f"expanded_conv_{number}_" if number else "expanded_conv_"
    if number:
        x = _pointwise(x, eights(channels * expansion), f"{prefix}expand", f"{prefix}expand_bn")
        x = _activated(x, hard)
    if stride == 2:
        x = layers.ZeroPadding2D(border(x, window), name=f"{prefix}depthwise_pad")(x)
    x = layers.DepthwiseConv2D(
        window,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        use_bias=False,
        name=f"{prefix}depthwise",
    )(x)
    x = layers.BatchNormalization(name=f"{prefix}depthwise_bn", **_NORM)(x)
    x = _activated(x, hard)
    if gate:
        x = _gated(x, f"{prefix}squeeze_excite_")
    x = _pointwise(x, filters, f"{prefix}project", f"{prefix}project_bn")
    if stride == 1 and channels == filters:
        return layers.Add(name=f"{prefix}add")([inputs, x])
    return x


def _top(x: Any, wide: int, classes: int, rate: float, activation: Any, hard: bool) -> Any:
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(wide, 1, padding="same", name="conv_2")(x)
    x = _activated(x, hard)
    if rate > 0:
        x = layers.Dropout(rate)(x)
    x = layers.Conv2D(classes, 1, padding="same", name="logits")(x)
    x = layers.Flatten()(x)
    return layers.Activation(activation, name="predictions")(x)


MobileNetV3Small = _network("MobileNetV3Small", _SMALL, 1024)
MobileNetV3Large = _network("MobileNetV3Large", _LARGE, 1280)
