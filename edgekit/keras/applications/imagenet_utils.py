"""`keras.applications.imagenet_utils`."""

from edgekit.keras.layout import forward

_NETWORK = "edgekit.train.applications.network"

__all__, __getattr__, __dir__ = forward(
    "applications.imagenet_utils",
    None,
    {
        "decode_predictions": f"{_NETWORK}:decode_predictions",
        "preprocess_input": f"{_NETWORK}:prepared",
    },
)
