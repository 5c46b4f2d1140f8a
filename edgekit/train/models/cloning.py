"""Copies of architectures, and models from what `to_json` gave."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from edgekit.errors import InputError, ModelFormatError
from edgekit.train.custom_objects import custom_object_scope
from edgekit.train.layers.core import InputLayer
from edgekit.train.models.graph import LayerGraph
from edgekit.train.models.model import Model
from edgekit.train.models.sequential import Sequential
from edgekit.train.saving.legacy import is_old, of_keras_2
from edgekit.train.saving.reading import model_from_config as read_model
from edgekit.train.structure import flatten, map_structure, pack
from edgekit.train.symbolic import Operation, SymbolicTensor

__all__ = ["clone_model", "model_from_config", "model_from_json"]


def model_from_config(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A model of the architecture in a config, with new weights."""
    with custom_object_scope(custom_objects):
        return read_model(config)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A model of the architecture that `to_json` gave, with new weights."""
    try:
        config = json.loads(json_string)
    except ValueError as error:
        raise ModelFormatError(f"this is not what to_json() gives: {error}") from error
    if isinstance(config, Mapping) and is_old(config.get("keras_version")):
        config = of_keras_2(config)
    return model_from_config(config, custom_objects)


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Any:
    """A model of the same architecture with new weights, not compiled.

    input_tensors: what the copy starts from instead of inputs of its own. clone_function(layer):
    gives the copy of each layer but the inputs; by default one made from its config. With
    call_function(layer, *args, **kwargs) the calls of a functional model can be changed.
    recursive: go into models inside of the model instead of copying them as one layer.
    """

    def clone(layer: Any) -> Any:
        if recursive and isinstance(layer, Model):
            return clone_model(layer, None, clone_function, call_function, recursive)
        if clone_function is not None:
            return clone_function(layer)
        return type(layer).from_config(layer.get_config())

    if isinstance(model, Sequential):
        return _clone_sequential(model, input_tensors, clone)
    graph = getattr(model, "_graph", None)
    if graph is not None:
        return _clone_functional(model, graph, input_tensors, clone, call_function)
    if clone_function is not None or input_tensors is not None:
        raise InputError(
            f"model {getattr(model, 'name', model)!r} is no Sequential and no functional model: "
            "only its config can be copied, without clone_function and input_tensors"
        )
    return type(model).from_config(model.get_config())


def _clone_sequential(model: Sequential, input_tensors: Any, clone: Callable[[Any], Any]) -> Any:
    stack = [clone(layer) for layer in model.layers]
    copy = Sequential(name=model.name, trainable=model.trainable)
    if input_tensors is not None:
        copy.add(flatten(input_tensors)[0])
    elif model._input_layer is not None:
        source = model._input_layer
        copy.add(InputLayer(batch_shape=source.batch_shape, dtype=source.input_dtype))
    for layer in stack:
        copy.add(layer)
    return copy


def _clone_functional(
    model: Any,
    graph: LayerGraph,
    input_tensors: Any,
    clone: Callable[[Any], Any],
    call_function: Callable[..., Any] | None,
) -> Any:
    """The calls of the graph once more, with copies of the layers."""
    if input_tensors is None:
        given = [_same_input(x) for x in graph.flat_inputs]
    else:
        given = flatten(input_tensors)
    tensors = {id(x): new for x, new in zip(graph.flat_inputs, given, strict=True)}
    copies: dict[int, Any] = {}

    def new_tensor(x: Any) -> Any:
        return tensors[id(x)] if isinstance(x, SymbolicTensor) else x

    for call in graph.calls:
        if all(id(x) in tensors for x in flatten(call.outputs)):
            continue
        layer = call.layer
        if id(layer) not in copies:
            is_operation = isinstance(layer, Operation)
            copies[id(layer)] = (
                Operation(layer.primitive, layer.name) if is_operation else clone(layer)
            )
        args, kwargs = map_structure(new_tensor, call.args), map_structure(new_tensor, call.kwargs)
        copy = copies[id(layer)]
        made = call_function(copy, *args, **kwargs) if call_function else copy(*args, **kwargs)
        for x, new in zip(flatten(call.outputs), flatten(made), strict=True):
            tensors[id(x)] = new
    inputs = pack(graph.inputs, given)
    outputs = map_structure(new_tensor, graph.outputs)
    kind = type(model) if type(model).__init__ is Model.__init__ else Model
    return kind(inputs=inputs, outputs=outputs, name=model.name, trainable=model.trainable)


def _same_input(x: SymbolicTensor) -> SymbolicTensor:
    name = x.call.layer.name if x.call is not None else None
    return InputLayer(batch_shape=x.shape, dtype=x.dtype, name=name).output
