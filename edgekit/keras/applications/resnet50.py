"""`keras.applications.resnet50`."""

from edgekit.keras.layout import forward

_NETWORK = "edgekit.train.applications.network"

__all__, __getattr__, __dir__ = forward(
    "applications.resnet50",
    None,
    {
        "ResNet50": "edgekit.train.applications.resnet:ResNet50",
        "decode_predictions": f"{_NETWORK}:decode_predictions",
        "preprocess_input": f"{_NETWORK}:centered_input",
    },
)
