"""EfficientNet: gated inverted residuals, wider and deeper by one rule. Source: Tan and Le 2019."""

from __future__ import annotations

import math
from typing import Any

from edgekit.train import layers
from edgekit.train.applications.network import border, eights, load_weights, picture_input, pooled
from edgekit.train.applications.network import decode_predictions as decode_predictions
from edgekit.train.applications.network import same_input as preprocess_input
from edgekit.train.models import Model

__all__ = [
    *(f"EfficientNetB{number}" for number in range(8)),
    "decode_predictions",
    "preprocess_input",
]

# window, repeats, filters out, expansion, stride of the stacks of B0; the first has 32 filters in
_STACKS = (
    (3, 1, 16, 1, 1), (3, 2, 24, 6, 2), (5, 2, 40, 6, 2), (3, 3, 80, 6, 2), (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2), (3, 1, 320, 6, 1),
)  # fmt: skip
# width, depth, size of pictures, dropout of B0 to B7
_SIZES = (
    (1.0, 1.0, 224, 0.2), (1.0, 1.1, 240, 0.2), (1.1, 1.2, 260, 0.3), (1.2, 1.4, 300, 0.3),
    (1.4, 1.8, 380, 0.4), (1.6, 2.2, 456, 0.4), (1.8, 2.6, 528, 0.5), (2.0, 3.1, 600, 0.5),
)  # fmt: skip
_DROPPED = 0.2  # the rate at which whole blocks drop out at the end of the network


def _scaled(mode: str, scale: float, distribution: str) -> dict[str, Any]:
    config = {"scale": scale, "mode": mode, "distribution": distribution}
    return {"class_name": "VarianceScaling", "config": config}


KERNEL = _scaled("fan_out", 2.0, "truncated_normal")
_CLASSES = _scaled("fan_out", 1 / 3, "uniform")


def _network(number: int) -> Any:
    width, depth, size, dropout = _SIZES[number]

    def make(
        include_top: bool = True,
        weights: Any = None,
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = f"efficientnetb{number}",
    ) -> Model:
        source = picture_input(input_shape, input_tensor, include_top, size)
        x = layers.Normalization(axis=3)(layers.Rescaling(1.0 / 255.0)(source))
        x = layers.ZeroPadding2D(border(x, 3), name="stem_conv_pad")(x)
        x = _convolved(x, eights(32 * width), 3, "stem_conv", "stem_bn", 2)
        x = layers.Activation("swish", name="stem_activation")(x)
        x = _body(x, width, depth)
        x = _convolved(x, eights(1280 * width), 1, "top_conv", "top_bn")
        x = layers.Activation("swish", name="top_activation")(x)
        if include_top:
            x = classified(x, classes, classifier_activation, dropout)
        else:
            x = pooled(x, pooling, named=True)
        return load_weights(Model(source, x, name=name), weights)

    make.__name__ = make.__qualname__ = f"EfficientNetB{number}"
    make.__doc__ = f"""A new {make.__name__}; its pictures have pixels 0..255.

    weights: None, or a file with weights. Without the top the output is that of `pooling`.
    """
    return make


def classified(x: Any, classes: int, activation: Any, dropout: float) -> Any:
    """The top: the classes from the means of the features."""
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(dropout, name="top_dropout")(x)
    return layers.Dense(
        classes, activation=activation, kernel_initializer=_CLASSES, name="predictions"
    )(x)


def _body(x: Any, width: float, depth: float) -> Any:
    repeats = [math.ceil(depth * count) for _, count, *_ in _STACKS]
    before, total = 0, sum(repeats)
    for stack, (count, block) in enumerate(zip(repeats, _STACKS, strict=True), 1):
        window, _, filters, expansion, stride = block
        for number in range(count):
            x = _block(
                x,
                window,
                eights(filters * width),
                expansion,
                1 if number else stride,
                _DROPPED * before / total,
                f"block{stack}{chr(ord('a') + number)}_",
            )
            before += 1
    return x


def _convolved(x: Any, filters: int, window: int, name: str, norm: str, stride: int = 1) -> Any:
    x = layers.Conv2D(
        filters,
        window,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        use_bias=False,
        kernel_initializer=KERNEL,
        name=name,
    )(x)
    return layers.BatchNormalization(name=norm)(x)


def gated(x: Any, squeezed: int, name: str) -> Any:
    """Each channel times a share that the means of all channels decide."""
    channels = x.shape[-1]
    gate = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    gate = layers.Reshape((1, 1, channels), name=f"{name}se_reshape")(gate)
    for part, filters, activation in (
        ("reduce", squeezed, "swish"),
        ("expand", channels, "sigmoid"),
    ):
        gate = layers.Conv2D(
            filters,
            1,
            padding="same",
            activation=activation,
            kernel_initializer=KERNEL,
            name=f"{name}se_{part}",
        )(gate)
    return layers.Multiply(name=f"{name}se_excite")([x, gate])


def _block(
    x: Any, window: int, filters: int, expansion: int, stride: int, rate: float, name: str
) -> Any:
    inputs, channels = x, x.shape[-1]
    if expansion != 1:
        x = _convolved(x, channels * expansion, 1, f"{name}expand_conv", f"{name}expand_bn")
        x = layers.Activation("swish", name=f"{name}expand_activation")(x)
    if stride == 2:
        x = layers.ZeroPadding2D(border(x, window), name=f"{name}dwconv_pad")(x)
    x = layers.DepthwiseConv2D(
        window,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        use_bias=False,
        depthwise_initializer=KERNEL,
        name=f"{name}dwconv",
    )(x)
    x = layers.BatchNormalization(name=f"{name}bn")(x)
    x = layers.Activation("swish", name=f"{name}activation")(x)
    x = gated(x, max(1, int(channels * 0.25)), name)
    x = _convolved(x, filters, 1, f"{name}project_conv", f"{name}project_bn")
    if stride != 1 or channels != filters:
        return x
    if rate > 0:
        x = layers.Dropout(rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.Add(name=f"{name}add")([x, inputs])


(
    EfficientNetB0, EfficientNetB1, EfficientNetB2, EfficientNetB3, EfficientNetB4, EfficientNetB5,
    EfficientNetB6, EfficientNetB7,
) = (_network(number) for number in range(8))  # fmt: skip
