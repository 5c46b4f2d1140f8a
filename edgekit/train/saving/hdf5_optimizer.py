"""The state of an optimizer in files of Keras 3, of tf.keras since 2.11, and of older ones.

Keras 3 goes variable by variable (momentum and velocity of the first, then of the second ...), and
so does tf.keras since 2.11, under names such as `Adam/m/dense/kernel:0`, without the learning rate.
Before it went slot by slot, under names such as `Adam/dense/kernel/m:0`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import ShapeError
from edgekit.train.backend import asarray

__all__ = ["take_state"]

_COUNTS, _RATES = ("iter", "iteration", "iterations"), ("learning_rate", "current_learning_rate")
# today's slots -> what tf.keras called them, since 2.11 and before
_OLD_NAMES: dict[str, tuple[str, ...]] = {
    "accumulated_delta_var": ("accumulated_delta_var", "accum_var"),
    "accumulated_grad": ("accumulated_grad", "accum_grad"),
    "accumulator": ("accumulator",),
    "average": ("average",),
    "average_gradient": ("average_gradient", "mg"),
    "linear": ("linear",),
    "momentum": ("m", "momentum"),
    "norm": ("u", "v"),
    "velocity": ("v", "velocity", "rms"),
    "velocity_hat": ("vhat",),
}
_PRODUCT = "momentum_cache"  # of Nadam
_Slots = list[tuple[str, np.ndarray]]


def take_state(optimizer: Any, names: Sequence[str], arrays: Sequence[np.ndarray]) -> None:
    """Set the variables of a built optimizer; a warning where they do not fit.

    Without names the arrays are taken in the order of tf.keras since 2.11.
    """
    names = names or _names_of_tf_keras(optimizer)
    try:
        if len(names) != len(arrays):
            raise ShapeError(f"expected {len(names)} arrays, the file has {len(arrays)}")
        found = list(zip(names, arrays, strict=True))
        counts = [a for name, a in found if _end(name) in _COUNTS]
        rates = [a for name, a in found if _end(name) in _RATES]
        slots = [(n, a) for n, a in found if _end(n) not in (*_COUNTS, *_RATES)]
        ordered = [array for _, array in slots]
        if all(name.endswith(":0") for name in names):  # TensorFlow's names
            ordered = _in_todays_order(optimizer, slots, any(_end(n) == "iter" for n in names))
            ordered += _product(optimizer, slots, counts)
        _set(optimizer, counts, rates, ordered)
    except ShapeError as error:
        warnings.warn(
            f"the state of the optimizer {optimizer.name!r} was not loaded, training would start "
            f"it anew: {error}",
            stacklevel=6,
        )


def _end(name: str) -> str:
    return name.rpartition("/")[2].partition(":")[0]


def _groups(optimizer: Any) -> list[list[str]]:
    """The slots in use; those of a group lie beside each other for each variable."""
    used = optimizer.slot_names()
    groups = [[name for name in group if name in used] for group in optimizer.slot_groups]
    return [["average"], *groups] if optimizer.use_ema else groups


def _names_of_tf_keras(optimizer: Any) -> list[str]:
    """Names for what tf.keras keeps, in its order; it has a momentum even where that is 0."""
    groups = _groups(optimizer)
    if type(optimizer).__name__ == "SGD":
        groups = [*([["average"]] if optimizer.use_ema else []), ["momentum"]]
    count = len(optimizer._flat.variables)
    slots = [
        f"{optimizer.name}/{_OLD_NAMES[slot][0]}/{index}:0"
        for group in groups
        for index in range(count)
        for slot in group
    ]
    return ["iteration:0", *slots]


def _in_todays_order(optimizer: Any, slots: _Slots, slot_comes_last: bool) -> list[np.ndarray]:
    """Variable by variable, without the slots that are not in use."""
    if slots and not optimizer.slot_groups:
        raise ShapeError("tf.keras kept the state of this optimizer otherwise")
    ordered: list[np.ndarray] = []
    for group in _groups(optimizer):
        columns = [
            [a for name, a in slots if _is_of(name, slot, slot_comes_last)] for slot in group
        ]
        if len({len(column) for column in columns}) > 1:
            raise ShapeError("the slots have different numbers of arrays")
        ordered += [array for row in zip(*columns, strict=True) for array in row]
    return ordered


def _is_of(name: str, slot: str, slot_comes_last: bool) -> bool:
    found = _end(name) if slot_comes_last else [*name.split("/"), ""][1]
    return found in _OLD_NAMES[slot]


def _product(optimizer: Any, slots: _Slots, counts: list[np.ndarray]) -> list[np.ndarray]:
    """The product of the momenta so far, of Nadam: tf.keras since 2.11 does not keep it."""
    if type(optimizer).__name__ != "Nadam" or len(counts) != 1:
        return []
    kept = [array for name, array in slots if _end(name) == _PRODUCT]
    momenta = (optimizer._momentum_at(t) for t in range(1, int(counts[0].reshape(())) + 1))
    return kept or [np.array(math.prod(momenta), np.float32)]


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
        f"{v.path}: expected shape {tuple(v.shape)}, the file has {a.shape}"
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
