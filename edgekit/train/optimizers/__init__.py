"""Optimizers and learning rate schedules, under Keras' names."""

from typing import Any

from edgekit.train.optimizers import schedules as schedules
from edgekit.train.optimizers.adam import Adam as Adam
from edgekit.train.optimizers.adam import AdamW as AdamW
from edgekit.train.optimizers.optimizer import Optimizer as Optimizer
from edgekit.train.optimizers.rmsprop import RMSprop as RMSprop
from edgekit.train.optimizers.sgd import SGD as SGD
from edgekit.train.serialization import resolve

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "get", "schedules"]

CLASSES: dict[str, type[Optimizer]] = {cls.__name__: cls for cls in (Adam, AdamW, RMSprop, SGD)}
_NAMES = {name.lower(): cls for name, cls in CLASSES.items()}


def get(identifier: Any) -> Any:
    """An optimizer from a name ("adam", in any case), a config or itself."""
    if isinstance(identifier, str):
        identifier = identifier.lower()
    return resolve(identifier, {**CLASSES, **_NAMES}, "optimizer")
