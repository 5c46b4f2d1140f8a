"""Callbacks, under Keras' names."""

from edgekit.train.callbacks.callback import Callback as Callback
from edgekit.train.callbacks.callback import History as History
from edgekit.train.callbacks.checkpoint import ModelCheckpoint as ModelCheckpoint
from edgekit.train.callbacks.logging import CSVLogger as CSVLogger
from edgekit.train.callbacks.logging import LambdaCallback as LambdaCallback
from edgekit.train.callbacks.rates import LearningRateScheduler as LearningRateScheduler
from edgekit.train.callbacks.rates import ReduceLROnPlateau as ReduceLROnPlateau
from edgekit.train.callbacks.stopping import EarlyStopping as EarlyStopping
from edgekit.train.callbacks.stopping import TerminateOnNaN as TerminateOnNaN

__all__ = [
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
