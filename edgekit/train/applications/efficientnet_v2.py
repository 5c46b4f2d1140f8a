"""EfficientNetV2: plain convolutions first, gated inverted residuals later. Tan and Le 2021."""

from __future__ import annotations

import math
from typing import Any

from edgekit.train import layers
from edgekit.train.applications.efficientnet import KERNEL, classified, gated
from edgekit.train.applications.network import decode_predictions as decode_predictions
from edgekit.train.applications.network import load_weights, nearest_eight, picture_input, pooled
from edgekit.train.applications.network import same_input as preprocess_input
from edgekit.train.models import Model

__all__ = [
    *(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "L", "M", "S")),
    "decode_predictions",
    "preprocess_input",
]

# repeats, filters, expansion, stride of the stacks: the first three of plain convolutions
_Stacks = tuple[tuple[int, int, int, int], ...]
_BASE: _Stacks = (
    (1, 16, 1, 1), (2, 32, 4, 2), (2, 48, 4, 2), (3, 96, 4, 2), (5, 112, 6, 1), (8, 192, 6, 2),
)  # fmt: skip
_SMALL: _Stacks = (
    (2, 24, 1, 1), (4, 48, 4, 2), (4, 64, 4, 2), (6, 128, 4, 2), (9, 160, 6, 1), (15, 256, 6, 2),
)  # fmt: skip
_MEDIUM: _Stacks = (
    (3, 24, 1, 1), (5, 48, 4, 2), (5, 80, 4, 2), (7, 160, 4, 2), (14, 176, 6, 1), (18, 304, 6, 2),
    (5, 512, 6, 1),
)  # fmt: skip
_LARGE: _Stacks = (
    (4, 32, 1, 1), (7, 64, 4, 2), (7, 96, 4, 2), (10, 192, 4, 2), (19, 224, 6, 1), (25, 384, 6, 2),
    (7, 640, 6, 1),
)  # fmt: skip
# width, depth, size of pictures, filters of the first convolution, stacks
_SIZES: dict[str, tuple[float, float, int, int, _Stacks]] = {
    "B0": (1.0, 1.0, 224, 32, _BASE),
    "B1": (1.0, 1.1, 240, 32, _BASE),
    "B2": (1.1, 1.2, 260, 32, _BASE),
    "B3": (1.2, 1.4, 300, 32, _BASE),
    "S": (1.0, 1.0, 384, 24, _SMALL),
    "M": (1.0, 1.0, 480, 24, _MEDIUM),
    "L": (1.0, 1.0, 480, 32, _LARGE),
}
_DROPPED = 0.2  # the rate at which whole blocks drop out at the end of the network
_MEAN, _VARIANCE = [0.485, 0.456, 0.406], [0.229**2, 0.224**2, 0.225**2]


def _network(kind: str) -> Any:
    width, depth, size, first, stacks = _SIZES[kind]

    def make(
        include_top: bool = True,
        weights: Any = None,
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str | None = f"efficientnetv2-{kind.lower()}",
    ) -> Model:
        source = picture_input(input_shape, input_tensor, include_top, size)
        x = _prepared(source, kind) if include_preprocessing else source
        x = _convolved(x, nearest_eight(first * width), 3, "stem_", "stem_conv", 2)
        x = _body(x, width, depth, stacks)
        x = _convolved(x, nearest_eight(1280 * width), 1, "top_", "top_conv")
        if include_top:
            x = classified(x, classes, classifier_activation, 0.2)
        else:
            x = pooled(x, pooling, named=True)
        return load_weights(Model(source, x, name=name), weights)

    make.__name__ = make.__qualname__ = f"EfficientNetV2{kind}"
    make.__doc__ = f"""A new {make.__name__}.

    include_preprocessing: its pictures have pixels 0..255, else -1..1. weights: None, or a file
    with weights. Without the top the output is that of `pooling`.
    """
    return make


def _prepared(x: Any, kind: str) -> Any:
    if kind.startswith("B") and x.shape[-1] == 3:
        x = layers.Rescaling(1.0 / 255)(x)
        return layers.Normalization(mean=_MEAN, variance=_VARIANCE, axis=3)(x)
    return layers.Rescaling(1.0 / 128.0, -1)(x)


def _body(x: Any, width: float, depth: float, stacks: _Stacks) -> Any:
    before, total = 0, sum(count for count, *_ in stacks)
    for stack, (count, filters, expansion, stride) in enumerate(stacks, 1):
        for number in range(math.ceil(depth * count)):
            x = _block(
                x,
                nearest_eight(filters * width),
                expansion,
                1 if number else stride,
                stack > 3,
                _DROPPED * before / total,
                f"block{stack}{chr(ord('a') + number)}_",
            )
            before += 1
    return x


def _normalized(x: Any, prefix: str, activated: bool = True) -> Any:
    x = layers.BatchNormalization(momentum=0.9, name=f"{prefix}bn")(x)
    return layers.Activation("swish", name=f"{prefix}activation")(x) if activated else x


def _convolved(
    x: Any,
    filters: int,
    window: int,
    prefix: str,
    name: str,
    stride: int = 1,
    activated: bool = True,
) -> Any:
    x = layers.Conv2D(
        filters,
        window,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer=KERNEL,
        name=name,
    )(x)
    return _normalized(x, prefix, activated)


def _block(
    x: Any, filters: int, expansion: int, stride: int, deep: bool, rate: float, name: str
) -> Any:
    """deep: depthwise convolutions with a gate, else plain ones."""
    inputs, channels = x, x.shape[-1]
    plain = 1 if deep else 3
    if expansion != 1:
        down = 1 if deep else stride
        x = _convolved(x, channels * expansion, plain, f"{name}expand_", f"{name}expand_conv", down)
    if deep:
        x = layers.DepthwiseConv2D(
            3,
            strides=stride,
            padding="same",
            use_bias=False,
            depthwise_initializer=KERNEL,
            name=f"{name}dwconv2",
        )(x)
        x = gated(_normalized(x, name), max(1, int(channels * 0.25)), name)
    last = (3, stride, True) if expansion == 1 and not deep else (1, 1, False)
    x = _convolved(x, filters, last[0], f"{name}project_", f"{name}project_conv", last[1], last[2])
    if stride != 1 or channels != filters:
        return x
    if rate > 0:
        x = layers.Dropout(rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.Add(name=f"{name}add")([x, inputs])


(
    EfficientNetV2B0, EfficientNetV2B1, EfficientNetV2B2, EfficientNetV2B3, EfficientNetV2S,
    EfficientNetV2M, EfficientNetV2L,
) = (_network(kind) for kind in _SIZES)  # fmt: skip
