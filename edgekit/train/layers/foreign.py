"""Layers of Keras that run what other frameworks compiled: they are refused, with a way around."""

from __future__ import annotations

from typing import Any

from edgekit.errors import UnsupportedOperator
from edgekit.train.layers.layer import Layer

__all__ = ["FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"]


class _Foreign(Layer):
    """A layer that cannot be here; `holds` is what it runs, `instead` what to do."""

    holds: str
    instead: str

    def __init__(self, *arguments: Any, **options: Any) -> None:
        raise UnsupportedOperator(
            f"{type(self).__name__} runs {self.holds}, which edgekit cannot: {self.instead}"
        )


class JaxLayer(_Foreign):
    """Refused: a function of JAX."""

    holds = "a function of JAX"
    instead = "write it as a Layer whose call() uses edgekit.keras.ops"


class FlaxLayer(_Foreign):
    """Refused: a module of Flax."""

    holds = "a module of Flax"
    instead = "build it of edgekit.keras.layers and give these its arrays with set_weights()"


class TorchModuleWrapper(_Foreign):
    """Refused: a module of PyTorch."""

    holds = "a module of PyTorch"
    instead = (
        "write the module with torch.onnx.export() and bring the file to a device with "
        "edgekit.convert(), or build it of edgekit.keras.layers"
    )


class TFSMLayer(_Foreign):
    """Refused: a SavedModel of TensorFlow."""

    holds = "a SavedModel of TensorFlow"
    instead = (
        "write it as a .tflite file with tf.lite.TFLiteConverter, which edgekit.Interpreter opens, "
        "or save the model of Keras as .keras"
    )
