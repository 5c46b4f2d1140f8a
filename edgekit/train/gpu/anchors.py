"""What captured steps rest on: arrays at their addresses, and numbers that graphs hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from edgekit.train.optimizers import Optimizer
from edgekit.train.precision import get_float32_precision

from .carry import Snapshot, array_in, is_device_array, same_number

__all__ = ["Anchors", "written"]


class Anchors:
    """The moment at which a step was captured.

    logs_numbers: whether the step returns numbers of Python's, which the learning rate may be of.
    """

    def __init__(
        self, moment: Snapshot, optimizers: Iterable[Optimizer], logs_numbers: bool
    ) -> None:
        self._moment = moment
        self._optimizers = list(optimizers)
        self._updates = [o.device_updates() for o in self._optimizers]
        self._precision = get_float32_precision()
        self._trainable = [v.trainable for v, _, _ in moment.variables.values()]
        # the attributes of an object, the name of one, and its value; optimizers keep theirs on the
        # device
        self._numbers = [
            (vars(moment.owners[place[0]]), place, value)
            for place, value in moment.plain.items()
            if not isinstance(moment.owners[place[0]], Optimizer)
            or (logs_numbers and place[1] == "_rate")
        ]

    def stand(self) -> bool:
        """Whether the step would be captured in the same way now, but for where arrays are."""
        return (
            self._options_stand()
            and self._trainable == [v.trainable for v, _, _ in self._moment.variables.values()]
            and self._numbers_stand()
        )

    def _numbers_stand(self) -> bool:
        """Whether numbers are what they were; thousands of them: most are the same objects."""
        holds = self._moment.holds
        for attributes, place, value in self._numbers:
            _, name, item = place
            held = attributes.get(name)
            if item is None:
                if held is value:
                    continue
            elif type(held) in (list, tuple) and item < len(held) and held[item] is value:
                continue
            if not same_number(holds(place), value):
                return False
        return True

    def _options_stand(self) -> bool:
        """Whether products are as exact as they were, and optimizers step as they did."""
        updates = [o.device_updates() for o in self._optimizers]
        same = list(map(id, updates)) == list(map(id, self._updates))
        for one in updates:
            if one is not None and one._captured not in (None, one.flags()):
                one._captured, same = None, False
        return same and self._precision == get_float32_precision()

    def hold(self) -> bool:
        """Copy what attributes were bound to meanwhile to where graphs look for it.

        False where it does not fit in there: the graphs are of no use any more.
        """
        moment = self._moment
        for variable, array, _ in moment.variables.values():
            if variable.data is not array:
                if not written(array, variable.data):
                    return False
                variable.data = array
        for place, holder in moment.arrays.items():
            held = moment.holds(place)
            if held is not holder:
                if not written(array_in(holder), held):
                    return False
                moment.bind(place, holder)
        return True


def written(array: Any, value: Any) -> bool:
    """Copy an array or a number into a device array; False where it does not fit."""
    value = array_in(value)
    if is_device_array(value):
        if value.shape != array.shape or value.dtype != array.dtype:
            return False
        array[...] = value
        return True
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if not isinstance(value, int | float | np.number):
        return False
    array.fill(value)
    return True
