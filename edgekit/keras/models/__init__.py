"""Models: `keras.models`."""

from edgekit.keras.layout import forward
from edgekit.train import models as _held

_HERE = "edgekit.keras.utils.models"

__all__, __getattr__, __dir__ = forward(
    "models",
    _held,
    {name: f"{_HERE}:{name}" for name in ("clone_model", "model_from_config", "model_from_json")},
)
