"""Dense, the inputs of a model, and layers that wrap a function."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from edgekit.errors import InputError, ShapeError
from edgekit.train import activations, constraints, initializers, regularizers
from edgekit.train.backend import current_device
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer
from edgekit.train.ops.dense import dense
from edgekit.train.symbolic import SymbolicTensor, infer_shapes, note_call
from edgekit.train.tensor import Variable

__all__ = ["Activation", "Dense", "Identity", "Input", "InputLayer", "Lambda"]


class InputLayer(Layer):
    """Where a model's data comes in. `shape` is without the batch, `batch_shape` with it."""

    supports_masking = True
    casts_inputs = False

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        batch_shape: Any = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name=name, **options)
        self.input_dtype = str(
            dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype or "float32"
        )
        if shape is None and batch_shape is None:
            raise InputError("Input needs `shape` (without the batch) or `batch_shape`.")
        self.batch_shape = tuple(batch_shape) if batch_shape else (batch_size, *_as_tuple(shape))
        for size in self.batch_shape:
            if size is not None and (not isinstance(size, int) or size < 0):
                raise ShapeError(
                    f"Input expects sizes of at least 0, or None. Received: {self.batch_shape}"
                )
        self.built = True
        self._build_shape = None
        note_call(self, (), {}, SymbolicTensor(self.batch_shape, self.input_dtype, self.name))
        self.output.name = self.name

    def call(self, inputs):
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": self.batch_shape, "dtype": self.input_dtype, "name": self.name}


def Input(  # noqa: N802 - Keras' name
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: SymbolicTensor | None = None,
    **options: Any,
) -> SymbolicTensor:
    """A symbolic tensor from which a functional model starts; `shape` is without the batch.

    tensor: one that is there already, to be used as it is.
    """
    if tensor is not None:
        return tensor
    return InputLayer(shape, batch_size, dtype, batch_shape, name=name, **options).output


class Dense(Layer):
    """activation(x @ kernel + bias); kernel (inputs, units), on the last axis of x."""

    supports_masking = True
    config_names = (
        "units",
        "activation",
        "use_bias",
        "kernel_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "bias_regularizer",
        "kernel_constraint",
        "bias_constraint",
    )

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        if isinstance(units, bool) or not isinstance(units, int) or units <= 0:
            raise InputError(
                f"layer {self.name!r}: units must be a positive integer. Received: units={units}"
            )
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.bias: Variable | None = None

    def build(self, input_shape):
        size = input_shape[-1]
        if size is None:
            raise ShapeError(
                f"layer {self.name!r}: the last axis of its input must be known. "
                f"Received: input_shape={input_shape}"
            )
        self.kernel = self.add_weight(
            (size, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})

    def call(self, inputs):
        if current_device() != "cpu":
            from edgekit.train.gpu.activated import multiplied

            if (y := multiplied(self, inputs)) is not None:
                return y
        return self.activation(dense(inputs, self.kernel, self.bias))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)


class Activation(Layer):
    """One activation function, by name or as a callable."""

    supports_masking = True
    config_names = ("activation",)

    def __init__(self, activation: Any, **options: Any) -> None:
        super().__init__(**options)
        self.activation = activations.get(activation)
        self.built = True

    def call(self, inputs):
        return self.activation(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


class Identity(Layer):
    """Its input, unchanged."""

    supports_masking = True
    casts_inputs = False

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape


class Lambda(Layer):
    """A Python function as a layer.

    output_shape: a shape without the batch, or a function of the input's shape; found by trying
    where it is not given. mask: a mask, or a function of (inputs, mask). arguments: further keyword
    arguments of the function. A file holds the name of the function, or the code of a lambda, which
    is run only where it is loaded with `safe_mode=False`; a subclass of Layer is the better way.
    """

    casts_inputs = False

    def __init__(
        self,
        function: Any,
        output_shape: Any = None,
        mask: Any = None,
        arguments: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.function = function
        self.arguments = dict(arguments or {})
        self.output_shape_given = output_shape
        self.mask = mask
        self.supports_masking = mask is not None
        self.built = True

    def call(self, inputs, mask=None, training=None):
        taken = inspect.signature(self.function).parameters if callable(self.function) else {}
        known = {"mask": mask, "training": training}
        given = {name: value for name, value in known.items() if name in taken}
        return self.function(inputs, **given, **self.arguments)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape):
        given = self.output_shape_given
        if given is None:
            return super().compute_output_shape(input_shape)
        if callable(given):
            return tuple(given(input_shape))
        batch = input_shape[0]
        return (batch[0] if isinstance(batch, tuple | list) else batch, *_as_tuple(given))

    def output_spec(self, inputs: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self.output_shape_given is None:
            return infer_shapes(self.__call__, (inputs, *args), kwargs or {})
        return super().output_spec(inputs, args, kwargs)

    def get_config(self) -> dict[str, Any]:
        from edgekit.train.saving.functions import function_config

        config = {**super().get_config(), "function": function_config(self.function)}
        if self.output_shape_given is not None:
            given = self.output_shape_given
            config["output_shape"] = function_config(given) if callable(given) else given
        if self.mask is not None:
            config["mask"] = function_config(self.mask) if callable(self.mask) else self.mask
        config["arguments"] = self.arguments
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        from edgekit.train.saving.functions import function_from_config

        given, owner = dict(config), f"layer {config.get('name')!r}"
        for name in ("function", "output_shape", "mask"):
            if name == "function" or isinstance(given.get(name), Mapping):
                given[name] = function_from_config(given.get(name), owner)
        if isinstance(given.get("output_shape"), list):
            given["output_shape"] = tuple(given["output_shape"])
        return cls(**given)


def _as_tuple(shape: Any) -> tuple[Any, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)
