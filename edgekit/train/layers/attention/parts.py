"""What attention in several heads is made of: projections, masks, shares."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train import activations
from edgekit.train.backend import constant
from edgekit.train.layers.parameters import Parameterized
from edgekit.train.layers.regularization import Dropout
from edgekit.train.ops.comparisons import where
from edgekit.train.ops.dense import dense
from edgekit.train.ops.reductions import broadcast_to
from edgekit.train.symbolic import infer_shapes
from edgekit.train.tensor import Variable

__all__ = ["HeadDense", "Heads", "broadcast", "joined", "wide"]

# what a score is where nothing may be attended to: its share is zero in float32 and float16
_NOTHING = -3e4


class HeadDense(Parameterized):
    """x (..., *summed) times kernel (*summed, *made), plus bias (*made): (..., *made)."""

    def __init__(self, summed: tuple[int, ...], made: tuple[int, ...], options: Any) -> None:
        super().__init__(name=options["name"])
        self.summed, self.made = summed, made
        self.use_bias = options["use_bias"]
        self._declare_from(options, "kernel", "bias")
        self.bias: Variable | None = None

    def build(self, input_shape):
        self.kernel = self._make("kernel", (*self.summed, *self.made))
        if self.use_bias:
            self.bias = self._make("bias", self.made)

    def call(self, inputs):
        rows, columns = math.prod(self.summed), math.prod(self.made)
        outer = tuple(inputs.shape[: len(inputs.shape) - len(self.summed)])
        flat = inputs if len(self.summed) == 1 else inputs.reshape(*outer, rows)
        bias = None if self.bias is None else self.bias.reshape(columns)
        y = dense(flat, self.kernel.reshape(rows, columns), bias)
        return y if len(self.made) == 1 else y.reshape(*outer, *self.made)


class Heads(Parameterized):
    """What both layers share: projections to heads and back, and masks."""

    supports_masking = True
    _gate_dense: HeadDense
    _prefix = ""
    shared_names = (
        "dropout",
        "use_bias",
        "use_gate",
        "sliding_window",
        "kernel_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "bias_regularizer",
        "kernel_constraint",
        "bias_constraint",
        "seed",
    )

    def __init__(self, given: dict[str, Any], options: dict[str, Any]) -> None:
        super().__init__(**options)
        window = given["sliding_window"]
        if window is not None and (not isinstance(window, int) or window <= 0):
            raise InputError(
                f"layer {self.name!r}: sliding_window is None or a positive integer. "
                f"Received: sliding_window={window!r}"
            )
        self.dropout = given["dropout"]
        self.use_bias = given["use_bias"]
        self.use_gate = given["use_gate"]
        self.sliding_window = window
        self.seed = given["seed"]
        self._declare_from(given, "kernel", "bias")
        self.dropout_layer = Dropout(self.dropout, seed=self.seed)

    def _dense(self, name: str, summed: tuple[int, ...], made: tuple[int, ...]) -> HeadDense:
        options = {key: getattr(self, key) for key in self.shared_names}
        layer = HeadDense(summed, made, {**options, "name": name})
        layer.build_for((None, *summed))
        return layer

    def output_spec(self, inputs: Any, args: Any = (), kwargs: Any = None) -> Any:
        return infer_shapes(self.__call__, (inputs, *args), kwargs or {})

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        mask = joined(
            wide(query_mask, -1),
            wide(value_mask, -2),
            None if key is None else wide(key_mask, -2),
            self._steps_mask(query, value, use_causal_mask),
            attention_mask,
        )
        gate = self._gate_dense(query) if self.use_gate else None
        heads = self._projection("query")(query)
        output, scores = self.attend(
            heads,
            self._projection("key")(value if key is None else key),
            self._projection("value")(value),
            mask,
            training,
            bool(self.dropout or return_attention_scores or len(heads.shape) != 4),
        )
        output = output if gate is None else output * activations.sigmoid(gate)
        output = self._projection("output")(output)
        return (output, scores) if return_attention_scores else output

    def _projection(self, name: str) -> HeadDense:
        """The projection under the name of the attribute that Keras has it in."""
        found: HeadDense = getattr(self, f"{self._prefix}{name}_dense")
        return found

    def _steps_mask(self, query: Any, value: Any, causal: bool) -> Any:
        """Which values each query may see by its place alone, (1, queries, values), or None."""
        queries, values = query.shape[1], value.shape[1]
        distance = np.arange(queries)[:, None] - np.arange(values)[None]
        kept = np.ones((queries, values), bool)
        if causal:
            kept &= distance >= 0
        if self.sliding_window is not None:
            kept &= np.abs(distance) < self.sliding_window
        if not causal and self.sliding_window is None:
            return None
        return constant(kept[None], query)

    def attend(
        self, query: Any, key: Any, value: Any, mask: Any, training: Any, zeroed: bool
    ) -> Any:
        raise NotImplementedError

    def shares(self, scores: Any, mask: Any, zeroed: bool) -> Any:
        """The softmax of the scores over the last axis, over what the mask leaves.

        A query that may see nothing gets zeros, or (not `zeroed`) the mean of all values: Keras
        has both, by whether it hands the work to a fused function of its backend.
        """
        if mask is None:
            return activations.softmax(scores)
        found = activations.softmax(where(mask, scores, _NOTHING))
        return where(mask, found, 0.0) if zeroed else found


def wide(mask: Any, axis: int) -> Any:
    """A mask with one axis more, which is `axis` of the result; None stays None."""
    if mask is None:
        return None
    at = len(mask.shape) + 1 + axis
    return mask.reshape(*mask.shape[:at], 1, *mask.shape[at:])


def joined(*masks: Any) -> Any:
    """True where all the masks are that are given; None where none is."""
    joined = None
    for mask in masks:
        if mask is not None:
            joined = mask if joined is None else joined * mask
    return joined


def broadcast(mask: Any, shape: tuple[int, ...]) -> Any:
    """A mask, array or tensor, repeated to a shape."""
    if isinstance(mask, np.ndarray):
        return np.broadcast_to(mask, shape)
    return broadcast_to(mask, shape=shape)
