"""Functions of TensorFlow for which Keras 3 has no operation, as chains of operations.

A step is (Keras' operation, arguments, attributes); an argument `Made(k)` is what step k gave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from edgekit.errors import UnsupportedOperator

__all__ = ["CHAINS", "Made", "Step", "index_for_axis"]


class Made(NamedTuple):
    """The result of a step before."""

    step: int


class Step(NamedTuple):
    """One operation of a chain."""

    class_name: str
    args: list[Any]
    attributes: Mapping[str, Any] = {}


def index_for_axis(function: str, axis: Any, entry: Any) -> list[Any]:
    """x[:, :, entry] for axis 2, as config. Raises UnsupportedOperator for axes from the end."""
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if not isinstance(axis, int) or axis < -1:
        raise UnsupportedOperator(f"{function}: axis={axis!r} is not supported")
    every = {"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}
    before = [{"class_name": "__ellipsis__"}] if axis == -1 else [every] * axis
    return [*before, entry]


def _clip(args: Sequence[Any], clip_value_min: Any, clip_value_max: Any) -> list[Step]:
    return [Step("Maximum", [args[0], clip_value_min]), Step("Minimum", [Made(0), clip_value_max])]


def _normalize(args: Sequence[Any], axis: Any = None, epsilon: float = 1e-12) -> list[Step]:
    return [
        Step("Square", [args[0]]),
        Step("Sum", [Made(0)], {"axis": axis, "keepdims": True}),
        Step("Maximum", [Made(1), epsilon]),
        Step("Sqrt", [Made(2)]),
        Step("Divide", [args[0], Made(3)]),
    ]


def _stack(args: Sequence[Any], axis: int = 0) -> list[Step]:
    tensors = _several(args)
    key = index_for_axis("stack", axis, None)
    wide = [Step("GetItem", [x, key]) for x in tensors]
    return [*wide, Step("Concatenate", [[Made(i) for i in range(len(wide))]], {"axis": axis})]


def _add_all(args: Sequence[Any]) -> list[Step]:
    first, *others = _several(args)
    return [Step("Add", [Made(i - 1) if i else first, x]) for i, x in enumerate(others)]


def _several(args: Sequence[Any]) -> list[Any]:
    return list(args[0]) if isinstance(args[0], list) else list(args)


CHAINS: dict[str, Callable[..., list[Step]]] = {
    "add_n": _add_all,
    "clip_by_value": _clip,
    "l2_normalize": _normalize,
    "stack": _stack,
}
"""The last part of a function's name -> its steps, from the arguments of its call."""
