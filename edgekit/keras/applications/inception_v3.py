"""`keras.applications.inception_v3`."""

from edgekit.keras.layout import forward

_NETWORK = "edgekit.train.applications.network"

__all__, __getattr__, __dir__ = forward(
    "applications.inception_v3",
    None,
    {
        "InceptionV3": "edgekit.train.applications.inception_v3:InceptionV3",
        "decode_predictions": f"{_NETWORK}:decode_predictions",
        "preprocess_input": f"{_NETWORK}:preprocess_input",
    },
)
