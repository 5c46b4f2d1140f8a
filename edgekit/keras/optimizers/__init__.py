"""Optimizers: `keras.optimizers`."""

from edgekit.keras.layout import forward
from edgekit.train import optimizers as _held

__all__, __getattr__, __dir__ = forward(
    "optimizers",
    _held,
    {
        "legacy": "edgekit.keras.optimizers.legacy",
        "schedules": "edgekit.keras.optimizers.schedules",
    },
)
