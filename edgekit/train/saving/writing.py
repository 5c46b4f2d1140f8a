"""Architectures written as Keras configs."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.train.backend import to_numpy
from edgekit.train.layers.core import InputLayer
from edgekit.train.models.graph import LayerGraph
from edgekit.train.saving.operations import call_arguments, operation_config
from edgekit.train.serialization import plain, serialize
from edgekit.train.structure import flatten
from edgekit.train.symbolic import Call, Operation, SymbolicTensor
from edgekit.train.tensor import Tensor, Variable

__all__ = ["KERAS_VERSION", "compile_config", "graph_config", "model_config"]

# the release of Keras whose files ours follow
KERAS_VERSION = "3.15.0"


def model_config(model: Any) -> dict[str, Any]:
    """The config of a model or layer, with the shape it was built for."""
    config = serialize(model)
    if type(model).__name__ == "Model" and getattr(model, "_graph", None) is not None:
        config.update(
            module="keras.src.models.functional",
            class_name="Functional",
            registered_name="Functional",
        )
    build = model.get_build_config()
    return config if build is None else {**config, "build_config": plain(build)}


def graph_config(model: Any, graph: LayerGraph) -> dict[str, Any]:
    """The config of a functional model."""
    positions = _positions(graph)
    made = []
    for layer in graph.operations:
        calls = [call for call in graph.calls if call.layer is layer]
        if isinstance(layer, Operation):
            config = operation_config(calls[0])
        else:
            config = model_config(layer)
        config["name"] = layer.name
        config["inbound_nodes"] = [
            _node(call, positions) for call in calls if not isinstance(layer, InputLayer)
        ]
        made.append(config)
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": made,
        "input_layers": _ends(graph.inputs, positions),
        "output_layers": _ends(graph.outputs, positions),
    }


def _positions(graph: LayerGraph) -> dict[int, list[Any]]:
    """Symbolic tensor -> [layer name, number of the layer's call, number of the output]."""
    counts: dict[Any, int] = {}
    positions = {}
    for call in graph.calls:
        index = counts.get(call.layer, 0)
        counts[call.layer] = index + 1
        for x in flatten(call.outputs):
            positions[id(x)] = [call.layer.name, index, x.index]
    return positions


def _ends(structure: Any, positions: dict[int, list[Any]]) -> Any:
    if isinstance(structure, dict):
        return {key: _ends(value, positions) for key, value in structure.items()}
    if isinstance(structure, list | tuple):
        return [_ends(value, positions) for value in structure]
    return positions[id(structure)]


def _node(call: Call, positions: dict[int, list[Any]]) -> dict[str, Any]:
    if isinstance(call.layer, Operation):
        args, kwargs = call_arguments(call)
    else:
        args, kwargs = list(call.args), call.kwargs
    return {
        "args": [_written(value, positions) for value in args],
        "kwargs": {key: _written(value, positions) for key, value in kwargs.items()},
    }


def _written(value: Any, positions: dict[int, list[Any]]) -> Any:
    if isinstance(value, SymbolicTensor):
        config = {
            "shape": list(value.shape),
            "dtype": value.dtype,
            "keras_history": positions[id(value)],
        }
        return {"class_name": "__keras_tensor__", "config": config}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(value, slice):
        config = {"start": value.start, "stop": value.stop, "step": value.step}
        return {"class_name": "__slice__", "config": config}
    if isinstance(value, list | tuple):
        return [_written(item, positions) for item in value]
    if isinstance(value, dict):
        return {key: _written(item, positions) for key, item in value.items()}
    if isinstance(value, Tensor | np.ndarray):
        return _constant(value)
    return plain(value)


def _constant(value: Tensor | np.ndarray) -> dict[str, Any]:
    """An array among the arguments of a call."""
    if isinstance(value, Variable):
        raise UnsupportedOperator(
            f"the weight {value.name!r} is an argument of an operation, where files of Keras hold "
            "constants only; put the call into a Layer that has the weight"
        )
    array = to_numpy(value)
    config = {"value": array.tolist(), "dtype": str(array.dtype)}
    return {"class_name": "__numpy__", "config": config}


def compile_config(model: Any) -> Any:
    """What `compile` was given; None where nothing was, or Python functions were (a warning)."""
    try:
        config = model.get_compile_config()
        json.dumps(config)
    except (TypeError, InputError) as error:
        warnings.warn(
            f"the file will not hold what compile() was given, since that cannot be written: "
            f"{error}. Compile again after loading",
            stacklevel=5,
        )
        return None
    return config
