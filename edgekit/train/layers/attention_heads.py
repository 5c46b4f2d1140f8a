"""MultiHeadAttention and GroupQueryAttention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train import activations, initializers, regularizers
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.regularization import Dropout
from edgekit.train.layers.weights import constraint_from
from edgekit.train.ops.comparisons import where
from edgekit.train.ops.dense import dense
from edgekit.train.ops.math import matmul
from edgekit.train.ops.reductions import broadcast_to
from edgekit.train.ops.shape import transpose
from edgekit.train.symbolic import infer_shapes
from edgekit.train.tensor import Variable

__all__ = ["GroupQueryAttention", "MultiHeadAttention"]

# what a score is where nothing may be attended to: its share is zero in float32 and float16
_NOTHING = -3e4


class HeadDense(Layer):
    """x (..., *summed) times kernel (*summed, *made), plus bias (*made): (..., *made)."""

    def __init__(self, summed: tuple[int, ...], made: tuple[int, ...], options: Any) -> None:
        super().__init__(name=options["name"])
        self.summed, self.made = summed, made
        self.options = options
        self.bias: Variable | None = None

    def build(self, input_shape):
        given = self.options
        self.kernel = self.add_weight(
            (*self.summed, *self.made),
            given["kernel_initializer"],
            regularizer=given["kernel_regularizer"],
            constraint=given["kernel_constraint"],
            name="kernel",
        )
        if given["use_bias"]:
            self.bias = self.add_weight(
                self.made,
                given["bias_initializer"],
                regularizer=given["bias_regularizer"],
                constraint=given["bias_constraint"],
                name="bias",
            )

    def call(self, inputs):
        rows, columns = math.prod(self.summed), math.prod(self.made)
        outer = tuple(inputs.shape[: len(inputs.shape) - len(self.summed)])
        flat = inputs if len(self.summed) == 1 else inputs.reshape(*outer, rows)
        bias = None if self.bias is None else self.bias.reshape(columns)
        y = dense(flat, self.kernel.reshape(rows, columns), bias)
        return y if len(self.made) == 1 else y.reshape(*outer, *self.made)


class _Heads(Layer):
    """What both layers share: projections to heads and back, and masks."""

    supports_masking = True
    _gate_dense: HeadDense
    _prefix = ""
    _shared_names = (
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
        for name in ("kernel", "bias"):
            for kind, get in (
                ("initializer", initializers.get),
                ("regularizer", regularizers.get),
                ("constraint", constraint_from),
            ):
                setattr(self, f"{name}_{kind}", get(given[f"{name}_{kind}"]))
        self.dropout_layer = Dropout(self.dropout, seed=self.seed)

    def _dense(self, name: str, summed: tuple[int, ...], made: tuple[int, ...]) -> HeadDense:
        options = {key: getattr(self, key) for key in self._shared_names}
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
        mask = _joined(
            _wide(query_mask, -1),
            _wide(value_mask, -2),
            None if key is None else _wide(key_mask, -2),
            self._steps_mask(query.shape[1], value.shape[1], use_causal_mask),
            attention_mask,
        )
        gate = self._gate_dense(query) if self.use_gate else None
        output, scores = self._attend(
            self._projection("query")(query),
            self._projection("key")(value if key is None else key),
            self._projection("value")(value),
            mask,
            training,
        )
        output = output if gate is None else output * activations.sigmoid(gate)
        output = self._projection("output")(output)
        return (output, scores) if return_attention_scores else output

    def _projection(self, name: str) -> HeadDense:
        """The projection under the name of the attribute that Keras has it in."""
        found: HeadDense = getattr(self, f"{self._prefix}{name}_dense")
        return found

    def _steps_mask(self, queries: int, values: int, causal: bool) -> Any:
        """Which values each query may see by its place alone, (1, queries, values), or None."""
        distance = np.arange(queries)[:, None] - np.arange(values)[None]
        kept = np.ones((queries, values), bool)
        if causal:
            kept &= distance >= 0
        if self.sliding_window is not None:
            kept &= np.abs(distance) < self.sliding_window
        return kept[None] if causal or self.sliding_window is not None else None

    def _attend(self, query: Any, key: Any, value: Any, mask: Any, training: Any) -> Any:
        raise NotImplementedError

    def _shares(self, scores: Any, mask: Any) -> Any:
        """The softmax of the scores over the last axis, zero where the mask says no."""
        if mask is None:
            return activations.softmax(scores)
        return where(mask, activations.softmax(where(mask, scores, _NOTHING)), 0.0)


class MultiHeadAttention(_Heads):
    """softmax(query @ key / sqrt(key_dim)) @ value in several heads, projected to and fro.

    query (batch, T, ...), value and key (batch, S, ...); the result has the shape of query, or its
    last axis is `output_shape`. Masks are True where something is to be seen: query_mask
    (batch, T), value_mask and key_mask (batch, S), attention_mask (batch, T, S).
    `flash_attention` changes nothing here. Source: Vaswani et al. 2017.
    """

    config_names = (
        "num_heads", "key_dim", "value_dim", "output_shape", "attention_axes",
        *_Heads._shared_names,
    )  # fmt: skip

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        given = dict(locals())
        super().__init__(given, {**options, "activity_regularizer": activity_regularizer})
        sizes = {"num_heads": num_heads, "key_dim": key_dim, "value_dim": value_dim or key_dim}
        wrong = [f"{k}={v!r}" for k, v in sizes.items() if not isinstance(v, int) or v <= 0]
        if wrong:
            raise InputError(
                f"layer {self.name!r}: num_heads, key_dim and value_dim must be positive "
                f"integers. Received: {', '.join(wrong)}"
            )
        self.num_heads, self.key_dim, self.value_dim = sizes.values()
        one = isinstance(output_shape, int)
        self.output_shape = (
            ((output_shape,) if one else tuple(output_shape)) if (output_shape) else None
        )
        self.attention_axes = (
            (attention_axes,) if isinstance(attention_axes, int)
            else tuple(attention_axes) if attention_axes else None
        )  # fmt: skip

    def build(self, query_shape, value_shape, key_shape=None):  # type: ignore[override]
        key_shape = value_shape if key_shape is None else key_shape
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ShapeError(
                f"layer {self.name!r}: value and key must agree in all axes but the last. "
                f"Received: value_shape={value_shape} and key_shape={key_shape}"
            )
        heads, keys, values = self.num_heads, self.key_dim, self.value_dim
        self.query_dense = self._dense("query", (query_shape[-1],), (heads, keys))
        self.key_dense = self._dense("key", (key_shape[-1],), (heads, keys))
        if self.use_gate:
            self._gate_dense = self._dense("gate", (query_shape[-1],), (heads, values))
        self.value_dense = self._dense("value", (value_shape[-1],), (heads, values))
        made = self.output_shape or (query_shape[-1],)
        self.output_dense = self._dense("attention_output", (heads, values), made)
        rank = len(value_shape)
        axes = self.attention_axes or tuple(range(1, rank - 1))
        self.attention_axes = tuple(axis if axis >= 0 else rank + axis for axis in axes)

    def compute_output_shape(  # type: ignore[override]
        self, query_shape, value_shape, key_shape=None
    ):
        return (*query_shape[:-1], *(self.output_shape or query_shape[-1:]))

    def _attend(self, query: Any, key: Any, value: Any, mask: Any, training: Any) -> Any:
        """Scores over all attention axes at once: they are laid side by side, heads before."""
        query = query * (1.0 / math.sqrt(self.key_dim))
        axes = self.attention_axes or ()
        rank = len(query.shape)
        rest = [axis for axis in range(rank - 2) if axis not in axes]
        order = (*rest, rank - 2, *axes, rank - 1)
        q, k, v = (transpose(x, axes=order) for x in (query, key, value))
        seen, looked_at = (x.shape[len(rest) + 1 : -1] for x in (q, k))
        q, k, v = (_side_by_side(x, len(rest) + 1) for x in (q, k, v))
        scores = matmul(q, k.swapaxes(-2, -1))
        wide = (*q.shape[:-2], *seen, *looked_at)
        if mask is not None:
            while len(mask.shape) < len(wide):
                mask = _wide(mask, -2 * len(axes) - 1)
            if len(axes) > 1:
                mask = _broadcast(mask, wide).reshape(scores.shape)
        shares = self._shares(scores, mask)
        dropped = self.dropout_layer(shares, training=training) if self.dropout else shares
        mixed = matmul(dropped, v).reshape(*q.shape[:-2], *seen, v.shape[-1])
        output = transpose(mixed, axes=tuple(int(i) for i in np.argsort(order)))
        return output, shares if len(axes) == 1 else shares.reshape(wide)


def _side_by_side(x: Any, before: int) -> Any:
    """(..., several axes, channels) with these axes as one, after the first `before`."""
    if len(x.shape) == before + 2:
        return x
    return x.reshape(*x.shape[:before], math.prod(x.shape[before:-1]), x.shape[-1])


class GroupQueryAttention(_Heads):
    """MultiHeadAttention in which several query heads share one head of key and value.

    Source: Ainslie et al. 2023.
    """

    keras_class = "GroupedQueryAttention"  # what Keras calls it in names and in files of weights
    _prefix = "_"
    config_names = (
        "head_dim", "num_query_heads", "num_key_value_heads", *_Heads._shared_names,
    )  # fmt: skip

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        given = dict(locals())
        super().__init__(given, {**options, "activity_regularizer": activity_regularizer})
        if num_query_heads % num_key_value_heads:
            raise InputError(
                f"layer {self.name!r}: num_query_heads must be a multiple of num_key_value_heads. "
                f"Received: {num_query_heads} and {num_key_value_heads}"
            )
        self.head_dim = head_dim
        self.num_query_heads, self.num_key_value_heads = num_query_heads, num_key_value_heads

    def build(self, query_shape, value_shape, key_shape=None):  # type: ignore[override]
        key_shape = value_shape if key_shape is None else key_shape
        queries = (self.num_query_heads, self.head_dim)
        values = (self.num_key_value_heads, self.head_dim)
        self._query_dense = self._dense("query", (query_shape[-1],), queries)
        self._key_dense = self._dense("key", (key_shape[-1],), values)
        if self.use_gate:
            self._gate_dense = self._dense("gate", (query_shape[-1],), queries)
        self._value_dense = self._dense("value", (value_shape[-1],), values)
        self._output_dense = self._dense("attention_output", queries, (query_shape[-1],))

    def compute_output_shape(  # type: ignore[override]
        self, query_shape, value_shape, key_shape=None
    ):
        return tuple(query_shape)

    def _attend(self, query: Any, key: Any, value: Any, mask: Any, training: Any) -> Any:
        """Query heads that share a key lie side by side as more queries of one head."""
        batch, queries, _, size = query.shape
        groups = self.num_key_value_heads
        each = self.num_query_heads // groups
        q = query * (1.0 / math.sqrt(size))
        q = transpose(q.reshape(batch, queries, groups, each, size), axes=(0, 2, 3, 1, 4))
        q = q.reshape(batch, groups, each * queries, size)
        scores = matmul(q, transpose(key, axes=(0, 2, 3, 1)))
        scores = scores.reshape(batch, self.num_query_heads, queries, key.shape[1])
        shares = self._shares(scores, None if mask is None else _wide(mask, -3))
        dropped = self.dropout_layer(shares, training=training) if self.dropout else shares
        rows = dropped.reshape(batch, groups, each * queries, key.shape[1])
        mixed = matmul(rows, transpose(value, axes=(0, 2, 1, 3)))
        mixed = mixed.reshape(batch, self.num_query_heads, queries, size)
        return transpose(mixed, axes=(0, 2, 1, 3)), shares


def _wide(mask: Any, axis: int) -> Any:
    """A mask with one axis more, which is `axis` of the result; None stays None."""
    if mask is None:
        return None
    at = len(mask.shape) + 1 + axis
    return mask.reshape(*mask.shape[:at], 1, *mask.shape[at:])


def _joined(*masks: Any) -> Any:
    """True where all the masks are that are given; None where none is."""
    joined = None
    for mask in masks:
        if mask is not None:
            joined = mask if joined is None else joined * mask
    return joined


def _broadcast(mask: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(mask, np.ndarray):
        return np.broadcast_to(mask, shape)
    return broadcast_to(mask, shape=shape)
