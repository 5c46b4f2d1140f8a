"""Functions of `keras.ops` in a model, as the operations of Keras that its files name, both ways.

A function has all its arguments in its call; in Keras some belong to the operation (settings).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from edgekit.errors import UnsupportedOperator, lookup
from edgekit.train.saving.keras_functions import CLASSES, FUNCTIONS
from edgekit.train.serialization import plain
from edgekit.train.structure import flatten
from edgekit.train.symbolic import Call, Operation, SymbolicTensor
from edgekit.train.tensor import Tensor

__all__ = ["function_arguments", "function_config", "function_from_config", "function_inputs"]


def function_config(call: Call) -> dict[str, Any]:
    """The config of the operation that stands for a function.

    Raises UnsupportedOperator for functions that Keras does not save.
    """
    name, label = call.layer.primitive.name, call.layer.name
    if name not in FUNCTIONS:
        raise UnsupportedOperator(
            f"operation {label!r}: keras.ops.{name} has no operation that files of Keras hold; "
            "put the call into a Layer"
        )
    entry, given = FUNCTIONS[name], _bound(call)
    settings = {key: given[key] for key in entry.settings if key in given}
    for key, value in settings.items():
        if any(isinstance(x, SymbolicTensor | Tensor | np.ndarray) for x in flatten(value)):
            raise UnsupportedOperator(
                f"operation {label!r}: keras.ops.{name} keeps its argument {key!r} as a setting in "
                "files of Keras, where no tensors and arrays stand; put the call into a Layer"
            )
    return {
        "module": entry.module,
        "class_name": entry.class_name,
        "config": {"name": label, **{key: _setting(key, v) for key, v in settings.items()}},
        "registered_name": entry.class_name,
    }


def _bound(call: Call) -> dict[str, Any]:
    """Argument -> value, with the defaults."""
    bound = inspect.signature(call.layer.primitive).bind(*call.args, **call.kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def _setting(key: str, value: Any) -> Any:
    if key == "dtype" and value is not None and not isinstance(value, str):
        return np.dtype(value).name
    if key == "data_format" and value is None:
        return "channels_last"  # what Keras asks its user's settings for
    plainly = plain(value)
    # pools of Keras take no lists back from its files, but one number for all axes
    sizes = plainly if key in ("pool_size", "strides") and isinstance(plainly, list) else []
    return sizes[0] if len(set(sizes)) == 1 else plainly


def function_arguments(call: Call) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call as Keras' operation takes them: all but the settings."""
    primitive = call.layer.primitive
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    given = _bound(call)
    for parameter in inspect.signature(primitive).parameters.values():
        if parameter.name in FUNCTIONS[primitive.name].settings:
            continue
        value = given[parameter.name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += value
        elif parameter.kind is parameter.VAR_KEYWORD:
            kwargs = value
        else:
            args.append(value)
    return args, kwargs


def function_from_config(config: Mapping[str, Any]) -> tuple[Operation, dict[str, Any]]:
    """A function as an operation, and its settings. Raises UnsupportedOperator for others."""
    from edgekit.keras import ops
    from edgekit.keras.ops.tensors import operation

    settings = dict(config.get("config") or {})
    label = settings.pop("name", config.get("name"))
    name = lookup(CLASSES, config["class_name"], f"operation {label!r}:")
    room = ops.image if FUNCTIONS[name].module.endswith(".image") else ops
    unknown = sorted(set(settings) - set(FUNCTIONS[name].settings))
    if unknown:
        raise UnsupportedOperator(
            f"operation {label!r}: keras.ops.{name} has no setting {', '.join(unknown)}"
        )
    values = {key: _tuples(value) for key, value in settings.items()}
    return Operation(operation(getattr(room, name), name), label), values


def _tuples(value: Any) -> Any:
    if isinstance(value, Mapping) and value.get("class_name") == "__tuple__":
        value = value["items"]
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def function_inputs(
    operation: Operation, args: list[Any], kwargs: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of Keras' operation, with its settings, as the function takes them."""
    signature = inspect.signature(operation.primitive)
    given = {**settings, **kwargs}
    bound: dict[str, Any] = {}
    rest = list(args)
    for name, parameter in signature.parameters.items():
        if name in given:
            bound[name] = given.pop(name)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            bound[name], rest = tuple(rest), []
        elif parameter.kind is parameter.VAR_KEYWORD:
            bound[name], given = given, {}
        elif rest:
            bound[name] = rest.pop(0)
    if rest or given:
        raise UnsupportedOperator(
            f"operation {operation.name!r}: keras.ops.{operation.primitive.name} takes "
            f"{signature}. Received: {len(args)} arguments and {sorted({**settings, **kwargs})}"
        )
    found = inspect.BoundArguments(signature, bound)
    return list(found.args), found.kwargs
