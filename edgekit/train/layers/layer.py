"""The base of every layer: weights, names, configs, and what happens when a layer is called."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train import activations, dtype_policies, regularizers
from edgekit.train.custom_objects import custom_object_scope
from edgekit.train.deprecations import old_spelling
from edgekit.train.layers.calling import Calling
from edgekit.train.layers.given import accepted, given_to
from edgekit.train.layers.input_spec import Shape
from edgekit.train.layers.signature import Shapes, Signature, shapes_of
from edgekit.train.layers.weights import WeightHolder, own_scope
from edgekit.train.metrics.totals import Mean
from edgekit.train.names import snake_case, unique_name
from edgekit.train.primitive import current_scope
from edgekit.train.serialization import Serializable, accept_options, plain
from edgekit.train.structure import map_structure, unique
from edgekit.train.symbolic import Call, SymbolicTensor, infer_shapes

__all__ = ["Layer", "NotCalled"]


_OF_EVERY_LAYER = frozenset({"activity_regularizer", "dtype", "name", "trainable"})


class NotCalled(InputError, AttributeError):
    """A layer or model has no input and no output yet; `hasattr` is told so."""


class Layer(Calling, WeightHolder, Serializable):
    """A function with weights.

    Subclasses write `build(input_shape)`, which makes weights with `add_weight`, and
    `call(inputs)`, which may take `training` and `mask`. Layers kept in attributes (also in lists,
    tuples and dicts) are found, with their weights.

    A layer that lets masks pass sets `supports_masking = True`; one that makes or changes them
    writes `compute_mask(inputs, previous_mask)`.

    name: a unique name; the class' name in snake case by default.
    trainable: whether `trainable_weights` holds anything.
    dtype: a dtype policy (`edgekit.train.dtype_policies`), by default the global one: "float32".
    activity_regularizer: a penalty on the outputs, by the mean over the batch.
    """

    keras_module = "keras.layers"
    # the names of the layers around and of this one, once it is built
    path: str | None = None

    _is_users = False  # whether the class is one of the user's
    # the arguments that a layer of one's own was made with; None where they are no plain data
    _given: dict[str, Any] | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__new__(cls)
        if cls._is_users:
            made._given = given_to(cls, args, kwargs)
        return made

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._is_users = _is_users(cls)
        if "build" in vars(cls):
            cls.build = _noted(cls.build)  # type: ignore[method-assign]
        if "compute_mask" in vars(cls):
            cls._makes_masks = True
            if "supports_masking" not in vars(cls):
                cls.supports_masking = True

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        activity_regularizer: Any = None,
        input_shape: Any = None,
        input_dim: int | None = None,
        batch_input_shape: Any = None,
        **options: Any,
    ) -> None:
        input_length = options.pop("input_length", None)
        if options:
            accept_options(
                f"layer {name or type(self).__name__!r} ({type(self).__name__})", options
            )
        if name is not None and not isinstance(name, str):
            raise InputError(f"a layer's name must be a string. Received: name={name!r}")
        cls = type(self)
        if "_signature" not in vars(cls):  # of the first layer of its class
            cls._signature = Signature(cls.call, cls.build)
        self.name = name or unique_name(snake_case(getattr(self, "keras_class", cls.__name__)))
        self.dtype_policy = dtype
        self.autocast = autocast
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.built = False
        self.declared_input_shape: Shape | None = None
        if input_dim is not None and input_shape is None:
            input_shape = (input_dim,) if input_length is None else (input_length, input_dim)
        if input_shape is not None:
            batch_input_shape = (None, *input_shape)
        if batch_input_shape is not None:
            self.declared_input_shape = tuple(batch_input_shape)
        self._trainable = bool(trainable)
        self._variables = []
        self._losses = []
        self._build_shape: Any = None
        self.calls: list[Call] = []

    @property
    def dtype_policy(self) -> dtype_policies.DTypePolicy:
        """In which dtype weights and outputs are; it can be set until the layer is built."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, policy: Any) -> None:
        self._dtype_policy = dtype_policies.get(policy)
        # plain attributes, since they are read at every call
        self.variable_dtype = self.dtype = self._dtype_policy.variable_dtype
        self.compute_dtype = self._dtype_policy.compute_dtype
        self.input_dtype = self.compute_dtype
        self._arithmetic = self._dtype_policy.arithmetic
        self._storage = self._dtype_policy.storage

    # -- to be written by subclasses --------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape (a list of shapes for several inputs)."""

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; to be written by subclasses."""
        raise NotImplementedError(f"layer {self.name!r}: {type(self).__name__} has no call()")

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The masks of the outputs; where a layer supports masking, those of the inputs."""
        return previous_mask

    @property
    def metrics(self) -> list[Any]:
        """The metrics kept in attributes, here and in layers inside."""
        return unique(m for layer in self.flat_layers() for m in layer.own_metrics())

    @property
    def metrics_variables(self) -> list[Any]:
        """The states of `metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def add_metric(self, value: Any, name: str | None = None, aggregation: Any = None) -> None:
        """An old spelling: the mean of the values given in an epoch is logged as `name`."""
        old_spelling("Layer.add_metric()", "keep a metrics.Mean in an attribute and update it")
        added = vars(self).setdefault("_added_metrics", {})
        name = name or f"{self.name}_metric"
        if name not in added:
            added[name] = Mean(name=name)
        added[name].update_state(value)

    # -- shapes -----------------------------------------------------------------------------------

    def output_spec(self, inputs: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The outputs for symbolic inputs, as symbolic tensors of the right shapes."""
        if type(self).compute_output_spec is not Layer.compute_output_spec:
            return self.compute_output_spec(inputs, *args, **(kwargs or {}))
        halves = getattr(getattr(self, "activation", None), "changes_shape", False)
        if type(self).compute_output_shape is not Layer.compute_output_shape and not halves:
            shape = self.compute_output_shape(shapes_of(inputs))
            return _map_shapes(lambda s: SymbolicTensor(s, self.compute_dtype), shape)
        return infer_shapes(self.__call__, (inputs, *args), kwargs or {})

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs for symbolic inputs; called as the layer is."""
        return self.output_spec(args[0], args[1:], kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output for an input of this shape."""
        spec = _map_shapes(lambda s: SymbolicTensor(s, self.compute_dtype), input_shape)
        return map_structure(lambda leaf: leaf.shape, infer_shapes(self.__call__, (spec,), {}))

    def build_for(self, input_shape: Any) -> None:
        """What the first call does: make the weights for inputs of this shape."""
        if isinstance(input_shape, Shapes):
            self.build(**input_shape)
        else:
            self.build(input_shape)
        if not self.built:  # a layer without a build() of its own
            self.built, self._build_shape = True, input_shape

    # -- configs ----------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = plain(self.activity_regularizer)
        for name in self.config_names:
            value = getattr(self, name)
            is_function = callable(value) and not isinstance(value, Serializable)
            config[name] = activations.serialize(value) if is_function else plain(value)
        return {**config, **self._given_config()}

    def _given_config(self) -> dict[str, Any]:
        """What a Layer or Model of one's own, without a get_config, is to be made with again."""
        if not self._is_users or _is_users(type(self).get_config):
            return {}
        base = next(cls for cls in type(self).__mro__ if not _is_users(cls))
        if base.__name__ not in ("Layer", "Model"):
            return {}
        if self._given is None:
            raise NotImplementedError(
                f"layer {self.name!r}: {type(self).__name__} was made with objects that no file "
                "can hold by themselves; write its get_config(), and from_config() beside it"
            )
        return self._given

    def get_build_config(self) -> dict[str, Any] | None:
        """The shape that the layer was built for, as saved beside its config."""
        if self._build_shape is None:
            return None
        several = isinstance(self._build_shape, Shapes)
        return {"shapes_dict" if several else "input_shape": self._build_shape}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Build for what `get_build_config` gave."""
        shapes = config.get("shapes_dict", config.get("input_shape"))
        if shapes is not None:
            self.build_for(Shapes(shapes) if "shapes_dict" in config else shapes)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """A layer made from the result of `get_config`."""
        with custom_object_scope(custom_objects):
            return cls(**accepted(cls, config, _OF_EVERY_LAYER))

    # -- use in a functional model ----------------------------------------------------------------

    @property
    def input(self) -> Any:
        """The symbolic input of the layer's first call; a list where it took several."""
        inputs = self._first_call().inputs
        return inputs[0] if len(inputs) == 1 else inputs

    @property
    def output(self) -> Any:
        """The symbolic output of the layer's first call."""
        return self._first_call().outputs

    def _first_call(self) -> Call:
        if not self.calls:
            raise NotCalled(
                f"layer {self.name!r} was not called on symbolic tensors yet, so it has no input "
                "and no output: build the model with an Input"
            )
        return self.calls[0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _is_users(defined: Any) -> bool:
    """Whether a class or function is not one of edgekit's."""
    return not defined.__module__.startswith("edgekit.train.")


def _noted(build: Callable[..., None]) -> Callable[..., None]:
    """A `build` under the layer's name that notes that the layer is built, and for which shape."""

    @functools.wraps(build)
    def noted(self: Layer, *shapes: Any, **named: Any) -> None:
        with own_scope(self.name):
            self.path = current_scope()
            build(self, *shapes, **named)
        self.built = True
        if self._build_shape is None:
            several = len(self._signature.build_names) > 1
            names = self._signature.build_names
            given = {**dict(zip(names, shapes, strict=False)), **named}
            self._build_shape = Shapes(given) if several else next(iter(given.values()), None)

    return noted


def _map_shapes(function: Any, shapes: Any) -> Any:
    """Apply to each shape in a structure of shapes; a shape is a tuple of numbers and None."""
    if isinstance(shapes, dict):
        return {key: _map_shapes(function, value) for key, value in shapes.items()}
    if shapes and not all(size is None or isinstance(size, int | np.integer) for size in shapes):
        return [_map_shapes(function, shape) for shape in shapes]
    return function(tuple(shapes))
