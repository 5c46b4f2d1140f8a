"""Layers whose product and activation run as one kernel: Dense, Conv1D and Conv2D with a ReLU,
which is their own or the layer behind them.

While anything listens that wants to see the primitives one by one (a trace, quantization-aware
training), or where kernels do not hold the dtype, they stay two.
"""

from __future__ import annotations

import threading
from typing import Any

from edgekit.train.activations import linear, relu, relu6
from edgekit.train.backend import array_module
from edgekit.train.layers import Conv1D, Conv2D, Dense
from edgekit.train.layers.calling import is_plain
from edgekit.train.layers.spatial import on_images
from edgekit.train.ops import activated
from edgekit.train.tensor import Tensor

from .kernel import STORAGE
from .listeners import only_tapes_record

__all__ = ["Followed", "can_be_followed", "convolved", "multiplied"]


class _Behind(threading.local):
    """The layer that is called together with an activation behind it, and that one's name."""

    layer: Any = None
    name = ""
    done = False


_behind = _Behind()


def can_be_followed(layer: Any) -> bool:
    """Whether an activation behind the layer may become a part of it."""
    return type(layer) in (Dense, Conv1D, Conv2D) and layer.activation is linear and is_plain(layer)


class Followed:
    """A layer that `can_be_followed` and an activation behind it, called as one layer."""

    def __init__(self, layer: Any, last: Any, name: str) -> None:
        self.layer, self.last, self.name = layer, last, name
        kept = getattr(layer, "_storage", None)
        # kept in 16 bits by both or by none
        self._alike = getattr(last, "_storage", kept) == kept

    def __call__(self, x: Any) -> Any:
        if not self._alike:
            return self.last(self.layer(x))
        before = _behind.layer, _behind.name
        _behind.layer, _behind.name, _behind.done = self.layer, self.name, False
        try:
            y = self.layer(x)
            done = _behind.done
        finally:
            _behind.layer, _behind.name = before
        return y if done else self.last(y)


def multiplied(layer: Any, x: Any) -> Any:
    """The output of a Dense layer, or None where its activation is a step of its own."""
    name = _name_for(layer, x)
    if not name:
        return None
    return activated.activated_dense(x, layer.kernel, layer.bias, activation=name)


def convolved(layer: Any, x: Any) -> Any:
    """The output of a Conv1D or Conv2D layer, likewise."""
    if layer.rank > 2 or layer.data_format != "channels_last":
        return None
    name = _name_for(layer, x)
    if not name:
        return None
    window = {**layer._window(), "groups": layer.groups, "activation": name}
    return on_images(activated.activated_conv2d, x, layer.kernel, layer.bias, **window)


def _name_for(layer: Any, x: Any) -> str:
    """The activation that becomes a part of the product; "" where none does."""
    name = next((name for function, name in _OWN if layer.activation is function), "")
    follows = not name and _behind.layer is layer
    if follows:
        name = _behind.name
    if not name or not _takes(x):
        return ""
    _behind.done = follows
    return name


_OWN = ((relu, "relu"), (relu6, "relu6"))


def _takes(x: Any) -> bool:
    return (
        type(x) is Tensor
        and array_module(x.data).__name__ == "cupy"
        and x.data.dtype.name in STORAGE
        and only_tapes_record()
    )
