"""`keras.applications.densenet`."""

from edgekit.keras.layout import forward

_NETWORK = "edgekit.train.applications.network"

__all__, __getattr__, __dir__ = forward(
    "applications.densenet",
    None,
    {
        "DenseNet121": "edgekit.train.applications.densenet:DenseNet121",
        "DenseNet169": "edgekit.train.applications.densenet:DenseNet169",
        "DenseNet201": "edgekit.train.applications.densenet:DenseNet201",
        "decode_predictions": f"{_NETWORK}:decode_predictions",
        "preprocess_input": f"{_NETWORK}:normalized_input",
    },
)
