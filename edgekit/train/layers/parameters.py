"""Weights with their initializer, regularizer and constraint, under Keras' argument names."""

from __future__ import annotations

from typing import Any

from edgekit.train import constraints, initializers, regularizers
from edgekit.train.layers.layer import Layer
from edgekit.train.tensor import Variable

__all__ = ["Parameterized", "parameter_names"]

_KINDS = ("initializer", "regularizer", "constraint")


def parameter_names(*parameters: str) -> tuple[str, ...]:
    """The names in a config: "kernel" has kernel_initializer, _regularizer and _constraint."""
    return tuple(f"{name}_{kind}" for kind in _KINDS for name in parameters)


class Parameterized(Layer):
    """A layer whose weights are declared in `__init__` and made in `build`."""

    def _declare(
        self, parameter: str, initializer: Any, regularizer: Any, constraint: Any = None
    ) -> None:
        """Keep what the weight `parameter` is made with, under Keras' attribute names."""
        setattr(self, f"{parameter}_initializer", initializers.get(initializer))
        setattr(self, f"{parameter}_regularizer", regularizers.get(regularizer))
        setattr(self, f"{parameter}_constraint", constraints.get(constraint))

    def _declare_from(self, given: dict[str, Any], *parameters: str) -> None:
        """As `_declare`, from a constructor's arguments by name."""
        for parameter in parameters:
            self._declare(parameter, *(given[f"{parameter}_{kind}"] for kind in _KINDS))

    def _make(
        self, parameter: str, shape: Any, name: str | None = None, initializer: Any = None
    ) -> Variable:
        """The weight declared as `parameter`; it is called so unless `name` says otherwise.

        initializer: in place of the declared one.
        """
        return self.add_weight(
            tuple(shape),
            initializer or getattr(self, f"{parameter}_initializer"),
            regularizer=getattr(self, f"{parameter}_regularizer"),
            constraint=getattr(self, f"{parameter}_constraint"),
            name=name or parameter,
        )
