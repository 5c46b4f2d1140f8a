"""Names of layers and models, as Keras gives them: `conv2d`, `conv2d_1`, ..."""

from __future__ import annotations

import re

__all__ = ["clear_session", "get_uid", "snake_case", "unique_name"]

_taken: dict[str, int] = {}
_counted: dict[str, int] = {}


def snake_case(name: str) -> str:
    """`MaxPooling2D` -> `max_pooling2d`, the spelling that Keras uses in names and in files."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def unique_name(prefix: str) -> str:
    """`prefix`, or `prefix_1`, `prefix_2` ... when it was given out before."""
    count = _taken.get(prefix, -1) + 1
    _taken[prefix] = count
    return f"{prefix}_{count}" if count else prefix


def get_uid(prefix: str = "") -> int:
    """1, and at the next calls with this prefix 2, 3 ..."""
    _counted[prefix] = _counted.get(prefix, 0) + 1
    return _counted[prefix]


def clear_session() -> None:
    """Forget every name given out, so that the next `Dense` is `dense` again."""
    _taken.clear()
    _counted.clear()
