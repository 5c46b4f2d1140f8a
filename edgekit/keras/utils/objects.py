"""Objects to configs and back: `serialize_keras_object`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekit.errors import InputError, lookup
from edgekit.train.custom_objects import get_custom_objects
from edgekit.train.saving.functions import safe_mode_of
from edgekit.train.saving.reading import model_from_config
from edgekit.train.saving.writing import model_config
from edgekit.train.serialization import plain

__all__ = ["deserialize_keras_object", "deserialize_layer", "serialize_keras_object"]


def serialize_keras_object(obj: Any) -> Any:
    """The config of a layer, model, optimizer, loss ..., or a plain value."""
    from edgekit.train import Layer

    return model_config(obj) if isinstance(obj, Layer) else plain(obj)


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """The object of a config; Python code in it is run only with `safe_mode=False`."""
    if not isinstance(config, Mapping) or "class_name" not in config:
        return config
    known = {**get_custom_objects(), **(custom_objects or {})}
    name = config["class_name"]
    with safe_mode_of(safe_mode):
        of_layers = config.get("module") == "keras.layers"  # there is an initializer Identity too
        for table in () if of_layers else _tables():
            if name in table and name not in known:
                return table[name].from_config(config.get("config") or {})
        if name in known and not hasattr(known[name], "call"):
            return lookup(known, name, "class").from_config(config.get("config") or {})
        return model_from_config(config, custom_objects)


def deserialize_layer(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """`keras.layers.deserialize`: the layer of a config; a layer is given back as it is."""
    from edgekit.train import Layer

    if isinstance(config, Mapping) and "module" not in config:
        config = {"module": "keras.layers", **config}  # of Keras 2
    found = deserialize_keras_object(config, custom_objects)
    if not isinstance(found, Layer):
        raise InputError(f"layers.deserialize: expected the config of a layer. Received: {config}")
    return found


def _tables() -> list[Mapping[str, Any]]:
    from edgekit.train import constraints, initializers, losses, metrics, optimizers, regularizers
    from edgekit.train.optimizers import schedules

    rooms = (optimizers, schedules, losses, metrics, initializers, regularizers, constraints)
    return [room.CLASSES for room in rooms]
