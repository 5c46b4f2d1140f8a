"""The networks that test_applications.py compares with Keras, which applications_peer.py makes."""

from __future__ import annotations

from typing import Any

LARGER = {"input_shape": (75, 80, 3), "include_top": False, "pooling": "avg"}
SMALL = {"input_shape": (32, 48, 3), "classes": 3}
FEATURES = {"input_shape": (32, 48, 3), "include_top": False, "pooling": "avg"}

# (name, function of keras.applications, arguments)
NETWORKS: list[tuple[str, str, dict[str, Any]]] = [
    *(
        (name.lower(), name, SMALL)
        for name in (
            "MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "ResNet50",
            "ResNet50V2", "EfficientNetB0",
        )
    ),
    ("small_0.75", "MobileNetV3Small", {"alpha": 0.75, "minimalistic": True, **SMALL}),
    ("large_open", "MobileNetV3Large", {"include_top": False, "input_shape": (None, None, 3)}),
    ("v2_open", "MobileNetV2", {"include_top": False, "input_shape": (None, None, 3)}),
    ("resnet101", "ResNet101", FEATURES),
    ("resnet152v2", "ResNet152V2", FEATURES),
    ("b1", "EfficientNetB1", FEATURES),
    ("b3", "EfficientNetB3", FEATURES),
    ("vgg16", "VGG16", FEATURES),
    ("vgg19", "VGG19", FEATURES),
    ("vgg16_top", "VGG16", SMALL),
    ("densenet121", "DenseNet121", SMALL),
    ("densenet201", "DenseNet201", FEATURES),
    ("xception", "Xception", LARGER),
    ("v2_b0", "EfficientNetV2B0", SMALL),
    ("v2_b3", "EfficientNetV2B3", FEATURES),
    ("v2_s", "EfficientNetV2S", FEATURES),
    ("v2_m", "EfficientNetV2M", FEATURES),
    ("inception_v3", "InceptionV3", LARGER),
]  # fmt: skip
