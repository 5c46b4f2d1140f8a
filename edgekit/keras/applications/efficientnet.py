"""`keras.applications.efficientnet`."""

from edgekit.keras.layout import forward

_NETWORK = "edgekit.train.applications.network"

__all__, __getattr__, __dir__ = forward(
    "applications.efficientnet",
    None,
    {
        **{
            name: f"edgekit.train.applications:{name}"
            for name in (f"EfficientNetB{number}" for number in range(8))
        },
        "decode_predictions": f"{_NETWORK}:decode_predictions",
        "preprocess_input": f"{_NETWORK}:same_input",
    },
)
