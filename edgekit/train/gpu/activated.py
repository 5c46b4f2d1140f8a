"""Layers whose product and activation run as one kernel: Dense, Conv1D and Conv2D with a ReLU.

While anything listens that wants to see the primitives one by one (a trace, quantization-aware
training), or where kernels do not hold the dtype, they stay two.
"""

from __future__ import annotations

from typing import Any

from edgekit.train.backend import array_module
from edgekit.train.layers.spatial import on_images
from edgekit.train.ops import activated, activations
from edgekit.train.tensor import Tensor

from .kernel import STORAGE
from .peephole import _only_tapes_record

__all__ = ["convolved", "multiplied"]


def multiplied(layer: Any, x: Any) -> Any:
    """The output of a Dense layer, or None where its activation is a step of its own."""
    name = _name_of(layer.activation)
    if not name or not _takes(x):
        return None
    return activated.activated_dense(x, layer.kernel, layer.bias, activation=name)


def convolved(layer: Any, x: Any) -> Any:
    """The output of a Conv1D or Conv2D layer, likewise."""
    name = _name_of(layer.activation)
    if not name or layer.rank > 2 or layer.data_format != "channels_last" or not _takes(x):
        return None
    window = {**layer._window(), "groups": layer.groups, "activation": name}
    return on_images(activated.activated_conv2d, x, layer.kernel, layer.bias, **window)


def _name_of(function: Any) -> str:
    from edgekit.train.activations import relu

    if function is relu:
        return "relu"
    return "relu6" if function is activations.relu6 else ""


def _takes(x: Any) -> bool:
    return (
        type(x) is Tensor
        and array_module(x.data).__name__ == "cupy"
        and x.data.dtype.name in STORAGE
        and _only_tapes_record()
    )
