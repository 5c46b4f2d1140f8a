"""A step of a model as one CUDA graph, or as several steps in one.

The first two steps of a kind run as they are written: they load kernels, choose plans, make slots
and fill the memory pool, and they are looked at: what do they change? Then the step is captured,
which executes nothing, and from there on launched.

A step that cannot be captured goes on as it is written, and one warning says why: it reads a value
(Python's `if` on a tensor, `float(loss)`), draws random numbers on the host, keeps a number of
Python's that changes, or calls what cupy refuses within a capture.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from edgekit.train.optimizers import Optimizer
from edgekit.train.structure import flatten, is_nested

from . import state
from .anchors import Anchors, written
from .carry import Changes, NotCapturedError, Snapshot, array_in, carry, participants
from .reasons import place_of
from .workplace import Workplace

__all__ = ["MOST_GRAPHS", "WARM_UPS", "CapturedStep"]

WARM_UPS = 2
# kinds of batches that get a graph: each keeps its memory, and batches of text come in all lengths
MOST_GRAPHS = 16


class _Graph:
    """A graph, what it gives, and arrays that live as long as it does."""

    def __init__(self, graph: Any, outputs: Any, held: Any) -> None:
        self.graph = graph
        self.outputs = outputs
        self.held = held


class CapturedStep:
    """`model.train_step` (or another) of batches of several kinds, captured where that can be.

    `step(kind, body, steps, finish)` makes `steps` steps and gives what the last one gave. A step
    is `body(number)`, counted from 0 among those that are launched together, at the end of which
    comes `finish(count)`. Bodies of one kind do the same on the same shapes. What a launch gives is
    overwritten by the next. Call `enter()` first, and again whenever other code may have run.
    """

    def __init__(self, model: Any, work: Workplace, what: str = "train_step") -> None:
        self.model = model
        self.what = what
        self.refusal: str | None = None  # why steps are not captured, where they are not
        self.launches = 0
        self._work = work
        self._graphs: dict[tuple[Hashable, int], _Graph] = {}
        self._warm: dict[Hashable, list[Any]] = {}
        self._changes: dict[Hashable, Changes] = {}
        self._objects: list[Any] = []
        self._optimizers: list[Optimizer] = []
        self._anchors: Anchors | None = None  # what graphs rest on, where there are any
        self._array_places: dict[Any, Any] = {}  # where steps leave arrays: owner, shape, dtype
        self._logs_numbers = False
        self._loose = False  # whether attributes may be bound to other arrays than graphs use

    # -- the outside ------------------------------------------------------------------------------

    def enter(self, anew: bool = True) -> None:
        """See what other code has changed: arrays into their places, numbers into new graphs.

        anew: look for layers, metrics and optimizers too.
        """
        if anew or not self._objects:
            self._look()
        if self._anchors is not None and not self._anchors.stand():
            self._drop()
        self._loose = True

    def _drop(self) -> None:
        """Let graphs go, to be captured anew."""
        self._graphs.clear()
        self._anchors = None

    def _look(self) -> None:
        self._objects = participants(self.model)
        found = [o for o in self._objects if isinstance(o, Optimizer)]
        inner = [getattr(o, "inner_optimizer", None) for o in found]
        self._optimizers = [o for o in found if not any(o is one for one in inner)]

    def is_warm(self, kind: Hashable) -> bool:
        """Whether the next steps of this kind come from a graph."""
        if self.refusal is not None or kind not in self._changes:
            return False
        kinds = {known for known, _ in self._graphs}
        return kind in kinds or len(kinds) < MOST_GRAPHS

    def __call__(
        self, kind: Hashable, body: Callable[[int], Any], steps: int = 1, finish: Any = None
    ) -> Any:
        if self.is_warm(kind):
            graph = self._ready(kind, body, steps, finish)
            if graph is not None:
                graph.graph.launch(self._work.stream)
                self.launches += 1
                self._changes[kind].count(steps)
                for optimizer, each in self._changes[kind].optimizers:
                    optimizer.taken(steps * each)
                return graph.outputs
        outputs = None
        for _ in range(steps):
            outputs = self._as_written(kind, body)
            if finish is not None:
                finish(1)
        self._loose = True
        return outputs

    def refuse(self, reason: str) -> None:
        """Capture nothing from here on; says why, once."""
        if self.refusal is not None:
            return
        self.refusal = reason
        self._drop()
        warnings.warn(
            f"model {self.model.name!r}: {self.what} runs on the GPU operation by operation, which "
            f"is slower than as one CUDA graph: {reason}. compile(run_eagerly=True) chooses that "
            "without this warning",
            RuntimeWarning,
            stacklevel=7,
        )

    # -- steps as they are written ----------------------------------------------------------------

    def _as_written(self, kind: Hashable, body: Callable[[int], Any]) -> Any:
        if self.refusal is not None or kind in self._changes:
            return self._one(body)
        moments = self._warm.setdefault(kind, [])
        last = len(moments) == WARM_UPS - 1
        before = Snapshot(self._objects) if last else None
        outputs = self._one(body)
        self._look()  # the first step may have built the model
        after = Snapshot(self._objects)
        moments.append((after, _numbers_in(outputs)))
        for place, holder in after.arrays.items():
            array = array_in(holder)
            self._array_places[place] = after.owners[place[0]], array.shape, array.dtype
        if before is None:
            return outputs
        del self._warm[kind]
        try:
            reasons = [o.why_not_captured() for o in self._optimizers]
            if self.what == "train_step" and any(reasons):
                raise NotCapturedError("; ".join(reason for reason in reasons if reason))
            self._changes[kind] = Changes(moments[0][0], before, after)
            if moments[0][1] != moments[1][1]:
                raise NotCapturedError("it returns a number of Python's that changes")
        except NotCapturedError as problem:
            self.refuse(str(problem))
        return outputs

    def _one(self, body: Callable[[int], Any], number: int = 0) -> Any:
        """One step, and the device's count of it where no optimizer's kernel keeps that."""
        with state.one_step():
            outputs = body(number)
        if self.what == "train_step":
            if not self._optimizers:
                self._look()  # the first step
            if not any(o.device_updates() is not None for o in self._optimizers):
                state.current().advance()
        return outputs

    # -- capture ----------------------------------------------------------------------------------

    def _ready(
        self, kind: Hashable, body: Callable[[int], Any], steps: int, finish: Any
    ) -> _Graph | None:
        """The graph of so many steps, with everything where it looks for it; None if refused."""
        for optimizer, each in self._changes[kind].optimizers:
            optimizer.prepare(steps * each)
        if self._loose and self._anchors is not None and not self._anchors.hold():
            self._drop()
        self._loose = False
        return self._graphs.get((kind, steps)) or self._capture(kind, body, steps, finish)

    def _capture(
        self, kind: Hashable, body: Callable[[int], Any], steps: int, finish: Any
    ) -> _Graph | None:
        self._adopt()
        before = Snapshot(self._objects)
        outputs: Any = None
        collecting = gc.isenabled()
        gc.disable()  # what it would free in the middle may end the capture
        try:
            with self._work.capturing() as captured, state.capturing():
                for number in range(steps):
                    outputs = self._one(body, number)
                if finish is not None:
                    finish(steps)
                for old, new in carry(before, Snapshot(self._objects)):
                    old[...] = new
        except BaseException as error:
            before.put_back()
            if not isinstance(error, Exception):
                raise
            self.refuse(_reason(error))
            return None
        finally:
            if collecting:
                gc.enable()
        before.put_back()
        self._logs_numbers = self._logs_numbers or bool(_numbers_in(outputs))
        self._anchors = Anchors(before, self._optimizers, self._logs_numbers)
        made = _Graph(captured[0], outputs, captured[1])
        self._graphs[kind, steps] = made
        return made

    def _adopt(self) -> None:
        """Make device arrays of numbers where steps left arrays: of a metric begun anew, say."""
        for place, (owner, shape, dtype) in self._array_places.items():
            value = vars(owner).get(place[1])
            if place[2] is None and isinstance(value, int | float | np.ndarray):
                import cupy

                array = cupy.empty(shape, dtype)
                if written(array, value):
                    setattr(owner, place[1], array)


def _numbers_in(outputs: Any) -> list[Any]:
    """The numbers of Python's among what a step returned."""
    leaves = flatten(outputs) if is_nested(outputs) else [outputs]
    return [leaf for leaf in leaves if isinstance(leaf, int | float)]


def _reason(error: Exception) -> str:
    if isinstance(error, NotCapturedError):
        return str(error)
    found = f"{type(error).__name__}: {error}"
    if "StreamCapture" in found or "transfers are disallowed" in found:
        found = f"the host reads a value of the GPU there, or copies one to it ({found})"
    return place_of(error) + found
