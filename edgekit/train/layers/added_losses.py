"""What layers add to the loss: penalties of regularizers, and what `add_loss` was given."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from edgekit.train.structure import flatten
from edgekit.train.tensor import Variable

__all__ = ["HOLDING_LOSSES", "LossHolder"]

HOLDING_LOSSES: weakref.WeakSet[Any] = weakref.WeakSet()
"""The layers that were given losses and have not been called again."""


class LossHolder:
    """The part of a layer that holds losses."""

    _losses: list[Any]
    _variables: list[Variable]
    flat_layers: Callable[[], list[Any]]

    def add_loss(self, loss: Any) -> None:
        """Add a scalar to the loss; forgotten when this layer, or one around, is called again."""
        self._losses.extend(flatten(loss))
        HOLDING_LOSSES.add(self)

    def forget_losses(self) -> None:
        """Drop what `add_loss` was given, here and in layers inside."""
        for layer in self.flat_layers():
            layer._losses.clear()
            HOLDING_LOSSES.discard(layer)

    @property
    def losses(self) -> list[Any]:
        """Penalties of regularizers and what `add_loss` was given, here and in layers inside."""
        return [loss for layer in self.flat_layers() for loss in layer.own_losses()]

    def own_losses(self) -> list[Any]:
        """The penalties of this layer alone."""
        found = list(self._losses)
        for variable in self._variables:
            if variable.regularizer is not None and variable.trainable:
                found.append(variable.regularizer(variable))
        return found
