"""A recurrent layer that runs all times in one primitive where that is possible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekit.train import activations
from edgekit.train.backend import array_module
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.recurrent.gates import GateCell
from edgekit.train.layers.recurrent.rnn import RNN
from edgekit.train.names import snake_case
from edgekit.train.ops.recurrent.steps import CURVES

__all__ = ["WholeSequence", "flags_in", "made_cell", "of_cell"]


def of_cell(name: str) -> Any:
    """A property that is the cell's."""
    return property(lambda self: getattr(self.cell, name))


FLAGS = (
    "return_sequences", "return_state", "go_backwards", "stateful", "unroll",
    "activity_regularizer",
)  # fmt: skip


def flags_in(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of RNN among those of a layer."""
    return {name: given[name] for name in FLAGS if name in given}


def made_cell(
    cell: type[GateCell], given: Mapping[str, Any], options: dict[str, Any], **more: Any
) -> GateCell:
    """The cell of a layer, from the arguments of the layer."""
    return cell(
        **{name: given[name] for name in cell.config_names if name in given},
        **more,
        dtype=options.get("dtype"),
        trainable=options.get("trainable", True),
        name=snake_case(cell.__name__),
        implementation=options.pop("implementation", 2),
    )


class WholeSequence(RNN):
    """A recurrent layer whose cell has a primitive for all times at once.

    It is used where the cell's activations are among those that the primitive knows; else the
    cell runs step by step.
    """

    primitive: Any
    gate_names: tuple[str, ...] = ("activation",)
    not_in_config: tuple[str, ...] = ("name", "trainable", "dtype")

    units = of_cell("units")
    activation = of_cell("activation")
    use_bias = of_cell("use_bias")
    kernel_initializer = of_cell("kernel_initializer")
    recurrent_initializer = of_cell("recurrent_initializer")
    bias_initializer = of_cell("bias_initializer")
    kernel_regularizer = of_cell("kernel_regularizer")
    recurrent_regularizer = of_cell("recurrent_regularizer")
    bias_regularizer = of_cell("bias_regularizer")
    kernel_constraint = of_cell("kernel_constraint")
    recurrent_constraint = of_cell("recurrent_constraint")
    bias_constraint = of_cell("bias_constraint")
    dropout = of_cell("dropout")
    recurrent_dropout = of_cell("recurrent_dropout")

    def __init__(self, cell: type[GateCell], given: Mapping[str, Any], **options: Any) -> None:
        """`given` holds the arguments of the layer by name: the cell's, and the flags of RNN."""
        super().__init__(made_cell(cell, given, options), **flags_in(given), **options)
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
