"""The base of every layer: weights, names, configs, and what happens when a layer is called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train import activations
from edgekit.train.backend import asarray
from edgekit.train.layers.input_spec import Shape, check_inputs
from edgekit.train.layers.weights import WeightHolder
from edgekit.train.names import snake_case, unique_name
from edgekit.train.serialization import Serializable, accept_options, plain
from edgekit.train.structure import is_nested, map_structure
from edgekit.train.symbolic import Call, SymbolicTensor, has_symbolic, infer_shapes, note_call
from edgekit.train.tape import name_scope
from edgekit.train.tensor import Tensor, wrap

__all__ = ["Layer"]

# True while an outer layer runs in training mode; layers inside of it follow.
_training: ContextVar[bool] = ContextVar("training", default=False)


class Layer(WeightHolder, Serializable):
    """A function with weights.

    Subclasses write `build(input_shape)`, which makes weights with `add_weight`, and
    `call(inputs)`, which may take `training`. Layers kept in attributes (also in lists, tuples and
    dicts) are found, with their weights.

    name: a unique name; the class' name in snake case by default.
    trainable: whether `trainable_weights` holds anything.
    dtype: "float32".
    """

    keras_module = "keras.layers"
    input_spec: Any = None
    # layers that take integers as they come (an embedding) set this to False
    casts_inputs = True
    _takes_training = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._takes_training = "training" in inspect.signature(cls.call).parameters
        if "build" in vars(cls):
            cls.build = _noted(cls.build)  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        input_shape: Any = None,
        input_dim: int | None = None,
        batch_input_shape: Any = None,
        **options: Any,
    ) -> None:
        if options:
            accept_options(
                f"layer {name or type(self).__name__!r} ({type(self).__name__})", options
            )
        if name is not None and not isinstance(name, str):
            raise InputError(f"a layer's name must be a string. Received: name={name!r}")
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.dtype = _checked_dtype(dtype, self.name)
        self.built = False
        self.declared_input_shape: Shape | None = None
        if input_dim is not None:
            input_shape = (input_dim,)
        if input_shape is not None:
            batch_input_shape = (None, *input_shape)
        if batch_input_shape is not None:
            self.declared_input_shape = tuple(batch_input_shape)
        self._trainable = bool(trainable)
        self._variables = []
        self._losses = []
        self._build_shape: Any = None
        self.calls: list[Call] = []

    # -- to be written by subclasses --------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape (a list of shapes for several inputs)."""

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; to be written by subclasses."""
        raise NotImplementedError(f"layer {self.name!r}: {type(self).__name__} has no call()")

    # -- calling ----------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not hasattr(self, "_variables"):
            raise InputError(f"{type(self).__name__}: __init__ must call super().__init__()")
        if not args:
            args = (kwargs.pop(_first_argument(type(self))),)
        if has_symbolic(args, kwargs):
            return self._call_symbolic(args, kwargs)
        inputs = self._as_tensors(args[0])
        if not self.built:
            self.build_for(_shapes_of(inputs))
        if self.input_spec is not None:
            check_inputs(self.input_spec, inputs, self.name)
        outer = _training.get()
        training = kwargs.pop("training", None)
        training = outer if training is None else bool(training)
        if self._takes_training:
            kwargs["training"] = training
        with name_scope(self.name):
            if training is outer:
                return self.call(inputs, *args[1:], **kwargs)
            token = _training.set(training)
            try:
                return self.call(inputs, *args[1:], **kwargs)
            finally:
                _training.reset(token)

    def _as_tensors(self, inputs: Any) -> Any:
        """Arrays, lists and numbers as tensors of the layer's dtype; tensors as they are."""
        if isinstance(inputs, Tensor):
            return inputs
        if is_nested(inputs) and not _is_plain_data(inputs):
            return map_structure(self._as_tensors, inputs)
        if inputs is None:
            return None
        try:
            array = asarray(inputs)
        except (TypeError, ValueError) as error:
            raise ShapeError(f"layer {self.name!r}: the input is not an array: {error}") from error
        if array.dtype.kind not in "fiub":
            raise ShapeError(
                f"layer {self.name!r}: expected an input of numbers. Received: dtype={array.dtype}"
            )
        return wrap(asarray(array, self.dtype) if self.casts_inputs else array)

    def _call_symbolic(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inputs = args[0]
        if not self.built:
            self.build_for(_shapes_of(inputs))
        if self.input_spec is not None:
            check_inputs(self.input_spec, inputs, self.name)
        return note_call(self, args, kwargs, self.output_spec(inputs, args[1:], kwargs))

    def output_spec(self, inputs: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The outputs for symbolic inputs, as symbolic tensors of the right shapes."""
        if type(self).compute_output_shape is not Layer.compute_output_shape:
            shape = self.compute_output_shape(_shapes_of(inputs))
            return _map_shapes(lambda s: SymbolicTensor(s, self.dtype), shape)
        return infer_shapes(self.__call__, (inputs, *args), kwargs or {})

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output for an input of this shape."""
        spec = _map_shapes(lambda s: SymbolicTensor(s, self.dtype), input_shape)
        return map_structure(lambda leaf: leaf.shape, infer_shapes(self.__call__, (spec,), {}))

    def build_for(self, input_shape: Any) -> None:
        """What the first call does: make the weights for inputs of this shape."""
        self.build(input_shape)
        if not self.built:  # a layer without a build() of its own
            self.built, self._build_shape = True, input_shape

    # -- configs ----------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        config = {"name": self.name, "trainable": self._trainable, "dtype": self.dtype}
        for name in self.config_names:
            value = getattr(self, name)
            is_function = callable(value) and not isinstance(value, Serializable)
            config[name] = activations.serialize(value) if is_function else plain(value)
        return config

    def get_build_config(self) -> dict[str, Any] | None:
        """The shape that the layer was built for, as saved beside its config."""
        return None if self._build_shape is None else {"input_shape": self._build_shape}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A layer made from the result of `get_config`."""
        return cls(**config)

    # -- use in a functional model ----------------------------------------------------------------

    @property
    def input(self) -> Any:
        """The symbolic input of the layer's only call."""
        return self._only_call().args[0]

    @property
    def output(self) -> Any:
        """The symbolic output of the layer's only call."""
        return self._only_call().outputs

    def _only_call(self) -> Call:
        if len(self.calls) != 1:
            raise InputError(
                f"layer {self.name!r} was called {len(self.calls)} times on symbolic tensors, so "
                "it has no single input and output"
            )
        return self.calls[0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _noted(build: Callable[..., None]) -> Callable[..., None]:
    """A `build` under the layer's name that notes that the layer is built, and for which shape."""

    @functools.wraps(build)
    def noted(self: Layer, input_shape: Any = None) -> None:
        with name_scope(self.name):
            build(self, input_shape)
        self.built = True
        if self._build_shape is None:
            self._build_shape = input_shape

    return noted


def _checked_dtype(dtype: Any, layer: str) -> str:
    if isinstance(dtype, Mapping):
        dtype = dtype.get("config", {}).get("name")
    if dtype is None or str(np.dtype(dtype) if isinstance(dtype, type) else dtype) == "float32":
        return "float32"
    raise UnsupportedOperator(f"layer {layer!r}: dtype {dtype!r} is not supported; use 'float32'")


def _first_argument(cls: type[Layer]) -> str:
    return list(inspect.signature(cls.call).parameters)[1]


def _is_plain_data(inputs: Any) -> bool:
    """True for nested lists of numbers, which are one array and not several inputs."""
    return isinstance(inputs, list | tuple) and all(
        isinstance(x, int | float) or (isinstance(x, list | tuple) and _is_plain_data(x))
        for x in inputs
    )


def _shapes_of(inputs: Any) -> Any:
    return map_structure(lambda x: None if x is None else tuple(x.shape), inputs)


def _map_shapes(function: Any, shapes: Any) -> Any:
    """Apply to each shape in a structure of shapes; a shape is a tuple of numbers and None."""
    if isinstance(shapes, dict):
        return {key: _map_shapes(function, value) for key, value in shapes.items()}
    if shapes and not all(size is None or isinstance(size, int | np.integer) for size in shapes):
        return [_map_shapes(function, shape) for shape in shapes]
    return function(tuple(shapes))
