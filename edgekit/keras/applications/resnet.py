"""`keras.applications.resnet`."""

from edgekit.keras.layout import forward

_NETWORK = "edgekit.train.applications.network"

__all__, __getattr__, __dir__ = forward(
    "applications.resnet",
    None,
    {
        "ResNet50": "edgekit.train.applications.resnet:ResNet50",
        "ResNet101": "edgekit.train.applications.resnet:ResNet101",
        "ResNet152": "edgekit.train.applications.resnet:ResNet152",
        "decode_predictions": f"{_NETWORK}:decode_predictions",
        "preprocess_input": f"{_NETWORK}:centered_input",
    },
)
