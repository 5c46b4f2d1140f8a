"""The small networks that training is measured on, as lists of layers, and as edgekit's models."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from edgekit import train
from edgekit.train.ops.losses import softmax_cross_entropy
from edgekit.train.ops.math import mean
from edgekit.train.optimizers import Adam
from edgekit.train.tape import GradientTape

Layer = tuple[Any, ...]


def conv(channels: int, kernel: tuple[int, int], strides: int = 1, padding: str = "same") -> Layer:
    return ("conv", channels, kernel, strides, padding)


def convolution_block(channels: int, strides: int = 1) -> list[Layer]:
    return [conv(channels, (3, 3), strides), ("norm",), ("relu",)]


def separable(channels: int, strides: int = 1) -> list[Layer]:
    return [
        ("depthwise", strides),
        ("norm",),
        ("relu",),
        conv(channels, (1, 1)),
        ("norm",),
        ("relu",),
    ]


def residual(channels: int, strides: int = 1) -> list[Layer]:
    main = [*convolution_block(channels, strides), conv(channels, (3, 3)), ("norm",)]
    short = [] if strides == 1 else [conv(channels, (1, 1), strides)]
    return [("residual", main, short), ("relu",)]


NETWORKS: dict[str, tuple[tuple[int, ...], list[Layer]]] = {
    "mlp": ((784,), [("dense", 128), ("relu",), ("dense", 10)]),
    "lenet": (
        (28, 28, 1),
        [
            conv(6, (5, 5)),
            ("relu",),
            ("pool",),
            conv(16, (5, 5), padding="valid"),
            ("relu",),
            ("pool",),
            ("flatten",),
            ("dense", 120),
            ("relu",),
            ("dense", 84),
            ("relu",),
            ("dense", 10),
        ],
    ),
    "dscnn": (
        (49, 10, 1),
        [
            conv(64, (10, 4), 2),
            ("norm",),
            ("relu",),
            *[layer for _ in range(4) for layer in separable(64)],
            ("average",),
            ("dense", 12),
        ],
    ),
    "resnet8": (
        (32, 32, 3),
        [
            *convolution_block(16),
            *residual(16),
            *residual(32, 2),
            *residual(64, 2),
            ("average",),
            ("dense", 10),
        ],
    ),
    "mobilenet": (
        (96, 96, 3),
        [
            *convolution_block(8, 2),
            *separable(16),
            *separable(32, 2),
            *separable(32),
            *separable(64, 2),
            *separable(64),
            *separable(128, 2),
            *[layer for _ in range(5) for layer in separable(128)],
            *separable(256, 2),
            *separable(256),
            ("average",),
            ("dense", 2),
        ],
    ),
}


def network_of(api: Any, shape: tuple[int, ...], specification: list[Layer]) -> Any:
    """The layers as a functional model of an API, Keras' or ours."""
    layers = api.layers
    make: dict[str, Callable[..., Any]] = {
        "conv": lambda channels, kernel, strides, padding: layers.Conv2D(
            channels, kernel, strides, padding
        ),
        "depthwise": lambda strides: layers.DepthwiseConv2D(3, strides, "same"),
        "norm": layers.BatchNormalization,
        "dense": layers.Dense,
        "relu": layers.ReLU,
        "pool": layers.MaxPooling2D,
        "flatten": layers.Flatten,
        "average": layers.GlobalAveragePooling2D,
    }

    def extend(x: Any, layer: Layer) -> Any:
        kind, *arguments = layer
        if kind == "residual":
            return layers.Add()([reduce(extend, branch, x) for branch in arguments])
        return make[kind](*arguments)(x)

    image = layers.Input(shape)
    return api.Model(image, reduce(extend, specification, image))


def our_network(shape: tuple[int, ...], specification: list[Layer]) -> Any:
    """The layers as a functional model of ours."""
    return network_of(train, shape, specification)


def our_step(
    shape: tuple[int, ...], specification: list[Layer], x: np.ndarray, y: np.ndarray
) -> Any:
    """A function that does one step of ours, in the loop that Keras' guides call custom."""
    network = our_network(shape, specification)
    optimizer = Adam()
    variables = network.trainable_variables

    def step() -> None:
        with GradientTape() as tape:
            loss = mean(softmax_cross_entropy(network(x, training=True), y))
        optimizer.apply(tape.gradient(loss, variables), variables)

    return step
