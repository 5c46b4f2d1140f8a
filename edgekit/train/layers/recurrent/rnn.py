"""RNN: a cell run over the times of a sequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.train.backend import device_module
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.recurrent.gates import GateCell
from edgekit.train.layers.recurrent.stack import StackedRNNCells, check_cell, sizes_of
from edgekit.train.ops.comparisons import where
from edgekit.train.ops.gather import flip, zero_state
from edgekit.train.ops.shape import concat
from edgekit.train.ops.unstack import unstack
from edgekit.train.structure import flatten, is_nested, map_structure, pack
from edgekit.train.tensor import Variable, wrap

__all__ = ["RNN"]


class RNN(Layer):
    """A cell run over a sequence (batch, time, ...), step by step.

    A cell has `call(input at one time, states)`, which gives an output and new states, and
    `state_size`, a number of units or a list of them; it may have `output_size` and
    `get_initial_state(batch_size)`. A list of cells is run as StackedRNNCells.

    return_sequences: the outputs at all times, not the last one. return_state: the last states
    too. go_backwards: from the last time to the first; outputs are in that order. stateful: the
    last states of a batch are the first of the next, until `reset_states()`. unroll changes
    nothing here. zero_output_for_mask: outputs at masked times are zero, not those of the time
    before.
    """

    supports_masking = True
    config_names: tuple[str, ...] = (
        "return_sequences",
        "return_state",
        "go_backwards",
        "stateful",
        "unroll",
        "zero_output_for_mask",
    )
    # the states of a stateful layer are no weights: Keras does not save them
    _not_tracked = Layer._not_tracked | {"states"}

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **options: Any,
    ) -> None:
        if options.pop("time_major", False):
            raise UnsupportedOperator(
                "a recurrent layer takes (batch, time, features); transpose the input instead of "
                "time_major=True"
            )
        super().__init__(**options)
        cell = StackedRNNCells(cell) if isinstance(cell, list | tuple) else cell
        check_cell(cell, self.name)
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.states: list[Any] | None = None

    @property
    def state_size(self) -> list[Any]:
        """The units of each state; a list of lists for a stack of cells."""
        size = self.cell.state_size
        return list(size) if isinstance(size, list | tuple) else [size]

    # -- shapes, masks and states -----------------------------------------------------------------

    def build(self, sequences_shape, initial_state_shape=None):
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build_for((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful and self.states is None:
            if sequences_shape[0] is None:
                raise InputError(
                    f"layer {self.name!r}: stateful=True needs a fixed batch size; give the model "
                    f"batch_shape=(batch, time, ...). Received: input_shape={sequences_shape}"
                )
            self._make_states(sequences_shape[0])

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        batch, time = sequences_shape[:2]
        size = getattr(self.cell, "output_size", None)
        size = self.state_size[0] if size is None else size
        output = (
            (batch, time, *sizes_of(size)) if self.return_sequences else (batch, *sizes_of(size))
        )
        if not self.return_state:
            return output
        return [output, *map_structure(lambda n: (batch, *sizes_of(n)), self.state_size)]

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        mask = flatten(previous_mask)[0] if is_nested(previous_mask) else previous_mask
        mask = mask if self.return_sequences else None
        return [mask, *[None] * len(flatten(self.state_size))] if self.return_state else mask

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """The states before the first time, as the cell has them, else zeros."""
        own = getattr(self.cell, "get_initial_state", None)
        if own is None:
            return map_structure(
                lambda n: wrap(device_module().zeros((batch_size, n), np.float32)), self.state_size
            )
        states = own(batch_size=batch_size)
        return list(states) if is_nested(states) else [states]

    def reset_state(self) -> None:
        """Set the states of a stateful layer to zero."""
        for variable in flatten(self.states or []):
            variable.assign(device_module().zeros(variable.shape, np.float32))

    reset_states = reset_state

    def _make_states(self, batch: int) -> None:
        self.states = map_structure(
            lambda state: Variable(state, name=f"{self.name}/state", trainable=False),
            self.get_initial_state(batch),
        )

    # -- running ----------------------------------------------------------------------------------

    def call(self, sequences, initial_state=None, mask=None, training=False):
        states = self._first_states(sequences, initial_state)
        if is_nested(mask):
            mask = flatten(mask)[0]
        output, states = self.run(sequences, states, mask, training)
        if self.stateful:
            for variable, state in zip(flatten(self.states), flatten(states), strict=True):
                variable.assign(state.data)
        return (output, *states) if self.return_state else output

    def _first_states(self, sequences: Any, given: Any) -> list[Any] | None:
        """The states to start from; None where that is zeros and the cell has nothing to say."""
        if self.stateful and self.states is not None:
            batch = flatten(self.states)[0].shape[0]
            if sequences.shape[0] != batch:
                raise InputError(
                    f"layer {self.name!r} is stateful: expected batches of {batch}, as before. "
                    f"Received: a batch of {sequences.shape[0]}"
                )
            if given is None:
                return map_structure(lambda v: wrap(v.data.copy()), self.states)
        if given is None:
            return None
        given = list(given) if is_nested(given) else [given]
        if len(given) != len(self.state_size):
            raise InputError(
                f"layer {self.name!r}: expected {len(self.state_size)} initial states. "
                f"Received: {len(given)}"
            )
        return given

    def run(
        self, sequences: Any, states: list[Any] | None, mask: Any, training: bool
    ) -> tuple[Any, list[Any]]:
        """The outputs (all or the last) and the last states, one step of the cell at a time."""
        states = self._zeros(sequences) if states is None else states
        if self.go_backwards:
            sequences = flip(sequences, axis=1)
            mask = None if mask is None else flip(mask, axis=1)
        options = self._cell_options(training)
        outputs: list[Any] = []
        last = None
        for t, step in enumerate(unstack(sequences)):
            made, new = self.cell(step, states, **options)
            new = list(new) if is_nested(new) else [new]
            if mask is not None:
                taken = mask[:, t]
                before = 0.0 if last is None or self.zero_output_for_mask else last
                made = where(_wide(taken, made), made, before)
                new = pack(
                    states,
                    [
                        where(_wide(taken, a), a, b)
                        for a, b in zip(flatten(new), flatten(states), strict=True)
                    ],
                )
            last, states = made, new
            if self.return_sequences:
                outputs.append(made.reshape(made.shape[0], 1, *made.shape[1:]))
        _forget_masks(self.cell)
        return (concat(outputs, axis=1) if self.return_sequences else last), states

    def _zeros(self, sequences: Any) -> list[Any]:
        """The states before the first time; a cell of one's own may say what they are."""
        cells = getattr(self.cell, "cells", [self.cell])
        if any(hasattr(c, "get_initial_state") and not isinstance(c, GateCell) for c in cells):
            return self.get_initial_state(sequences.shape[0])
        return map_structure(lambda n: zero_state(sequences, shape=sizes_of(n)), self.state_size)

    def _cell_options(self, training: bool) -> dict[str, Any]:
        signature = getattr(self.cell, "_signature", None)
        return {"training": training} if signature is not None and signature.takes_training else {}

    # -- configs ----------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        from edgekit.train.saving.writing import model_config

        return {**super().get_config(), "cell": model_config(self.cell)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        from edgekit.train.saving.reading import model_from_config

        config = dict(config)
        return cls(model_from_config(config.pop("cell"), custom_objects), **config)


def _wide(mask: Any, x: Any) -> Any:
    """The mask of one time (batch,) or (batch, 1), with as many axes as x."""
    return mask.reshape(mask.shape[0], *[1] * (len(x.shape) - 1))


def _forget_masks(cell: Any) -> None:
    """The next sequence gets dropout masks of its own."""
    for one in getattr(cell, "cells", None) or [cell]:
        if isinstance(one, GateCell):
            one.reset_masks()
