"""Optimizers and learning rate schedules, under Keras' names."""

from typing import Any

from edgekit.train.optimizers import schedules as schedules
from edgekit.train.optimizers.adam import Adam as Adam
from edgekit.train.optimizers.adam import Adamax as Adamax
from edgekit.train.optimizers.adam import AdamW as AdamW
from edgekit.train.optimizers.adam import Nadam as Nadam
from edgekit.train.optimizers.adaptive import Adadelta as Adadelta
from edgekit.train.optimizers.adaptive import Adagrad as Adagrad
from edgekit.train.optimizers.adaptive import Ftrl as Ftrl
from edgekit.train.optimizers.layerwise import Adafactor as Adafactor
from edgekit.train.optimizers.layerwise import Lamb as Lamb
from edgekit.train.optimizers.layerwise import Muon as Muon
from edgekit.train.optimizers.lion import Lion as Lion
from edgekit.train.optimizers.loss_scale import LossScaleOptimizer as LossScaleOptimizer
from edgekit.train.optimizers.optimizer import Optimizer as Optimizer
from edgekit.train.optimizers.rmsprop import RMSprop as RMSprop
from edgekit.train.optimizers.sgd import SGD as SGD
from edgekit.train.serialization import plain, resolve

__all__ = [
    "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion",
    "LossScaleOptimizer", "Muon", "Nadam", "Optimizer", "RMSprop", "deserialize", "get",
    "schedules", "serialize",
]  # fmt: skip

CLASSES: dict[str, type[Optimizer]] = {
    cls.__name__: cls
    for cls in (
        Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, LossScaleOptimizer,
        Muon, Nadam, RMSprop, SGD,
    )
}  # fmt: skip
_NAMES = {name.lower(): cls for name, cls in CLASSES.items()}


def get(identifier: Any) -> Any:
    """An optimizer from a name ("adam", in any case), a config or itself."""
    if isinstance(identifier, str):
        identifier = identifier.lower()
    return resolve(identifier, {**CLASSES, **_NAMES}, "optimizer")


def serialize(optimizer: Any) -> Any:
    """An optimizer's config with the name of its class."""
    return plain(optimizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """An optimizer from the result of `serialize`; custom_objects: class name -> class."""
    return resolve(config, {**CLASSES, **_NAMES, **(custom_objects or {})}, "optimizer")
