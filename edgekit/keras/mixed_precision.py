"""The dtype in which layers compute: `keras.mixed_precision`."""

from edgekit.keras.layout import forward
from edgekit.train import dtype_policies as _held

__all__, __getattr__, __dir__ = forward(
    "mixed_precision",
    _held,
    {"LossScaleOptimizer": "edgekit.train.optimizers:LossScaleOptimizer"},
)
