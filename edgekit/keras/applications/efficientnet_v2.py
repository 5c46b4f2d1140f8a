"""`keras.applications.efficientnet_v2`."""

from edgekit.keras.layout import forward

_NETWORK = "edgekit.train.applications.network"

__all__, __getattr__, __dir__ = forward(
    "applications.efficientnet_v2",
    None,
    {
        **{
            name: f"edgekit.train.applications:{name}"
            for name in (
                f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "L", "M", "S")
            )
        },
        "decode_predictions": f"{_NETWORK}:decode_predictions",
        "preprocess_input": f"{_NETWORK}:same_input",
    },
)
