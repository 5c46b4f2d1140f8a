"""What happens when a layer is called: inputs made tensors, weights made, `training` and masks."""

from __future__ import annotations

import warnings
from contextvars import ContextVar
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import array_module, asarray, is_floating
from edgekit.train.layers.added_losses import HOLDING_LOSSES
from edgekit.train.layers.input_spec import check_inputs
from edgekit.train.layers.signature import Signature
from edgekit.train.masks import mask_of, masks_of, set_mask, set_masks
from edgekit.train.ops.math import cast
from edgekit.train.ops.storage import converted, widened
from edgekit.train.primitive import scope_state
from edgekit.train.structure import flatten, is_nested, map_structure
from edgekit.train.symbolic import has_symbolic, note_call
from edgekit.train.tensor import Tensor, wrap

__all__ = ["Calling", "is_plain"]

# What an outer layer runs in, training or not; layers inside of it follow. None outside of all.
_training: ContextVar[bool | None] = ContextVar("training", default=None)


class MissingInput(InputError, TypeError):
    """A layer was called without its first argument."""


class Calling:
    """The part of a layer that calls it."""

    name: str
    built: bool
    input_spec: Any = None
    # layers that take integers as they come (an embedding) set this to False
    casts_inputs = True
    supports_masking = False
    _checked_shape: Any = None  # of the last input that fitted: the next batch has it too
    _makes_masks = False  # whether compute_mask does more than to hand the mask on
    activity_regularizer: Any
    autocast: bool
    _signature: Signature
    _arithmetic: Any = None  # the dtype in which the layer computes
    _storage: Any  # the dtype of 16 bits in which outputs are kept, or None
    call: Any
    build_for: Any
    compute_mask: Any
    output_spec: Any
    add_loss: Any
    forget_losses: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        training = kwargs.pop("training", None) if kwargs else None
        plain = len(args) == 1 and not kwargs
        if plain:
            if type(args[0]) is np.ndarray and self._arithmetic is not None:
                args = (self._as_tensors(args[0]),)
            plain = type(args[0]) is Tensor
        if not plain or args[0].data.dtype is not self._arithmetic or self._storage is not None:
            if self._arithmetic is None:
                raise InputError(f"{type(self).__name__}: __init__ must call super().__init__()")
            args = self._with_first(args, kwargs)
            if has_symbolic(args, kwargs):
                if training is not None:
                    kwargs["training"] = training
                return self._call_symbolic(args, kwargs)
            args = (self._as_tensors(args[0]), *map(self._as_argument, args[1:]))
            kwargs = {name: self._as_argument(value) for name, value in kwargs.items()}
        inputs = args[0]
        if not self.built:
            self.build_for(self._signature.build_shapes(args, kwargs))
        if self.input_spec is not None and (not plain or inputs.data.shape != self._checked_shape):
            check_inputs(self.input_spec, inputs, self.name)
            self._checked_shape = inputs.data.shape if plain else None
        masks = self._with_masks(args, kwargs)
        if self._storage is None:
            outputs = self._run(args, kwargs, training)
        else:
            outputs = self._run_stored(args, kwargs, training)
        if self.activity_regularizer is not None:
            self._add_activity_losses(outputs)
        if masks is not None or self._makes_masks:
            self._hand_masks_on(inputs, outputs, masks)
        return outputs

    @property
    def training_default(self) -> bool:
        """What `training` is for this layer where nobody says anything."""
        return self._signature.training_default

    def _with_first(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments by position, the first of them also where it came by keyword."""
        first = self._signature.first
        if args:
            return args
        if first not in kwargs:
            raise MissingInput(f"layer {self.name!r} was called without {first!r}")
        return (kwargs.pop(first),)

    def _hand_masks_on(self, inputs: Any, outputs: Any, masks: Any) -> None:
        carries = [mask_of(x) is not None for x in flatten(outputs)]
        if self.supports_masking:
            if not all(carries):
                set_masks(outputs, self.compute_mask(inputs, masks))
        elif masks is not None and not any(carries):
            warnings.warn(
                f"layer {self.name!r} ({type(self).__name__}) does not support masking: the mask "
                "of its input ends here, and later layers will not see it",
                stacklevel=3,
            )

    def _run(self, args: Any, kwargs: dict[str, Any], training: Any) -> Any:
        """`call` under the layer's name, and in or out of training."""
        outer = _training.get()
        if training is None:
            training = self._signature.training_default if outer is None else outer
        else:
            training = bool(training)
        if self._signature.takes_training:
            kwargs["training"] = training
        before = scope_state.scope
        if not before and HOLDING_LOSSES:  # called by nobody's `call`
            self.forget_losses()
        scope_state.scope = f"{before}/{self.name}" if before else self.name
        token = None if training is outer else _training.set(training)
        try:
            return self.call(*args, **kwargs)
        finally:
            scope_state.scope = before
            if token is not None:
                _training.reset(token)

    def _with_masks(self, args: Any, kwargs: dict[str, Any]) -> Any:
        """The masks of the first argument, which `call` gets as `mask` where it was given none.

        With further tensors among the arguments (value of an attention, states of a recurrent
        layer) each has its own, `value_mask`, and there is no `mask`: as in Keras.
        """
        given = kwargs.get("mask") if kwargs else None
        masks = masks_of(args[0]) if given is None else given
        if len(args) == 1 and not kwargs and masks is None:
            return None
        signature = self._signature
        further = signature.further_tensors(args, kwargs)
        if not further:
            if signature.takes_mask and masks is not None and given is None:
                kwargs["mask"] = masks
            return masks
        for name, value in ((signature.first, args[0]), *further):
            mask_name = f"{name}_mask"
            if mask_name in signature.names and kwargs.get(mask_name) is None:
                kwargs[mask_name] = masks_of(value)
        return masks

    def _add_activity_losses(self, outputs: Any) -> None:
        for x in flatten(outputs):
            if isinstance(x, Tensor):
                loss = self.activity_regularizer(widened(x))
                self.add_loss(loss * (1.0 / max(len(x), 1)) if x.ndim else loss)

    def _as_tensors(self, inputs: Any) -> Any:
        """The inputs as tensors in the dtype in which the layer computes.

        Integers too, unless the layer takes them as they are.
        """
        if isinstance(inputs, Tensor):
            if inputs.data.dtype.kind in "iub" and self.casts_inputs:
                return self._cast(_same_mask(inputs, cast(inputs, dtype=self._arithmetic)))
            return self._cast(inputs)
        if inputs is None or hasattr(inputs, "__symbolic_call__"):
            return inputs
        if is_nested(inputs) and not _is_plain_data(inputs):
            return map_structure(self._as_tensors, inputs)
        try:
            array = asarray(inputs)
        except (TypeError, ValueError) as error:
            raise ShapeError(f"layer {self.name!r}: the input is not an array: {error}") from error
        if array.dtype == self._arithmetic and self._storage is None:
            return wrap(array)
        if array.dtype.kind not in "fiub" and not is_floating(array.dtype):
            if not self.casts_inputs:
                return inputs
            raise ShapeError(
                f"layer {self.name!r}: expected an input of numbers. Received: dtype={array.dtype}"
            )
        keep = not (self.autocast if is_floating(array.dtype) else self.casts_inputs)
        return wrap(array) if keep else self._cast(wrap(asarray(array, self._arithmetic)))

    def _cast(self, x: Tensor) -> Tensor:
        dtype, wanted = x.data.dtype, self._arithmetic
        if self._storage is not None and not isinstance(x.data, np.ndarray):
            wanted = self._computes_in()
        if dtype == wanted or not is_floating(dtype) or not self.autocast:
            return x
        return _same_mask(x, converted(x, wanted))

    def _computes_in(self) -> Any:
        """The dtype in which this layer computes on a GPU."""
        from edgekit.train.gpu.half import computes_in_half

        return self._storage if computes_in_half(self) else self._arithmetic

    def _run_stored(self, args: Any, kwargs: dict[str, Any], training: Any) -> Any:
        """`_run`, with the outputs in the 16 bits in which they are kept."""
        inputs = [x.data for x in flatten(args[0]) if isinstance(x, Tensor)]
        if all(isinstance(data, np.ndarray) for data in inputs):
            outputs = self._run(args, kwargs, training)
        else:
            from edgekit.train.gpu.half import weights_in

            with weights_in(self._computes_in()):
                outputs = self._run(args, kwargs, training)
        return map_structure(self._as_stored, outputs)

    def _as_stored(self, x: Any) -> Any:
        """An output in the 16 bits in which it is kept."""
        if not isinstance(x, Tensor) or x.data.dtype != np.float32:
            return x
        return _same_mask(x, converted(x, self._storage))

    def _as_argument(self, value: Any) -> Any:
        """A further argument: arrays as tensors, integers and everything else as they are."""
        if isinstance(value, Tensor):
            return self._cast(value)
        if type(value).__module__ in ("numpy", "cupy") and hasattr(value, "ndim"):
            return self._cast(wrap(array_module(value).asarray(value)))
        if isinstance(value, list | tuple) and any(hasattr(x, "shape") for x in value):
            return type(value)(map(self._as_argument, value))
        return value

    def _call_symbolic(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not self.built:
            self.build_for(self._signature.build_shapes(args, kwargs))
        if self.input_spec is not None:
            check_inputs(self.input_spec, args[0], self.name)
        return note_call(self, args, kwargs, self.output_spec(args[0], args[1:], kwargs))


def _same_mask(x: Tensor, converted: Any) -> Any:
    """What a tensor was converted to, with its mask."""
    if (mask := mask_of(x)) is not None:
        set_mask(converted, mask)
    return converted


def is_plain(layer: Any) -> bool:
    """Whether a call of the layer is its `call` and nothing more."""
    return layer.activity_regularizer is None and "call" not in vars(layer)


def _is_plain_data(inputs: Any) -> bool:
    """True for nested lists of numbers, which are one array and not several inputs."""
    return isinstance(inputs, list | tuple) and all(
        isinstance(x, int | float | str) or (isinstance(x, list | tuple) and _is_plain_data(x))
        for x in inputs
    )
