"""InceptionV3: windows of several sizes side by side. Source: Szegedy et al. 2015."""

from __future__ import annotations

from typing import Any

from edgekit.train import layers
from edgekit.train.applications.network import decode_predictions as decode_predictions
from edgekit.train.applications.network import load_weights, picture_input, pooled
from edgekit.train.applications.network import preprocess_input as preprocess_input
from edgekit.train.models import Model

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

# a step of a branch: (filters, rows, columns), with stride 2 as a fourth number; a pooling; or a
# tuple of steps that stand side by side
_Step = Any


def _squares(features: int) -> list[list[_Step]]:
    return [
        [(64, 1, 1)],
        [(48, 1, 1), (64, 5, 5)],
        [(64, 1, 1), (96, 3, 3), (96, 3, 3)],
        ["average", (features, 1, 1)],
    ]


def _lines(n: int) -> list[list[_Step]]:
    return [
        [(192, 1, 1)],
        [(n, 1, 1), (n, 1, 7), (192, 7, 1)],
        [(n, 1, 1), (n, 7, 1), (n, 1, 7), (n, 7, 1), (192, 1, 7)],
        ["average", (192, 1, 1)],
    ]


_CROSS = ((384, 1, 3), (384, 3, 1))
_WIDE: list[list[_Step]] = [
    [(320, 1, 1)],
    [(384, 1, 1), _CROSS],
    [(448, 1, 1), (384, 3, 3), _CROSS],
    ["average", (192, 1, 1)],
]
# the branches of mixed0, mixed1 ...
_MIXED: list[list[list[_Step]]] = [
    _squares(32), _squares(64), _squares(64),
    [[(384, 3, 3, 2)], [(64, 1, 1), (96, 3, 3), (96, 3, 3, 2)], ["max"]],
    _lines(128), _lines(160), _lines(160), _lines(192),
    [[(192, 1, 1), (320, 3, 3, 2)], [(192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3, 2)],
     ["max"]],
    _WIDE, _WIDE,
]  # fmt: skip


def InceptionV3(  # noqa: N802 - Keras' name
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "inception_v3",
) -> Model:
    """A new InceptionV3. Without the top the output is that of `pooling`.

    weights: None, or a file with weights.
    """
    source = x = picture_input(input_shape, input_tensor, include_top, 299, 75)
    x = _convolved(_convolved(x, 32, 3, 3, 2), 32, 3, 3, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(_convolved(x, 64, 3, 3))
    x = _convolved(_convolved(x, 80, 1, 1, padding="valid"), 192, 3, 3, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    for number, branches in enumerate(_MIXED):
        ends = []
        for place, branch in enumerate(branches):
            # of the last two the first crossing has a name
            cross = f"mixed9_{number - 9}" if number > 8 and place == 1 else None
            end = x
            for step in branch:
                end = _taken(end, step, cross)
            ends.append(end)
        x = layers.Concatenate(name=f"mixed{number}")(ends)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return load_weights(Model(source, x, name=name), weights)


def _taken(x: Any, step: _Step, cross: str | None) -> Any:
    if step == "average":
        return layers.AveragePooling2D(3, strides=1, padding="same")(x)
    if step == "max":
        return layers.MaxPooling2D(3, strides=2)(x)
    if isinstance(step[0], tuple):
        return layers.Concatenate(name=cross)([_convolved(x, *one) for one in step])
    return _convolved(x, *step)


def _convolved(
    x: Any, filters: int, rows: int, columns: int, stride: int = 1, padding: str = "same"
) -> Any:
    padding = "valid" if stride == 2 else padding
    x = layers.Conv2D(filters, (rows, columns), stride, padding, use_bias=False)(x)
    return layers.Activation("relu")(layers.BatchNormalization(scale=False)(x))
