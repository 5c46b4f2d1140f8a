"""What the cells of recurrent layers share: weights for all gates side by side, and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train import activations
from edgekit.train.backend import device_module
from edgekit.train.layers.parameters import Parameterized
from edgekit.train.ops.dense import dense
from edgekit.train.ops.math import matmul
from edgekit.train.ops.random import dropout
from edgekit.train.ops.shape import concat
from edgekit.train.primitive import name_scope
from edgekit.train.random import generator
from edgekit.train.tensor import Tensor, Variable, wrap

__all__ = ["GateCell"]


class GateCell(Parameterized):
    """What the three cells share: weights for `gates` gates side by side, and dropout.

    kernel (inputs, gates * units), recurrent_kernel (units, gates * units), bias of `bias_shape`.
    """

    bias_initializer: Any
    gates = 1
    has_gate_masks = False  # whether each gate has a dropout mask of its own
    config_names: tuple[str, ...] = (
        "units",
        "activation",
        "use_bias",
        "kernel_initializer",
        "recurrent_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "recurrent_regularizer",
        "bias_regularizer",
        "kernel_constraint",
        "recurrent_constraint",
        "bias_constraint",
        "dropout",
        "recurrent_dropout",
        "seed",
    )

    def __init__(
        self,
        units: int,
        activation: Any,
        use_bias: bool,
        initial: tuple[Any, Any, Any],
        penalties: tuple[Any, Any, Any],
        constraints: tuple[Any, Any, Any],
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        **options: Any,
    ) -> None:
        """The three values of `initial`, `penalties` and `constraints` are for kernel,
        recurrent_kernel and bias.
        """
        self.implementation = options.pop("implementation", 2)
        super().__init__(**options)
        if isinstance(units, bool) or not isinstance(units, int | np.integer) or units <= 0:
            raise InputError(
                f"layer {self.name!r}: units must be a positive integer. Received: units={units!r}"
            )
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        weights = ("kernel", "recurrent", "bias")
        for weight, *given in zip(weights, initial, penalties, constraints, strict=True):
            self._declare(weight, *given)
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        if self.recurrent_dropout != 0.0:
            self.implementation = 1
        self.seed = seed
        self.generator = generator(seed)
        self.bias: Variable | None = None
        self._masks: dict[str, list[Tensor]] = {}

    @property
    def state_size(self) -> Any:
        """The units of the state, or a list of them where there are several states."""
        return self.units

    @property
    def output_size(self) -> int:
        return self.units

    @property
    def bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def build(self, input_shape):
        size = input_shape[-1]
        if size is None:
            raise ShapeError(
                f"layer {self.name!r}: the last axis of its input must be known. "
                f"Received: input_shape={input_shape}"
            )
        width = self.gates * self.units
        self._make_weights((size, width), (self.units, width))

    def _make_weights(self, kernel: tuple[int, ...], recurrent: tuple[int, ...]) -> None:
        """Make the weights, in the shapes of the two kernels."""
        self.kernel = self._make("kernel", kernel)
        self.recurrent_kernel = self._make("recurrent", recurrent, "recurrent_kernel")
        if self.use_bias:
            self.bias = self._make("bias", self.bias_shape, initializer=self._first_bias())

    def _first_bias(self) -> Any:
        """What fills the bias."""
        return self.bias_initializer

    def get_initial_state(self, batch_size: int | None = None) -> list[Tensor]:
        """Zeros for each state, (batch_size, units)."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [wrap(device_module().zeros((batch_size, n), np.float32)) for n in sizes]

    # -- dropout, the same at all times of one sequence -------------------------------------------

    def input_masks(self, batch: int, size: int) -> list[Tensor] | None:
        """Factors (batch, size) for the input at every time, one for all gates or one for each;
        None without dropout.
        """
        return self._mask("input", (batch, size), self.dropout)

    def state_masks(self, batch: int) -> list[Tensor] | None:
        """Factors (batch, units) for the state, as `input_masks`."""
        return self._mask("state", (batch, self.units), self.recurrent_dropout)

    def reset_masks(self) -> None:
        """Forget the factors; every sequence gets new ones."""
        self._masks.clear()

    def _mask(self, which: str, shape: tuple[int, ...], rate: float) -> list[Tensor] | None:
        if not 0.0 < rate < 1.0:
            return None
        if which not in self._masks:
            count = self.gates if self.has_gate_masks and self.implementation == 1 else 1
            ones = wrap(device_module().ones(shape, np.float32))
            self._masks[which] = [
                wrap(dropout(ones, rate=rate, generator=self.generator).data) for _ in range(count)
            ]
        return self._masks[which]

    # -- one step ---------------------------------------------------------------------------------

    def of_input(self, inputs: Any, training: bool, bias: Any) -> Any:
        """inputs (..., features) times the kernel, with dropout: (..., gates * units)."""
        masks = self.input_masks(inputs.shape[0], inputs.shape[-1]) if training else None
        if masks is not None and len(inputs.shape) == 3:
            masks = [m.reshape(m.shape[0], 1, m.shape[1]) for m in masks]
        if masks is None or len(masks) == 1:
            return dense(_dropped(inputs, masks), self.kernel, bias)
        parts = [slice(k * self.units, (k + 1) * self.units) for k in range(self.gates)]
        return concat(
            [
                dense(inputs * mask, self.kernel[:, part], None if bias is None else bias[part])
                for mask, part in zip(masks, parts, strict=True)
            ]
        )

    def of_state(self, state: Any, training: bool, first: int = 0, last: int | None = None) -> Any:
        """The state times the recurrent kernel of the gates from `first` to `last`."""
        last = self.gates if last is None else last
        masks = self.state_masks(state.shape[0]) if training else None
        kernel = self.recurrent_kernel
        if masks is None or len(masks) == 1:
            state = _dropped(state, masks)
            whole = (first, last) == (0, self.gates)
            part = kernel if whole else kernel[:, first * self.units : last * self.units]
            return matmul(state, part)
        return concat(
            [
                matmul(state * masks[k], kernel[:, k * self.units : (k + 1) * self.units])
                for k in range(first, last)
            ]
        )

    def gate(self, sums: Any, number: int) -> Any:
        """The columns of one gate."""
        return sums[..., number * self.units : (number + 1) * self.units]


def _dropped(x: Any, masks: list[Tensor] | None) -> Any:
    """The product with the one mask, if there is one: no call of the cell's own, whose calls are
    the same with and without dropout then.
    """
    if masks is None:
        return x
    with name_scope("dropout"):
        return x * masks[0]
