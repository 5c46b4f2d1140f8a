"""Sequences: `keras.preprocessing.sequence`."""

from edgekit.keras.layout import forward

__all__, __getattr__, __dir__ = forward(
    "preprocessing.sequence",
    None,
    {"pad_sequences": "edgekit.train.preprocessing.sequence:pad_sequences"},
)
