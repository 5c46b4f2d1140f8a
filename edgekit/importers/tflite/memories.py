"""What a model keeps between calls: resource variables and variable tensors, as memories."""

from __future__ import annotations

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.frozen import replace
from edgekit.ir import GraphBuilder, QuantParams
from edgekit.ir.graph import Array

__all__ = ["Memories", "Variable", "VariableName"]

VariableName = tuple[str, str]
"""The container and the name of a resource variable: one pair, one variable in the whole file."""


class Variable:
    """One memory at the point that reading has come to.

    initial: what it holds before the first call; None if nothing was assigned.
    state: the value of the graph that holds it when a call begins; "" until that is asked for.
    current: the value that it is now.
    """

    def __init__(self) -> None:
        self.initial: Array | None = None
        self.state = ""
        self.current = ""


class Memories:
    """All variables of a graph. Writing gives a new value; what is last is kept for the next call.

    handles: the variable that a tensor of handles stands for, by the tensor's index.
    tensors: the variable tensors, by index.
    """

    def __init__(self, builder: GraphBuilder) -> None:
        self.builder = builder
        self.variables: dict[VariableName, Variable] = {}
        self.handles: dict[int, VariableName] = {}
        self.tensors: dict[int, Variable] = {}

    def read(self, variable: Variable, name: str, quant: QuantParams | None) -> str:
        """The value that a variable is now; `name` is a free name for its memory."""
        if not variable.current:
            if variable.initial is None:
                raise UnsupportedOperator(f"variable {name!r} is read before anything is assigned")
            variable.state = self.builder.state(name, variable.initial, quant)
            variable.current = variable.state
        return variable.current

    def finish(self) -> None:
        """Keep what the variables have become."""
        last = {v.state: v.current for v in (*self.variables.values(), *self.tensors.values())}
        self.builder.states = [
            replace(state, next=last.get(state.value, state.next)) for state in self.builder.states
        ]

    def initial(self, shape: tuple[int, ...], dtype: str, quant: QuantParams | None) -> Array:
        """Zero: for int8 that is the zero point, as LiteRT resets its variable tensors."""
        zero = quant.zero_point[0] if quant is not None and dtype == "int8" else 0
        return np.full(shape, zero, dtype)
