"""SimpleRNN, GRU and LSTM: whole sequences in one primitive where that is possible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekit.errors import InputError
from edgekit.train import activations
from edgekit.train.backend import array_module
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.recurrent import RNN
from edgekit.train.layers.recurrent_cells import GRUCell, LSTMCell, SimpleRNNCell
from edgekit.train.ops.recurrent_gru import gru
from edgekit.train.ops.recurrent_lstm import lstm
from edgekit.train.ops.recurrent_simple import simple_rnn
from edgekit.train.ops.recurrent_steps import CURVES

__all__ = ["GRU", "LSTM", "SimpleRNN"]


def _of_cell(name: str) -> Any:
    """A property that is the cell's."""
    return property(lambda self: getattr(self.cell, name))


class _WholeSequence(RNN):
    """A recurrent layer whose cell has a primitive for all times at once.

    It is used where the cell's activations are among those that the primitive knows; else the
    cell runs step by step.
    """

    primitive: Any
    gate_names: tuple[str, ...] = ("activation",)
    not_in_config: tuple[str, ...] = ("name", "trainable", "dtype")

    units = _of_cell("units")
    activation = _of_cell("activation")
    use_bias = _of_cell("use_bias")
    kernel_initializer = _of_cell("kernel_initializer")
    recurrent_initializer = _of_cell("recurrent_initializer")
    bias_initializer = _of_cell("bias_initializer")
    kernel_regularizer = _of_cell("kernel_regularizer")
    recurrent_regularizer = _of_cell("recurrent_regularizer")
    bias_regularizer = _of_cell("bias_regularizer")
    kernel_constraint = _of_cell("kernel_constraint")
    recurrent_constraint = _of_cell("recurrent_constraint")
    bias_constraint = _of_cell("bias_constraint")
    dropout = _of_cell("dropout")
    recurrent_dropout = _of_cell("recurrent_dropout")

    def __init__(self, cell: Any, **options: Any) -> None:
        super().__init__(cell, **options)
        self.input_spec = InputSpec(ndim=3)

    def attributes(self) -> dict[str, Any] | None:
        """The primitive's attributes that say what the cell is; None where it cannot run it."""
        names = {gate: activations.serialize(getattr(self.cell, gate)) for gate in self.gate_names}
        known = all(
            name in CURVES and activations.get(name) is getattr(self.cell, gate)
            for gate, name in names.items()
        )
        return names if known else None

    def run(
        self, sequences: Any, states: list[Any] | None, mask: Any, training: bool
    ) -> tuple[Any, list[Any]]:
        attributes = self.attributes()
        if attributes is None or not sequences.shape[1]:
            return super().run(sequences, states, mask, training)
        cell = self.cell
        given = [None] * len(self.state_size) if states is None else states
        inputs, kernel, bias = sequences, cell.kernel, cell.bias
        if training and 0.0 < cell.dropout < 1.0:
            inputs, kernel, bias = self._dropped_inputs(sequences)
        dropped = None
        if training and 0.0 < cell.recurrent_dropout < 1.0:
            masks = [one.data for one in cell.state_masks(sequences.shape[0])]
            dropped = array_module(masks[0]).stack(masks)
        cell.reset_masks()
        output = type(self).primitive(
            inputs, kernel, cell.recurrent_kernel, bias, *given, mask, dropped,
            **attributes,
            sequences=self.return_sequences,
            state=self.return_state or self.stateful,
            backwards=self.go_backwards,
            zero_output=self.zero_output_for_mask,
        )  # fmt: skip
        if not (self.return_state or self.stateful):
            return output, []
        count = len(self.state_size)
        times = output.shape[1] - count
        y = output[:, :times] if self.return_sequences else output[:, 0]
        return y, [output[:, times + k] for k in range(count)]

    def _dropped_inputs(self, sequences: Any) -> tuple[Any, Any, Any]:
        """Input, kernel and bias with dropout: one mask for the input, or products made for each
        gate with its own mask (and no kernel left to multiply with).
        """
        cell = self.cell
        masks = cell.input_masks(sequences.shape[0], sequences.shape[2])
        if len(masks) == 1:
            mask = masks[0]
            wide = mask.reshape(mask.shape[0], 1, mask.shape[1])
            return sequences * wide, cell.kernel, cell.bias
        return cell.of_input(sequences, True, None), None, cell.bias

    def get_config(self) -> dict[str, Any]:
        config = Layer.get_config(self)
        own = self.cell.get_config()
        return {**config, **{k: v for k, v in own.items() if k not in self.not_in_config}}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        return cls(**config)


class SimpleRNN(_WholeSequence):
    """The plain recurrent layer: state = activation(x @ kernel + state @ recurrent_kernel)."""

    primitive = simple_rnn
    not_in_config = (*_WholeSequence.not_in_config, "seed")

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
        cell = SimpleRNNCell(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            dtype=options.get("dtype"),
            trainable=options.get("trainable", True),
            name="simple_rnn_cell",
            implementation=options.pop("implementation", 2),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **options,
        )


class GRU(_WholeSequence):
    """A layer of gated recurrent units; see GRUCell. `use_cudnn` changes nothing here."""

    primitive = gru
    gate_names = ("activation", "recurrent_activation")
    recurrent_activation = _of_cell("recurrent_activation")
    reset_after = _of_cell("reset_after")

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
        cell = GRUCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            reset_after=reset_after,
            seed=seed,
            dtype=options.get("dtype"),
            trainable=options.get("trainable", True),
            name="gru_cell",
            implementation=options.pop("implementation", 2),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **options,
        )

    def attributes(self) -> dict[str, Any] | None:
        found = super().attributes()
        return None if found is None else {**found, "reset_after": bool(self.reset_after)}


class LSTM(_WholeSequence):
    """A layer of long short-term memory; see LSTMCell. `use_cudnn` changes nothing here."""

    primitive = lstm
    gate_names = ("activation", "recurrent_activation")
    recurrent_activation = _of_cell("recurrent_activation")
    unit_forget_bias = _of_cell("unit_forget_bias")

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
        cell = LSTMCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            dtype=options.get("dtype"),
            trainable=options.get("trainable", True),
            name="lstm_cell",
            implementation=options.pop("implementation", 2),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **options,
        )


def _check_cudnn(use_cudnn: Any) -> None:
    if use_cudnn not in ("auto", True, False):
        raise InputError(f"use_cudnn is 'auto', True or False. Received: use_cudnn={use_cudnn!r}")
