"""Networks of the literature: `keras.applications`."""

from edgekit.keras.layout import forward
from edgekit.train import applications as _held

_HERE = "edgekit.keras.applications"

__all__, __getattr__, __dir__ = forward(
    "applications",
    _held,
    {"mobilenet": f"{_HERE}.mobilenet", "mobilenet_v2": f"{_HERE}.mobilenet_v2"},
)
