"""Model files and names for one's own classes: `keras.saving`."""

from edgekit.keras.layout import forward
from edgekit.train import saving as _held

_NAMES = "edgekit.train.custom_objects"

__all__, __getattr__, __dir__ = forward(
    "saving",
    _held,
    {
        **{
            name: f"{_NAMES}:{name}"
            for name in (
                "CustomObjectScope", "custom_object_scope", "get_custom_objects",
                "get_registered_name", "get_registered_object", "register_keras_serializable",
            )
        },
        "deserialize_keras_object": "edgekit.keras.utils.objects:deserialize_keras_object",
        "serialize_keras_object": "edgekit.keras.utils.objects:serialize_keras_object",
    },
)  # fmt: skip
