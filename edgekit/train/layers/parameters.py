"""Weights with their initializer, regularizer and constraint, under Keras' argument names."""

from __future__ import annotations

from typing import Any

from edgekit.train import initializers, regularizers
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.weights import constraint_from
from edgekit.train.tensor import Variable

__all__ = ["Parameterized", "parameter_names"]


def parameter_names(*parameters: str) -> tuple[str, ...]:
    """The names in a config: "kernel" has kernel_initializer, _regularizer and _constraint."""
    kinds = ("initializer", "regularizer", "constraint")
    return tuple(f"{name}_{kind}" for kind in kinds for name in parameters)


class Parameterized(Layer):
    """A layer whose weights are declared in `__init__` and made in `build`."""

    def _declare(
        self, parameter: str, initializer: Any, regularizer: Any, constraint: Any = None
    ) -> None:
        """Keep what the weight `parameter` is made with, under Keras' attribute names."""
        setattr(self, f"{parameter}_initializer", initializers.get(initializer))
        setattr(self, f"{parameter}_regularizer", regularizers.get(regularizer))
        setattr(self, f"{parameter}_constraint", constraint_from(constraint))

    def _make(self, parameter: str, shape: Any, name: str | None = None) -> Variable:
        """The weight declared as `parameter`; it is called so unless `name` says otherwise."""
        return self.add_weight(
            tuple(shape),
            getattr(self, f"{parameter}_initializer"),
            regularizer=getattr(self, f"{parameter}_regularizer"),
            constraint=getattr(self, f"{parameter}_constraint"),
            name=name or parameter,
        )
