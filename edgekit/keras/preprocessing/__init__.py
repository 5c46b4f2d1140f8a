"""Pictures, sequences, texts before training: `keras.preprocessing`."""

from edgekit.keras.layout import forward

_HERE, _HELD = "edgekit.keras.preprocessing", "edgekit.train.preprocessing"

__all__, __getattr__, __dir__ = forward(
    "preprocessing",
    None,
    {
        "image": f"{_HERE}.image",
        "image_dataset_from_directory": f"{_HELD}:image_dataset_from_directory",
        "sequence": f"{_HERE}.sequence",
        "text": f"{_HERE}.text",
        "text_dataset_from_directory": f"{_HELD}:text_dataset_from_directory",
        "timeseries_dataset_from_array": f"{_HELD}:timeseries_dataset_from_array",
    },
)
