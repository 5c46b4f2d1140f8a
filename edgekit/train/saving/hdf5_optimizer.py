"""The state of an optimizer in an `.h5` file: of Keras 3, of tf.keras since 2.11, and older.

The two younger ones go variable by variable (momentum and velocity of the first, then of the
second ...), the older ones slot by slot, under names such as `Adam/dense/kernel/m:0`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import asarray

__all__ = ["take_state"]

# optimizer -> its slots as older files name them, in today's order
_OLD_SLOTS = {
    "Adam": ("m", "v", "vhat"),
    "Adamax": ("m", "v"),
    "Adadelta": ("accum_grad", "accum_var"),
    "Adagrad": ("accumulator",),
    "Ftrl": ("accumulator", "linear"),
    "RMSprop": ("rms", "momentum", "mg"),
    "SGD": ("momentum",),
}
_COUNTS, _RATES = ("iter", "iteration", "iterations"), ("learning_rate", "current_learning_rate")


def take_state(optimizer: Any, names: Sequence[str], arrays: Sequence[np.ndarray]) -> None:
    """Set the variables of a built optimizer; a warning where they do not fit."""
    ends = [name.rpartition("/")[2].partition(":")[0] for name in names]
    counts = [a for end, a in zip(ends, arrays, strict=True) if end in _COUNTS]
    rates = [a for end, a in zip(ends, arrays, strict=True) if end in _RATES]
    slots = [
        (end, a)
        for end, a in zip(ends, arrays, strict=True)
        if end not in _COUNTS and end not in _RATES
    ]
    try:
        _set(optimizer, counts, rates, _in_todays_order(optimizer, slots))
    except ShapeError as error:
        warnings.warn(
            f"the state of the optimizer {optimizer.name!r} was not loaded, training would start "
            f"it anew: {error}",
            stacklevel=6,
        )


def _in_todays_order(optimizer: Any, slots: list[tuple[str, np.ndarray]]) -> list[np.ndarray]:
    """Slot-by-slot lists turned into variable-by-variable ones, as far as slots go together."""
    known = _OLD_SLOTS.get(type(optimizer).__name__, ())
    if not slots or not all(end in known for end, _ in slots):
        return [array for _, array in slots]
    by_slot = [[a for end, a in slots if end == name] for name in known]
    found: list[np.ndarray] = []
    for group in optimizer.slot_groups:
        columns = [column for column in by_slot[: len(group)] if column]
        del by_slot[: len(group)]
        if len({len(column) for column in columns}) > 1:
            raise ShapeError("the slots have different numbers of arrays")
        found += [array for row in zip(*columns, strict=True) for array in row]
    return found


def _set(
    optimizer: Any,
    counts: Sequence[np.ndarray],
    rates: Sequence[np.ndarray],
    slots: Sequence[np.ndarray],
) -> None:
    variables = optimizer.variables
    plain = [v for v in variables if v.name.rpartition("/")[2] not in (*_COUNTS, *_RATES)]
    if len(counts) != 1 or len(rates) > 1 or len(slots) != len(plain):
        raise ShapeError(
            f"expected {len(plain)} arrays besides the count of steps, the file has {len(slots)}"
        )
    wrong = [
        f"{v.name}: expected shape {tuple(v.shape)}, the file has {a.shape}"
        for v, a in zip(plain, slots, strict=True)
        if tuple(v.shape) != a.shape
    ]
    wrong += [f"{a.shape} is no single number" for a in (*counts, *rates) if a.size != 1]
    if wrong:
        raise ShapeError("; ".join(wrong))
    for variable, array in zip(plain, slots, strict=True):
        variable.data[...] = asarray(array, variable.dtype)
    for variable in variables:
        end = variable.name.rpartition("/")[2]
        for names, given in ((_COUNTS, counts), (_RATES, rates)):
            if end in names and given:
                variable.data[...] = given[0].reshape(())
