"""`keras.applications.resnet_v2`."""

from edgekit.keras.layout import forward

_NETWORK = "edgekit.train.applications.network"

__all__, __getattr__, __dir__ = forward(
    "applications.resnet_v2",
    None,
    {
        "ResNet50V2": "edgekit.train.applications.resnet:ResNet50V2",
        "ResNet101V2": "edgekit.train.applications.resnet:ResNet101V2",
        "ResNet152V2": "edgekit.train.applications.resnet:ResNet152V2",
        "decode_predictions": f"{_NETWORK}:decode_predictions",
        "preprocess_input": f"{_NETWORK}:preprocess_input",
    },
)
