"""Callbacks, under Keras' names."""

from edgekit.train.callbacks.averages import SwapEMAWeights as SwapEMAWeights
from edgekit.train.callbacks.backup import BackupAndRestore as BackupAndRestore
from edgekit.train.callbacks.callback import Callback as Callback
from edgekit.train.callbacks.callback import History as History
from edgekit.train.callbacks.callback_list import CallbackList as CallbackList
from edgekit.train.callbacks.checkpoint import ModelCheckpoint as ModelCheckpoint
from edgekit.train.callbacks.logging import CSVLogger as CSVLogger
from edgekit.train.callbacks.logging import LambdaCallback as LambdaCallback
from edgekit.train.callbacks.logging import RemoteMonitor as RemoteMonitor
from edgekit.train.callbacks.monitor import MonitorCallback as MonitorCallback
from edgekit.train.callbacks.progress import ProgbarLogger as ProgbarLogger
from edgekit.train.callbacks.rates import LearningRateScheduler as LearningRateScheduler
from edgekit.train.callbacks.rates import ReduceLROnPlateau as ReduceLROnPlateau
from edgekit.train.callbacks.stopping import EarlyStopping as EarlyStopping
from edgekit.train.callbacks.stopping import TerminateOnNaN as TerminateOnNaN
from edgekit.train.callbacks.tensorboard import TensorBoard as TensorBoard

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "MonitorCallback",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
