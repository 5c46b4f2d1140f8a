"""ConvLSTM1D, ConvLSTM2D and ConvLSTM3D: an LSTM over pictures, whose products are convolutions.

Source: Shi et al. 2015, without what the gates see of the cell.
"""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train.layers.geometry import channels_last, output_size, padding_word, sizes
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.recurrent.cells import LSTMCell
from edgekit.train.layers.recurrent.rnn import RNN
from edgekit.train.layers.recurrent.whole import flags_in, made_cell, of_cell
from edgekit.train.layers.spatial import on_images
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.conv3d import conv3d
from edgekit.train.ops.gather import zero_state
from edgekit.train.ops.shape import concat

__all__ = ["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"]


class ConvLSTMCell(LSTMCell):
    """An LSTMCell whose kernel (*kernel_size, channels, 4 filters) is that of a convolution.

    The recurrent kernel (*kernel_size, filters, 4 filters) has strides 1 and padding "same".
    """

    config_names = (
        "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
        *(name for name in LSTMCell.config_names if name != "units"),
    )  # fmt: skip

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        **options: Any,
    ) -> None:
        super().__init__(filters, **{**options, "implementation": 1})
        self.rank = rank
        self.filters = self.units
        self.kernel_size = sizes(kernel_size, rank, "kernel_size", self.name)
        self.strides = sizes(strides, rank, "strides", self.name)
        self.padding = padding_word(padding, self.name)
        self.data_format = channels_last(data_format, self.name)
        self.dilation_rate = sizes(dilation_rate, rank, "dilation_rate", self.name)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise InputError(
                f"layer {self.name!r}: strides > 1 cannot be combined with dilation_rate > 1. "
                f"Received: strides={self.strides}, dilation_rate={self.dilation_rate}"
            )

    def output_shape_for(self, input_shape: Any) -> tuple[int, ...]:
        """The spatial sizes of the states, and the filters, for inputs of one time."""
        spatial = input_shape[1:-1]
        if None in spatial:
            raise ShapeError(
                f"layer {self.name!r}: the size of the pictures must be known. "
                f"Received: input_shape={input_shape}"
            )
        windows = zip(spatial, self.kernel_size, self.strides, self.dilation_rate, strict=True)
        made = [output_size(n, k, s, self.padding, d, self.name) for n, k, s, d in windows]
        return (*(int(n or 0) for n in made), self.filters)

    def build(self, input_shape):
        self.output_shape_for(input_shape)
        width = self.gates * self.filters
        self._make_weights(
            (*self.kernel_size, input_shape[-1], width), (*self.kernel_size, self.filters, width)
        )

    def _convolved(self, x: Any, kernel: Any, bias: Any, window: dict[str, Any]) -> Any:
        if self.rank == 3:
            return conv3d(x, kernel, bias, **window)
        return on_images(conv2d, x, kernel, bias, **window)

    def _by_gate(self, x: Any, masks: Any, kernel: Any, bias: Any, window: Any) -> Any:
        """The convolutions of all gates, of an input that each has its own factors for."""
        if masks is None:
            return self._convolved(x, kernel, bias, window)
        n = self.filters
        parts = [slice(k * n, (k + 1) * n) for k in range(4)]
        return concat(
            [
                self._convolved(
                    x * mask, kernel[..., part], None if bias is None else bias[part], window
                )
                for mask, part in zip(masks, parts, strict=True)
            ]
        )

    def of_input(self, inputs: Any, training: bool, bias: Any) -> Any:
        window = {
            "strides": self.strides,
            "padding": self.padding,
            "dilations": self.dilation_rate,
        }
        masks = self._mask("input", tuple(inputs.shape), self.dropout) if training else None
        return self._by_gate(inputs, masks, self.kernel, bias, window)

    def of_state(self, state: Any, training: bool, first: int = 0, last: int | None = None) -> Any:
        masks = self._mask("state", tuple(state.shape), self.recurrent_dropout)
        window = {"strides": (1,) * self.rank, "padding": "same"}
        return self._by_gate(
            state, masks if training else None, self.recurrent_kernel, None, window
        )


class _ConvLSTM(RNN):
    """What the three layers share; see the module."""

    rank: int
    filters = of_cell("filters")
    kernel_size = of_cell("kernel_size")
    strides = of_cell("strides")
    padding = of_cell("padding")
    dilation_rate = of_cell("dilation_rate")
    activation = of_cell("activation")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        **options: Any,
    ) -> None:
        given = locals()
        cell = made_cell(ConvLSTMCell, given, options, rank=self.rank)
        super().__init__(cell, **flags_in(given), **options)
        self.input_spec = InputSpec(ndim=self.rank + 3)

    def _state_shape(self, sequences_shape: Any) -> tuple[int, ...]:
        return self.cell.output_shape_for((sequences_shape[0], *sequences_shape[2:]))

    def build(self, sequences_shape, initial_state_shape=None):
        self._built_for = tuple(sequences_shape)
        super().build(sequences_shape, initial_state_shape)

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        batch, time = sequences_shape[:2]
        state = (batch, *self._state_shape(sequences_shape))
        output = (batch, time, *state[1:]) if self.return_sequences else state
        return [output, state, state] if self.return_state else output

    def get_initial_state(self, batch_size: int) -> list[Any]:
        shape = (batch_size, *self._state_shape(self._built_for))
        flat = self.cell.get_initial_state(batch_size)[0]
        return [zero_state(flat, shape=shape[1:]) for _ in range(2)]

    def _zeros(self, sequences: Any) -> list[Any]:
        shape = self._state_shape(sequences.shape)
        return [zero_state(sequences, shape=shape) for _ in range(2)]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        own = config.pop("cell")["config"]
        return {**config, **{k: v for k, v in own.items() if k not in ("name", "dtype")}}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        return cls(**config)


class ConvLSTM1D(_ConvLSTM):
    """Over (batch, time, length, channels)."""

    rank = 1


class ConvLSTM2D(_ConvLSTM):
    """Over (batch, time, height, width, channels)."""

    rank = 2


class ConvLSTM3D(_ConvLSTM):
    """Over (batch, time, depth, height, width, channels)."""

    rank = 3
