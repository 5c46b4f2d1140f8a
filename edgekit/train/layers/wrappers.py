"""Layers around a layer: Bidirectional and TimeDistributed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train.layers.core import Dense
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.regularization import Dropout
from edgekit.train.ops.gather import flip, fold_time, unfold_time
from edgekit.train.ops.shape import concat
from edgekit.train.structure import is_nested

__all__ = ["Bidirectional", "TimeDistributed", "Wrapper"]


class Wrapper(Layer):
    """The base of layers around one layer, kept in `layer`."""

    def __init__(self, layer: Any, **options: Any) -> None:
        super().__init__(**options)
        _check_layer(self, "layer", layer)
        self.layer = layer

    def build(self, input_shape=None):
        if not self.layer.built:
            self.layer.build_for(input_shape)

    def get_config(self) -> dict[str, Any]:
        from edgekit.train.saving.writing import model_config

        return {**super().get_config(), "layer": model_config(self.layer)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        from edgekit.train.saving.reading import model_from_config

        config = dict(config)
        return cls(model_from_config(config.pop("layer"), custom_objects), **config)


def _check_layer(owner: Layer, name: str, layer: Any) -> None:
    if not isinstance(layer, Layer):
        raise InputError(
            f"layer {owner.name!r}: {name} must be a layer. Received: {name}={layer!r} (of type "
            f"{type(layer).__name__})"
        )


class TimeDistributed(Wrapper):
    """One layer on every time of (batch, time, ...), with the same weights."""

    supports_masking = True

    def _of_one_time(self, input_shape: Any) -> Any:
        if len(input_shape) < 3:
            raise ShapeError(
                f"layer {self.name!r}: TimeDistributed expects (batch, time, ...) with at least "
                f"three axes. Received: input_shape={input_shape}"
            )
        return (input_shape[0], *input_shape[2:])

    def build(self, input_shape=None):
        if not self.layer.built:
            self.layer.build_for(self._of_one_time(input_shape))

    def compute_output_shape(self, input_shape):
        one = self.layer.compute_output_shape(self._of_one_time(input_shape))
        return (one[0], input_shape[1], *one[1:])

    def call(self, inputs, training=None, mask=None):
        batch, time = inputs.shape[:2]
        if isinstance(self.layer, Dense | Dropout):  # which take any number of axes
            return self.layer(inputs, **({"training": training} if training is not None else {}))
        if mask is not None and tuple(mask.shape[:2]) != (batch, time):
            raise ShapeError(
                f"layer {self.name!r}: expected a mask of shape {(batch, time)}. "
                f"Received: {tuple(mask.shape)}"
            )
        signature = self.layer._signature
        options: dict[str, Any] = {}
        if signature.takes_training:
            options["training"] = training
        if signature.takes_mask and mask is not None:
            options["mask"] = mask.reshape(batch * time, *mask.shape[2:])
        return unfold_time(self.layer(fold_time(inputs), **options), time=time)


_MODES = ("sum", "mul", "ave", "concat", None)


class Bidirectional(Layer):
    """A recurrent layer and its twin that walks backwards, merged.

    layer: a recurrent layer; it is copied, without its weights. merge_mode: "concat", "sum",
    "mul", "ave", or None for both outputs. backward_layer: used as it is; by default made from
    the config of `layer`. With return_sequences the backward outputs are turned around, so that
    both belong to the same times.
    """

    supports_masking = True

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        _check_layer(self, "layer", layer)
        if merge_mode not in _MODES:
            raise InputError(
                f"layer {self.name!r}: merge_mode is one of {_MODES}. Received: {merge_mode!r}"
            )
        self.forward_layer = _renamed(layer, "forward_", {})
        if backward_layer is None:
            turned = {"go_backwards": True}
            self.backward_layer = _renamed(layer, "backward_", turned)
        else:
            _check_layer(self, "backward_layer", backward_layer)
            self.backward_layer = backward_layer
        self._check_twins()
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(one, "zero_output_for_mask"):
                one.zero_output_for_mask = one.return_sequences
        self.merge_mode = merge_mode
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.input_spec = layer.input_spec
        self._first_weights = weights

    def _check_twins(self) -> None:
        one, other = self.forward_layer, self.backward_layer
        if one.go_backwards == other.go_backwards:
            raise InputError(
                f"layer {self.name!r}: the two layers must walk in opposite directions. Received: "
                f"go_backwards={one.go_backwards} in both"
            )
        different = [
            f"{name}={getattr(one, name)!r} and {getattr(other, name)!r}"
            for name in ("stateful", "return_sequences", "return_state")
            if getattr(one, name) != getattr(other, name)
        ]
        if different:
            raise InputError(
                f"layer {self.name!r}: the forward and the backward layer must agree. Received: "
                f"{'; '.join(different)}"
            )

    def build(self, sequences_shape, initial_state_shape=None):
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._first_weights:
            self.set_weights(self._first_weights)

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        shape = self.forward_layer.compute_output_shape(sequences_shape)
        states = []
        if self.return_state:
            shape, states = shape[0], list(shape[1:])
        if self.merge_mode is None:
            return [shape, shape, *states, *states]
        merged = shape
        if self.merge_mode == "concat":
            other = self.backward_layer.compute_output_shape(sequences_shape)
            merged = (*shape[:-1], shape[-1] + (other[0] if self.return_state else other)[-1])
        return [merged, *states, *states] if self.return_state else merged

    def compute_mask(self, inputs, previous_mask):
        mask = previous_mask[0] if is_nested(previous_mask) else previous_mask
        mask = mask if self.return_sequences else None
        masks = [mask, mask] if self.merge_mode is None else [mask]
        if self.return_state:
            count = 2 * len(self.forward_layer.state_size)
            return [*masks, *[None] * count]
        return masks if self.merge_mode is None else mask

    def call(self, sequences, initial_state=None, mask=None, training=None):
        options: dict[str, Any] = {"training": training, "mask": mask}
        first = second = options
        if initial_state is not None:
            half = len(initial_state) // 2
            first = {**options, "initial_state": list(initial_state[:half])}
            second = {**options, "initial_state": list(initial_state[half:])}
        y = self.forward_layer(sequences, **first)
        y_back = self.backward_layer(sequences, **second)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*y[1:], *y_back[1:])
            y, y_back = y[0], y_back[0]
        if self.return_sequences:
            y_back = flip(y_back, axis=1)
        if self.merge_mode is None:
            return (y, y_back, *states)
        output = self._merged(y, y_back)
        return (output, *states) if self.return_state else output

    def _merged(self, y: Any, y_back: Any) -> Any:
        if self.merge_mode == "concat":
            return concat([y, y_back], axis=-1)
        if self.merge_mode == "mul":
            return y * y_back
        total = y + y_back
        return total if self.merge_mode == "sum" else total * 0.5

    @property
    def states(self) -> Any:
        """The states of both layers, where they are stateful and built."""
        if self.forward_layer.states and self.backward_layer.states:
            return (*self.forward_layer.states, *self.backward_layer.states)
        return None

    def reset_state(self) -> None:
        """Set the states of stateful layers to zero."""
        if not self.stateful:
            raise InputError(f"layer {self.name!r} is not stateful; it has no states to reset")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def get_config(self) -> dict[str, Any]:
        from edgekit.train.saving.writing import model_config

        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": model_config(self.forward_layer),
            "backward_layer": model_config(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        from edgekit.train.saving.reading import model_from_config

        config = dict(config)
        layer = model_from_config(_unbuilt(config.pop("layer")), custom_objects)
        backward = config.pop("backward_layer", None)
        if backward is not None:
            backward = model_from_config(_unbuilt(backward), custom_objects)
        return cls(layer, backward_layer=backward, **config)


def _unbuilt(entry: Any) -> Any:
    """The config of a layer that its wrapper will build."""
    return {**entry, "build_config": None} if isinstance(entry, Mapping) else entry


def _renamed(layer: Any, prefix: str, changes: Mapping[str, Any]) -> Any:
    """A new layer of the same config, `prefix` before its name, without weights."""
    config = {**layer.get_config(), **changes}
    config["name"] = prefix + layer.name.removeprefix(prefix)
    return type(layer).from_config(config)
