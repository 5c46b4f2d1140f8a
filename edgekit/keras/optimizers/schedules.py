"""Learning rates that change with the step: `keras.optimizers.schedules`."""

from edgekit.keras.layout import forward
from edgekit.train.optimizers import schedules as _held

__all__, __getattr__, __dir__ = forward("optimizers.schedules", _held)
