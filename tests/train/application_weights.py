"""The networks of keras.applications that are compared, and weights that both sides draw."""

from __future__ import annotations

from typing import Any

import numpy as np

NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "mobilenet": ("MobileNet", {"alpha": 0.25, "input_shape": (64, 64, 3), "classes": 7}),
    "mobilenet_features": (
        "MobileNet",
        {"alpha": 0.25, "input_shape": (33, 48, 3), "include_top": False, "pooling": "avg"},
    ),
    "mobilenet_v2": ("MobileNetV2", {"alpha": 0.35, "input_shape": (64, 64, 3), "classes": 5}),
    "mobilenet_v3_small": (
        "MobileNetV3Small",
        {"input_shape": (64, 64, 3), "classes": 5},
    ),
    "mobilenet_v3_wide": (
        "MobileNetV3Large",
        {"alpha": 1.25, "input_shape": (32, 40, 3), "classes": 5, "classifier_activation": None},
    ),
    "mobilenet_v3_plain": (
        "MobileNetV3Large",
        {
            "minimalistic": True,
            "input_shape": (33, 40, 3),
            "include_top": False,
            "pooling": "avg",
            "include_preprocessing": False,
        },
    ),
    "resnet50": (
        "ResNet50",
        {"input_shape": (64, 48, 3), "classes": 5, "classifier_activation": None},
    ),
    "resnet50_v2": (
        "ResNet50V2",
        {"input_shape": (48, 40, 3), "include_top": False, "pooling": "max"},
    ),
    "efficientnet_b0": ("EfficientNetB0", {"input_shape": (64, 64, 3), "classes": 5}),
    "efficientnet_b2": (
        "EfficientNetB2",
        {"input_shape": (33, 40, 3), "include_top": False, "pooling": "avg"},
    ),
    "densenet121": (
        "DenseNet121",
        {"input_shape": (33, 40, 3), "include_top": False, "pooling": "max"},
    ),
    "xception": (
        "Xception",
        {"input_shape": (71, 72, 3), "classes": 5, "classifier_activation": None},
    ),
    "inception_v3": (
        "InceptionV3",
        {"input_shape": (75, 75, 3), "include_top": False, "pooling": "avg"},
    ),
    "efficientnet_v2_b2": (
        "EfficientNetV2B2",
        {"input_shape": (40, 33, 3), "include_top": False, "pooling": "avg"},
    ),
    "vgg16": ("VGG16", {"input_shape": (33, 32, 3), "include_top": False, "pooling": "max"}),
    "mobilenet_v2_features": (
        "MobileNetV2",
        {"alpha": 0.35, "input_shape": (33, 40, 3), "include_top": False, "pooling": "max"},
    ),
}


def picture(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(7).uniform(-1, 1, (2, *shape)).astype(np.float32)


def set_weights(model: Any) -> None:
    """Weights that keep the size of the activations; variances are positive."""
    rng = np.random.default_rng(3)
    made = []
    for w in model.weights:
        shape = tuple(w.shape)
        if "variance" in w.name or "gamma" in w.name:
            made.append(rng.uniform(0.8, 1.2, shape))
        elif len(shape) < 2:
            made.append(rng.normal(0, 0.1, shape))
        else:
            rows = np.prod(shape[:2] if shape[-1] == 1 else shape[:-1])  # a depthwise kernel
            made.append(rng.normal(0, np.sqrt(2 / rows), shape))
    model.set_weights([w.astype(np.float32) for w in made])
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):  # Keras' Normalization keeps what it was built with
            layer.finalize_state()
