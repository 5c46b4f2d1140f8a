"""Layers: `keras.layers`."""

from edgekit.keras.layout import forward
from edgekit.train import layers as _held

__all__, __getattr__, __dir__ = forward(
    "layers",
    _held,
    {
        "deserialize": "edgekit.keras.utils.objects:deserialize_layer",
        "experimental": "edgekit.keras.layers.experimental",
        "serialize": "edgekit.keras.utils.objects:serialize_keras_object",
    },
)
