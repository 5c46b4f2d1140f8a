"""Architectures read from Keras configs, with every problem found at once."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edgekit.errors import EdgekitError, ModelFormatError, UnsupportedOperator, lookup
from edgekit.train import layers as layers_module
from edgekit.train.custom_objects import get_custom_objects
from edgekit.train.layers.core import InputLayer
from edgekit.train.saving.operations import (
    from_call_arguments,
    is_operation,
    operation_from_config,
)
from edgekit.train.structure import flatten
from edgekit.train.symbolic import Operation, SymbolicTensor

__all__ = [
    "compile_again",
    "model_from_config",
    "model_from_graph_config",
    "sequential_from_config",
]


def model_from_config(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A layer or model from its config. Raises UnsupportedOperator listing every problem."""
    from edgekit.train.models.model import Model
    from edgekit.train.models.sequential import Sequential

    if not isinstance(config, Mapping) or not isinstance(config.get("class_name"), str):
        raise ModelFormatError("a layer's config has no class_name")
    custom = {**get_custom_objects(), **(custom_objects or {})}
    given = config.get("config")
    if not isinstance(given, Mapping):
        raise ModelFormatError(f"the config of a {config['class_name']} is missing")
    models: dict[str, Any] = {"Sequential": Sequential, "Functional": Model, "Model": Model}
    if config["class_name"] == "QuantizedModel":
        from edgekit.train.quantization import QuantizedModel

        models["QuantizedModel"] = QuantizedModel
    known = {**layers_module.CLASSES, **models, **custom}
    label = given.get("name", "?")
    cls = lookup(known, config["class_name"], f"layer {label!r}: class")
    if issubclass(cls, Model):
        made = (
            cls.from_config(given, custom_objects=custom)
            if (config["class_name"] in models)
            else cls.from_config(given)
        )
    elif "custom_objects" in inspect.signature(cls.from_config).parameters:
        made = cls.from_config(given, custom_objects=custom)  # a layer that holds layers
    else:
        made = cls.from_config(given)
    _build_again(made, config.get("build_config"))
    return made


def compile_again(model: Any, config: Mapping[str, Any], path: Any) -> None:
    """Compile as the file at `path` says; a warning, and no compilation, where that fails."""
    if config.get("optimizer") is None:
        return
    try:
        model.compile_from_config(config)
    except (EdgekitError, TypeError, KeyError, ValueError) as error:
        warnings.warn(
            f"{path}: the model was loaded but not compiled, call compile() to train it: {error}",
            stacklevel=4,
        )


def _build_again(layer: Any, build: Any) -> None:
    """Make the weights of a layer whose config says for which shape it was built."""
    shape = build.get("input_shape") if isinstance(build, Mapping) else None
    if shape is None or layer.built:
        return
    layer.build(_as_shape(shape))
    layer.built = True
    if layer._build_shape is None:  # a layer without a build() of its own
        layer._build_shape = _as_shape(shape)


def _as_shape(shape: Any) -> Any:
    if isinstance(shape, Mapping):
        return {key: _as_shape(value) for key, value in shape.items()}
    if shape and isinstance(shape[0], list | tuple):
        return [_as_shape(one) for one in shape]
    return tuple(shape)


def _collect(entries: list[Any], make: Callable[[Any], Any]) -> list[Any]:
    """Make something of every entry; all that cannot be made are named in one error."""
    made, problems = [], []
    for entry in entries:
        try:
            made.append(make(entry))
        except ModelFormatError:
            raise
        except (EdgekitError, TypeError, ValueError) as error:
            if isinstance(error, UnsupportedOperator):
                problems.extend(str(error).removeprefix(_HEAD).split("\n"))
            else:
                name = entry.get("config", {}).get("name", "?") if isinstance(entry, dict) else "?"
                problems.append(f"layer {name!r}: {error}")
    if problems:
        raise UnsupportedOperator(_HEAD + "\n".join(problems))
    return made


_HEAD = "this model cannot be loaded:\n"


def sequential_from_config(
    cls: Any, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None
) -> Any:
    """A Sequential model from its config."""
    entries = config.get("layers")
    if not isinstance(entries, list):
        raise ModelFormatError("the config of a Sequential has no list of layers")
    stack = _collect(entries, lambda entry: _unbuilt(entry, custom_objects))
    model = cls(stack, trainable=config.get("trainable", True), name=config.get("name"))
    shape = config.get("build_input_shape")
    if not model.built and shape:
        model.build(tuple(shape))
    return model


def _unbuilt(entry: Any, custom_objects: Mapping[str, Any] | None) -> Any:
    """A layer that its place in the model will build."""
    return model_from_config({**_as_mapping(entry), "build_config": None}, custom_objects)


def _as_mapping(entry: Any) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        raise ModelFormatError("a layer's config is not an object")
    return entry


