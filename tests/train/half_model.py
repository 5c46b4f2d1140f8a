"""A small network under a policy of 16 bits, made by Keras or by edgekit.train."""

from __future__ import annotations

from typing import Any

POLICIES = ("mixed_bfloat16", "bfloat16", "mixed_float16")


def half_model(keras: Any, policy: str) -> Any:
    """Convolution, normalization, pooling, and two dense layers, the last one in float32."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((8, 8, 2)),
            layers.Conv2D(6, 3, padding="same", dtype=policy, name="conv"),
            layers.BatchNormalization(dtype=policy, name="norm"),
            layers.ReLU(dtype=policy, name="relu"),
            layers.DepthwiseConv2D(3, strides=2, dtype=policy, name="depthwise"),
            layers.AveragePooling2D(2, dtype=policy, name="pool"),
            layers.Flatten(dtype=policy, name="flatten"),
            layers.Dense(7, activation="tanh", dtype=policy, name="hidden"),
            layers.Dense(3, activation="softmax", dtype="float32", name="shares"),
        ]
    )
