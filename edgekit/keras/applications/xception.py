"""`keras.applications.xception`."""

from edgekit.keras.layout import forward

_NETWORK = "edgekit.train.applications.network"

__all__, __getattr__, __dir__ = forward(
    "applications.xception",
    None,
    {
        "Xception": "edgekit.train.applications.xception:Xception",
        "decode_predictions": f"{_NETWORK}:decode_predictions",
        "preprocess_input": f"{_NETWORK}:preprocess_input",
    },
)