def model_from_graph_config(
    cls: Any, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None
) -> Any:
    """A functional model from its config: the layers, then their calls in any order."""
    entries = config.get("layers")
    if not isinstance(entries, list):
        raise ModelFormatError("the config of a functional model has no list of layers")

    def make(entry: Any) -> tuple[Any, dict[str, Any]]:
        if is_operation(_as_mapping(entry)):
            return operation_from_config(dict(entry))
        return _unbuilt(entry, custom_objects), {}

    made = _collect(entries, make)
    layers = {layer.name: layer for layer, _ in made}
    attributes = {layer.name: extra for layer, extra in made}
    tensors: dict[tuple[str, int, int], SymbolicTensor] = {}
    for layer in layers.values():
        if isinstance(layer, InputLayer):
            tensors[(layer.name, 0, 0)] = layer.output
    _replay(entries, layers, attributes, tensors)
    inputs = _find(config.get("input_layers"), tensors)
    outputs = _find(config.get("output_layers"), tensors)
    return cls(
        inputs=inputs,
        outputs=outputs,
        name=config.get("name"),
        trainable=config.get("trainable", True),
    )


def _replay(
    entries: list[Any],
    layers: dict[str, Any],
    attributes: dict[str, Any],
    tensors: dict[tuple[str, int, int], SymbolicTensor],
) -> None:
    """Call every layer on its inputs, as soon as these are there."""
    waiting = [
        (layers[entry["config"].get("name", entry.get("name"))], index, node)
        for entry in entries
        for index, node in enumerate(entry.get("inbound_nodes") or [])
    ]
    while waiting:
        rest = []
        for layer, index, node in waiting:
            if any(key not in tensors for key in _needed(node)):
                rest.append((layer, index, node))
                continue
            args, kwargs = _arguments(layer, node, attributes, tensors)
            for x in flatten(layer(*args, **kwargs)):
                tensors[(layer.name, index, x.index)] = x
        if len(rest) == len(waiting):
            names = sorted({layer.name for layer, _, _ in rest})
            raise ModelFormatError(f"the inputs of {', '.join(names)} are never made")
        waiting = rest


def _arguments(
    layer: Any, node: Any, attributes: dict[str, Any], tensors: Any
) -> tuple[list[Any], dict[str, Any]]:
    args = [_read(value, tensors) for value in node.get("args") or []]
    kwargs = {key: _read(value, tensors) for key, value in (node.get("kwargs") or {}).items()}
    if isinstance(layer, Operation):
        return from_call_arguments(layer, args, kwargs, attributes[layer.name])
    # what Keras notes with every call, and what has no meaning without values
    for name in ("mask", "training"):
        if kwargs.get(name) in (None, False):
            kwargs.pop(name, None)
    if kwargs.get("training") is layer.training_default is True:  # augmentation: no one's wish
        del kwargs["training"]
    return args, kwargs


def _needed(node: Any) -> list[tuple[str, int, int]]:
    """The tensors that a node reads."""
    if isinstance(node, Mapping):
        if node.get("class_name") == "__keras_tensor__":
            return [_key(node["config"]["keras_history"])]
        return [key for value in node.values() for key in _needed(value)]
    if isinstance(node, list):
        return [key for value in node for key in _needed(value)]
    return []


def _key(history: Any) -> tuple[str, int, int]:
    name, node, index = history[:3]
    return str(name), int(node), int(index)


def _read(value: Any, tensors: dict[tuple[str, int, int], SymbolicTensor]) -> Any:
    if isinstance(value, list):
        return [_read(item, tensors) for item in value]
    if not isinstance(value, Mapping):
        return value
    kind = value.get("class_name")
    config = value.get("config") or {}
    if kind == "__keras_tensor__":
        return tensors[_key(config["keras_history"])]
    if kind == "__ellipsis__":
        return Ellipsis
    if kind == "__slice__":
        return slice(config.get("start"), config.get("stop"), config.get("step"))
    if kind == "__tuple__":
        return tuple(_read(item, tensors) for item in value.get("items", []))
    if kind == "__numpy__" or kind == "__tensor__":
        given = value if "value" in value else config
        return np.asarray(given["value"], dtype=given.get("dtype", "float32"))
    return {key: _read(item, tensors) for key, item in value.items()}


def _find(ends: Any, tensors: dict[tuple[str, int, int], SymbolicTensor]) -> Any:
    """The tensors that `input_layers` or `output_layers` name, in their structure."""
    if isinstance(ends, Mapping):
        return {key: _find(value, tensors) for key, value in ends.items()}
    if not isinstance(ends, list):
        raise ModelFormatError("input_layers or output_layers is missing")
    if len(ends) == 3 and isinstance(ends[0], str) and isinstance(ends[1], int):
        if _key(ends) not in tensors:
            raise ModelFormatError(f"the tensor {ends} is never made")
        return tensors[_key(ends)]
    found = [_find(one, tensors) for one in ends]
    return found[0] if len(found) == 1 else found
