"""SimpleRNN, GRU and LSTM."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError
from edgekit.train.layers.recurrent.cells import GRUCell, LSTMCell, SimpleRNNCell
from edgekit.train.layers.recurrent.whole import WholeSequence, of_cell
from edgekit.train.ops.recurrent.gru import gru
from edgekit.train.ops.recurrent.lstm import lstm
from edgekit.train.ops.recurrent.simple import simple_rnn

__all__ = ["GRU", "LSTM", "SimpleRNN"]


class SimpleRNN(WholeSequence):
    """The plain recurrent layer: state = activation(x @ kernel + state @ recurrent_kernel)."""

    primitive = simple_rnn
    not_in_config = (*WholeSequence.not_in_config, "seed")

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(SimpleRNNCell, locals(), **options)


class GRU(WholeSequence):
    """A layer of gated recurrent units; see GRUCell. `use_cudnn` changes nothing here."""

    primitive = gru
    gate_names = ("activation", "recurrent_activation")
    recurrent_activation = of_cell("recurrent_activation")
    reset_after = of_cell("reset_after")

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **options: Any,
    ) -> None:
        _check_cudnn(use_cudnn)
        super().__init__(GRUCell, locals(), **options)

    def attributes(self) -> dict[str, Any] | None:
        found = super().attributes()
        return None if found is None else {**found, "reset_after": bool(self.reset_after)}


class LSTM(WholeSequence):
    """A layer of long short-term memory; see LSTMCell. `use_cudnn` changes nothing here."""

    primitive = lstm
    gate_names = ("activation", "recurrent_activation")
    recurrent_activation = of_cell("recurrent_activation")
    unit_forget_bias = of_cell("unit_forget_bias")

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **options: Any,
    ) -> None:
        _check_cudnn(use_cudnn)
        super().__init__(LSTMCell, locals(), **options)


def _check_cudnn(use_cudnn: Any) -> None:
    if use_cudnn not in ("auto", True, False):
        raise InputError(f"use_cudnn is 'auto', True or False. Received: use_cudnn={use_cudnn!r}")
