"""What a layer of one's own was made with: the config of a class that writes no get_config."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

__all__ = ["accepted", "given_to"]


def given_to(cls: type, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The arguments of `cls(...)` by name; None where one of them is not plain data."""
    names = [
        p.name
        for p in list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if len(args) > len(names):
        return None
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    return given if _is_plain(given) else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def accepted(cls: type, config: Mapping[str, Any], base: frozenset[str]) -> dict[str, Any]:
    """`config` without those names of `base` that the constructor of `cls` does not take."""
    parameters = inspect.signature(cls.__init__).parameters  # type: ignore[misc]
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return dict(config)
    return {name: v for name, v in config.items() if name not in base or name in parameters}
