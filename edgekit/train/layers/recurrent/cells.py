"""SimpleRNNCell, GRUCell and LSTMCell: one step of a recurrent layer, with its weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.train import activations
from edgekit.train.layers.recurrent.gates import GateCell

__all__ = ["GRUCell", "LSTMCell", "SimpleRNNCell"]


def _like_given(states: Any, new: list[Any]) -> Any:
    """New states as the old ones were given: in a list, or a single one by itself."""
    return new if isinstance(states, list | tuple) else new[0]


class SimpleRNNCell(GateCell):
    """state = activation(inputs @ kernel + state @ recurrent_kernel + bias)."""

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            units,
            activation,
            use_bias,
            (kernel_initializer, recurrent_initializer, bias_initializer),
            (kernel_regularizer, recurrent_regularizer, bias_regularizer),
            (kernel_constraint, recurrent_constraint, bias_constraint),
            dropout,
            recurrent_dropout,
            seed,
            **options,
        )

    def call(self, sequence, states, training=False):
        before = states[0] if isinstance(states, list | tuple) else states
        sums = self.of_input(sequence, training, self.bias) + self.of_state(before, training)
        output = self.activation(sums)
        return output, _like_given(states, [output])


class GRUCell(GateCell):
    """z, r = gates; state = z * state + (1 - z) * new, with the reset gate r before or after the
    product with the recurrent kernel. Gates in the order z, r, new. Source: Cho et al. 2014.
    """

    gates = 3
    has_gate_masks = True
    config_names = (*GateCell.config_names, "recurrent_activation", "reset_after")

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            units,
            activation,
            use_bias,
            (kernel_initializer, recurrent_initializer, bias_initializer),
            (kernel_regularizer, recurrent_regularizer, bias_regularizer),
            (kernel_constraint, recurrent_constraint, bias_constraint),
            dropout,
            recurrent_dropout,
            seed,
            **options,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    @property
    def bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs, states, training=False):
        before = states[0] if isinstance(states, list | tuple) else states
        of_x, of_state = self.bias, None
        if self.bias is not None and self.reset_after:
            of_x, of_state = self.bias[0], self.bias[1]
        sums = self.of_input(inputs, training, of_x)
        heard = self.of_state(before, training, 0, 3 if self.reset_after else 2)
        heard = heard if of_state is None else heard + of_state
        z = self.recurrent_activation(self.gate(sums, 0) + self.gate(heard, 0))
        r = self.recurrent_activation(self.gate(sums, 1) + self.gate(heard, 1))
        if self.reset_after:
            share = r * self.gate(heard, 2)
        else:
            share = self.of_state(r * before, training, 2, 3)
        new = self.activation(self.gate(sums, 2) + share)
        state = z * before + (1.0 - z) * new
        return state, _like_given(states, [state])


class LSTMCell(GateCell):
    """cell = f * cell + i * new; hidden = o * activation(cell). Gates in the order i, f, new, o.

    `unit_forget_bias` starts the bias of f at one. Source: Hochreiter and Schmidhuber 1997.
    """

    gates = 4
    has_gate_masks = True
    config_names = (*GateCell.config_names, "recurrent_activation", "unit_forget_bias")

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            units,
            activation,
            use_bias,
            (kernel_initializer, recurrent_initializer, bias_initializer),
            (kernel_regularizer, recurrent_regularizer, bias_regularizer),
            (kernel_constraint, recurrent_constraint, bias_constraint),
            dropout,
            recurrent_dropout,
            seed,
            **options,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    @property
    def state_size(self) -> list[int]:
        return [self.units, self.units]

    def _first_bias(self) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer

        def ones_for_forget(shape: Any, dtype: Any = None) -> Any:
            parts = [
                self.bias_initializer((self.units,), dtype=dtype),
                np.ones(self.units, dtype or np.float32),
                self.bias_initializer((2 * self.units,), dtype=dtype),
            ]
            return np.concatenate([np.asarray(part) for part in parts])

        return ones_for_forget

    def call(self, inputs, states, training=False):
        hidden, cell = states
        sums = self.of_input(inputs, training, self.bias) + self.of_state(hidden, training)
        i, f = (self.recurrent_activation(self.gate(sums, k)) for k in (0, 1))
        cell = f * cell + i * self.activation(self.gate(sums, 2))
        hidden = self.recurrent_activation(self.gate(sums, 3)) * self.activation(cell)
        return hidden, [hidden, cell]
