"""Networks of the literature: `keras.applications`."""

from edgekit.keras.layout import forward
from edgekit.train import applications as _held

_HERE = "edgekit.keras.applications"
_MODULES = (
    "densenet", "efficientnet", "efficientnet_v2", "imagenet_utils", "inception_v3", "mobilenet",
    "mobilenet_v2", "mobilenet_v3", "resnet", "resnet50", "resnet_v2", "vgg16", "vgg19", "xception",
)  # fmt: skip
_NETWORKS = [name for name in _held.__all__ if not name[0].islower()]

__all__, __getattr__, __dir__ = forward(
    "applications",
    None,
    {
        **{name: f"edgekit.train.applications:{name}" for name in _NETWORKS},
        **{name: f"{_HERE}.{name}" for name in _MODULES},
    },
)
