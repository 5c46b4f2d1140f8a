"""Objects to configs and back, in the form that Keras 3 writes.

A config is a dict of plain values: `{"module", "class_name", "config", "registered_name"}`.
Reading looks names up in tables; nothing in a file is imported or executed.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator, lookup
from edgekit.train.custom_objects import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
)
from edgekit.train.deprecations import accept_old_spellings

__all__ = ["Serializable", "accept_options", "plain", "resolve", "serialize"]

_ANY = object()

# What Keras writes and we do not implement, with the values at which it has no effect.
_WITHOUT_EFFECT: dict[str, tuple[Any, ...]] = {
    "activity_regularizer": (None,),
    "autocast": (True,),
    "input_axes": (None,),
    "lora_alpha": (None,),
    "lora_rank": (None,),
    "optional": (False,),
    "output_axes": (None,),
    "quantization_config": (None,),
    "ragged": (False, None),
    "renorm": (False,),
    "renorm_clipping": (None,),
    "renorm_momentum": (_ANY,),
    "sparse": (False, None),
    "synchronized": (False,),
}


class Serializable:
    """An object whose config is the attributes named in `config_names`."""

    keras_module: str | None = None
    config_names: tuple[str, ...] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        accept_old_spellings(cls)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain values."""
        return {name: plain(getattr(self, name)) for name in self.config_names}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """An object made from the result of `get_config`; custom_objects: name -> what it is."""
        config = dict(config)
        _drop_without_effect(cls, config)
        with custom_object_scope(custom_objects):
            return cls(**config)


def _drop_without_effect(cls: type, config: dict[str, Any]) -> None:
    """Remove the entries that the constructor does not take and that change nothing."""
    taken = inspect.signature(cls).parameters
    for name in [name for name in config if name in _WITHOUT_EFFECT and name not in taken]:
        allowed = _WITHOUT_EFFECT[name]
        if _ANY in allowed or config[name] in allowed:
            del config[name]


def accept_options(owner: str, options: dict[str, Any]) -> None:
    """Accept left-over keyword arguments that have no effect; raise UnsupportedOperator else."""
    problems = []
    for name, value in options.items():
        allowed = _WITHOUT_EFFECT.get(name)
        if allowed is None:
            problems.append(f"{name} is not an argument that it has")
        elif _ANY not in allowed and value not in allowed:
            problems.append(f"{name}={value!r} is not supported")
    if problems:
        raise UnsupportedOperator(f"{owner}: {'; '.join(problems)}.")


def plain(value: Any) -> Any:
    """`value` as JSON can hold it."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Serializable):
        return serialize(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, types.FunctionType):
        from edgekit.train.saving.functions import function_config

        return function_config(value)
    return value


def serialize(value: Any) -> dict[str, Any]:
    """The config of an object, with the name of its class."""
    cls = type(value)
    module = value.keras_module if _is_own(cls) else cls.__module__
    return {
        "module": module,
        "class_name": cls.__name__,
        "config": value.get_config(),
        "registered_name": None if _is_own(cls) else get_registered_name(cls),
    }


def _is_own(cls: type) -> bool:
    return cls.__module__.startswith("edgekit.train.")


def resolve(identifier: Any, table: Mapping[str, Any], what: str) -> Any:
    """An object from a name, from a config, from a class, or the object itself.

    Raises UnsupportedOperator for an unknown name (with the nearest known one) and InputError for
    anything that is not one of these.
    """
    if identifier is None or (callable(identifier) and not isinstance(identifier, type)):
        return identifier
    if isinstance(identifier, Serializable):
        return identifier
    if custom := get_custom_objects():
        table = {**table, **custom}
    if isinstance(identifier, str):
        found = lookup(table, identifier, what)
        return found() if isinstance(found, type) else found
    if isinstance(identifier, Mapping) and "class_name" in identifier:
        name, config = identifier["class_name"], identifier.get("config") or {}
        if name in ("function", "__lambda__"):
            if isinstance(config, str) and config in table:
                return table[config]
            from edgekit.train.saving.functions import function_from_config

            return function_from_config(identifier, what)
        registered = identifier.get("registered_name")
        if isinstance(registered, str) and registered in table:
            name = registered
        found = lookup(table, name, what)
        return found.from_config(config) if hasattr(found, "from_config") else found(**config)
    if isinstance(identifier, type) and issubclass(identifier, Serializable):
        return identifier()
    raise InputError(
        f"{what}: expected a name, a callable or a config. Received: {identifier!r} "
        f"(of type {type(identifier).__name__})"
    )
