"""Variables laid out in one flat vector, with their gradients and slots beside them.

The variables become views of the vector; an update is a few whole-array operations on pieces that
stay in the cache, however many variables there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import array_module
from edgekit.train.ops.workers import in_shares, shares
from edgekit.train.tensor import Tensor, Variable, array_of

__all__ = ["FlatVector"]

# elements of a piece of the flat vectors: with two slots and scratch about 800 KB, an L2 cache;
# half of it costs a third more for the calls
_PIECE = 1 << 15
_LINE = 16  # elements of float32 in a line of the cache
_NANOSECONDS = 4.0  # about how long the update of one parameter takes


class FlatVector:
    """Parameters, gradients and slots of some variables, each one vector of float32 (or float64).

    slots: name -> the value that the slot starts with.
    """

    def __init__(self, variables: Sequence[Variable], slots: dict[str, float]) -> None:
        self.variables = list(variables)
        size = sum(v.size for v in self.variables)
        self.module = module = array_module(self.variables[0].data) if self.variables else np
        # float16 weights are kept in float32 while they train; float64 ones stay what they are
        self.dtype = np.result_type(np.float32, *(v.dtype for v in self.variables))
        self.parameters = self._empty(size)
        self.gradients = self._empty(size)
        self.slots = {name: self._empty(size) for name in slots}
        for name, value in slots.items():
            self.slots[name][...] = value
        self.ranges: list[tuple[int, int]] = []
        start = 0
        for v in self.variables:
            self.ranges.append((start, start + v.size))
            start += v.size
        self._views = self.views(self.parameters)
        self._positions = {id(v): i for i, v in enumerate(self.variables)}
        self.bind()
        width = max(size, 1)
        if module is np:  # pieces of one size, so that no short one is left at the end
            width = max(1, math.ceil(size / max(1, round(size / _PIECE))))
            width += -width % _LINE
        self.pieces = [
            self.piece(begin, min(begin + width, size)) for begin in range(0, size, width)
        ]
        self._scratch = tuple(self._empty(min(width, size)) for _ in range(2))

    def views(self, vector: Any) -> list[Any]:
        """The part of a vector that belongs to each variable, in the variable's shape."""
        return [
            vector[a:b].reshape(v.shape)
            for v, (a, b) in zip(self.variables, self.ranges, strict=True)
        ]

    def piece(self, start: int, end: int) -> tuple[Any, Any, dict[str, Any]]:
        """Parameters, gradients and slots from `start` to `end`."""
        slots = {name: slot[start:end] for name, slot in self.slots.items()}
        return self.parameters[start:end], self.gradients[start:end], slots

    def scratch(self, size: int) -> tuple[Any, Any]:
        """Two arrays to compute in."""
        a, b = self._scratch
        return self.new_scratch(size) if size > a.size else (a[:size], b[:size])

    def new_scratch(self, size: int) -> tuple[Any, Any]:
        """Two arrays that nobody else computes in."""
        return self._empty(size), self._empty(size)

    def _empty(self, size: int) -> Any:
        """A vector that begins with a line of the cache: on numpy an update takes 7 % less."""
        if self.module is not np:
            return self.module.empty(size, self.dtype)
        room = np.empty(size + _LINE, self.dtype)
        start = -room.ctypes.data // self.dtype.itemsize % _LINE
        return room[start : start + size]

    def view(self, place: int) -> Any:
        """The part of the parameters that the variable of this number is bound to."""
        return self._views[place]

    def bind(self) -> None:
        """Make every variable a view of the flat vector, where it is not one already."""
        for v, view in zip(self.variables, self._views, strict=True):
            if v.data is not view:
                view[...] = v.data
                v.data = view

    def position(self, variable: Variable) -> int:
        """The variable's number. Raises InputError for one that is not there."""
        found = self._positions.get(id(variable))
        if found is None:
            raise InputError(f"variable {variable.path!r} was not there when build() was called.")
        return found

    def load_all(self, grads: Sequence[Any], variables: Sequence[Variable]) -> bool:
        """Copy a gradient for every variable to its place; False where one is missing."""
        own = self.variables
        if len(variables) != len(own):
            return False
        flat = []
        for g, v, known in zip(grads, variables, own, strict=True):
            if g is None or v is not known:
                return False
            flat.append((g.data if isinstance(g, Tensor) else g).reshape(-1))
        self.module.concatenate(flat, out=self.gradients)
        return True

    def load_some(
        self, grads: Sequence[Any], variables: Sequence[Variable], owner: str
    ) -> list[int]:
        """Copy gradients to their places; returns the numbers of the variables that have one."""
        places = []
        for g, place in zip(grads, self.places_of(variables, owner), strict=True):
            if g is not None:
                places.append(place)
                a, b = self.ranges[place]
                self.gradients[a:b] = array_of(g).reshape(-1)
        return places

    def places_of(self, variables: Sequence[Variable], owner: str) -> list[int]:
        """The numbers of these variables. Raises InputError naming all that are not there."""
        unknown = [v.path for v in variables if id(v) not in self._positions]
        if unknown:
            raise InputError(
                f"optimizer {owner!r} was built for other variables; it does not know "
                f"{', '.join(unknown)}. Compile the model again after changing what is trainable"
            )
        return [self._positions[id(v)] for v in variables]

    def parts(self, vector: Any, places: Sequence[int]) -> Iterator[Any]:
        """The parts of a vector that belong to these variables: one part where it is all."""
        if len(places) == len(self.ranges):
            yield vector
            return
        for i in places:
            a, b = self.ranges[i]
            yield vector[a:b]

    def pieces_of(self, places: Sequence[int]) -> list[tuple[Any, Any, dict[str, Any]]]:
        """What to update for these variables, in pieces."""
        if len(places) == len(self.ranges):
            return self.pieces
        return [self.piece(*self.ranges[i]) for i in places]

    def each(self, places: Sequence[int], update: Callable[..., None], shared: bool) -> None:
        """`update(p, g, slots, scratch)` for every piece of these variables, on several threads
        where `shared` allows it.
        """
        pieces = self.pieces_of(places)
        parts = [slice(0, len(pieces))]
        if shared:
            parts = shares(len(pieces), self.parameters, _NANOSECONDS * self.parameters.size)

        def take(share: slice) -> None:
            for piece in pieces[share]:
                size = piece[0].size  # but the first share each computes in a place of its own
                scratch = self.scratch(size) if share.start == 0 else self.new_scratch(size)
                update(*piece, scratch)

        in_shares(take, parts)
