"""`keras.applications.vgg19`."""

from edgekit.keras.layout import forward

_NETWORK = "edgekit.train.applications.network"

__all__, __getattr__, __dir__ = forward(
    "applications.vgg19",
    None,
    {
        "VGG19": "edgekit.train.applications.vgg:VGG19",
        "decode_predictions": f"{_NETWORK}:decode_predictions",
        "preprocess_input": f"{_NETWORK}:centered_input",
    },
)
