"""One step of an optimizer as one kernel over the flat vector of all weights.

Gradient scales, accumulation, clipping, weight decay, the rule, averages: all of it is done to a
weight while it is in a register. Where gradients are bounded by norms, or the loss scale adapts, a
first kernel reads the gradients for that. What depends on the step is in rows of constants on the
device, which are written for some hundreds of steps at a time, and counted by the device itself.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.train.backend import is_here
from edgekit.train.optimizers.checks import check_gradients
from edgekit.train.optimizers.host_scalar import HostScalar
from edgekit.train.tensor import Tensor, Variable, array_of

from .constants import RowsOfSteps
from .copies import Copies
from .kernel import Kernel, blocks_for, contiguous, kernel
from .segments import STORAGES, Segments
from .state import StepState, current, is_capturing
from .update_rules import RULES, UpdateRule

__all__ = ["Updates", "kernels"]

_SOURCE = "updates.cu"
_CLIP_VALUE, _CLIP_NORM, _CLIP_GLOBAL, _DECAY, _AVERAGE, _ACCUMULATE, _SCALED = (
    1, 2, 4, 8, 16, 32, 64,
)  # fmt: skip
_SLOT = 1 << 16  # and to the left of it


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    names = [
        f"{'directions' if rule.by_variable else 'update'}<{rule.name}>" for rule in RULES.values()
    ]
    return [kernel(_SOURCE, name) for name in (*names, "measure", "follow_directions")]


class _Counted:
    """A scalar that kernels change and the host may set: `host` shows it, `state` has it."""

    def __init__(self, host: HostScalar, state: StepState, field: str, follow: Any = None) -> None:
        self.host = host
        self.known = host.data.item()
        self._state, self._field, self._follow = state, field, follow
        state.force(field, self.known)

    def flush(self) -> bool:
        """Write the host's number where somebody set it; whether that was so."""
        if self.host.pull is not None or self.host.data.item() == self.known:
            return False
        self.known = self.host.data.item()
        self._state.force(self._field, self.known)
        return True

    def changed(self) -> None:
        """A kernel has changed it: fetch it when somebody looks."""
        self.host.pull = self._pull

    def counted(self, steps: int) -> None:
        """A kernel has added so much to it."""
        self.host.data[...] += steps
        self.known += steps

    def _pull(self) -> Any:
        before, self.known = self.known, self._state.read(self._field)
        if self._follow is not None:
            self._follow(before, self.known)
        return self.known


class Updates:
    """The steps of an optimizer where its weights are: on a GPU.

    scaling: the LossScaleOptimizer around it, if there is one.
    """

    def __init__(self, optimizer: Any, rule: UpdateRule, scaling: Any = None) -> None:
        self.optimizer = optimizer
        self.rule = rule
        self.scaling = scaling
        flat = optimizer._flat
        self.flat = flat
        self.state = StepState()
        self._counts = [_Counted(optimizer._iterations, self.state, "iterations", self._follow)]
        if scaling is not None:
            self._counts.append(_Counted(scaling.dynamic_scale, self.state, "scale"))
            self._counts.append(_Counted(scaling.step_counter, self.state, "good"))
        self._rows = RowsOfSteps(optimizer, rule, self.state)
        self._ahead = 0  # steps since the number of iterations was known
        self._segments = Segments(flat, [optimizer._use_weight_decay(v) for v in flat.variables])
        self.copies = Copies(flat)
        self._captured: int | None = None
        self._stepped: list[Variable] = []  # by the last step

    # -- around a step ----------------------------------------------------------------------------

    def prepare(self, steps: int = 1) -> None:
        """Write what the next so many steps need, where it changed. Never within a capture."""
        flags = self.flags()
        if self._captured is not None and self._captured != flags:
            raise InputError(
                f"optimizer {self.optimizer.name!r} was given other bounds, averages or slots "
                "since its step was captured: compile the model again"
            )
        self.copies.refresh()
        iterations = self._counts[0]
        set_by_host = [count.flush() for count in self._counts]
        if set_by_host[0]:
            self._ahead = 0
        if not self._rows.hold(iterations.known, iterations.known + self._ahead + steps):
            iterations.known = int(self.optimizer._iterations.data)  # may wait for the device
            self._ahead = 0
            self._rows.write(iterations.known, steps)

    def taken(self, steps: int = 1) -> None:
        """Enter into the host's numbers that so many steps were launched."""
        if self.scaling is None:
            iterations = self._counts[0]
            iterations.counted(steps)
            self._follow(iterations.known - steps, iterations.known)
        else:
            self._ahead += steps
            for count in self._counts:
                count.changed()
            for name in self.rule.scalars:
                getattr(self.optimizer, name).pull = functools.partial(self._pull, name)
        for v in self._stepped:
            v.version += steps
        self.copies.stepped()

    def _follow(self, before: int, now: int) -> None:
        """Let the rule's own scalars on the host follow the iterations from `before` to `now`."""
        if self.rule.follow is not None:
            every = self.optimizer.gradient_accumulation_steps or 1
            self.rule.follow(self.optimizer, before // every, now // every)

    def _pull(self, name: str) -> Any:
        """A scalar of the rule as it is after all steps."""
        self.optimizer._iterations.data  # noqa: B018 - fetched, and followed
        return getattr(self.optimizer, name)._array

    def scale(self) -> Any:
        """What a loss is multiplied by: an array without dimensions, on the current device."""
        if not is_capturing():
            with self.state.words.device:
                for count in self._counts:
                    count.flush()
        found = self.state.scale.reshape(())
        return found if is_here(found) else found.copy()  # for the replica of another GPU

    # -- the step ---------------------------------------------------------------------------------

    def apply(self, grads: Sequence[Any], variables: Sequence[Variable]) -> None:
        """One step with a gradient (or None) for each variable."""
        capturing = is_capturing()
        if capturing:
            self._captured = self.flags()
        else:
            self.prepare()
        self._stepped = self._launch(grads, variables)
        for v in self._stepped:
            if v.constraint is not None:
                v.data[...] = array_of(v.constraint(v))
                self.copies.constrained(v)
        if not capturing:
            self.taken()

    def flags(self) -> int:
        """What is switched on, in the bits of sources/updates.cu."""
        o = self.optimizer
        found = self.rule.flags(o)
        found |= _CLIP_VALUE if o.clipvalue else _CLIP_NORM if o.clipnorm else 0
        found |= _CLIP_GLOBAL if o.global_clipnorm else 0
        found |= _DECAY if o.weight_decay else 0
        found |= _AVERAGE if o.use_ema else 0
        found |= _ACCUMULATE if o.gradient_accumulation_steps else 0
        found |= _SCALED if self.scaling is not None else 0
        for i, name in enumerate(self.rule.slots):
            found |= _SLOT << i if name in self.flat.slots else 0
        return found

    def _arrays(self, grads: Sequence[Any], variables: Sequence[Variable]) -> list[Any]:
        """The gradient of each segment as an array that kernels take; None where there is none."""
        if len(grads) != len(variables):
            raise ShapeError(f"{len(grads)} gradients were given for {len(variables)} variables.")
        places = self.flat.places_of(variables, self.optimizer.name)
        if any(g is None for g in grads):
            check_gradients(grads, variables)
        found: list[Any] = [None] * len(self.flat.variables)
        for g, v, place in zip(grads, variables, places, strict=True):
            if g is None:
                continue
            g = g.data if isinstance(g, Tensor) else g
            if g.size != v.size:
                raise ShapeError(f"variable {v.path!r} has shape {v.shape}, its gradient {g.shape}")
            found[place] = contiguous(g if g.dtype.name in STORAGES else g.astype(np.float32))
        return found

    def _launch(self, grads: Sequence[Any], variables: Sequence[Variable]) -> list[Variable]:
        """Launch the kernels; returns the variables that have a gradient."""
        arrays = self._arrays(grads, variables)
        flags = self.flags()
        groups = self._segments.groups(arrays)
        if flags & (_CLIP_NORM | _CLIP_GLOBAL | _SCALED):
            self._measure(groups, flags)
        (self._step_by_variable if self.rule.by_variable else self._step)(groups, flags)
        return [v for v, g in zip(self.flat.variables, arrays, strict=True) if g is not None]

    def _slot(self, name: str) -> Any:
        """A slot; where it is not in use any array, which is not touched."""
        return self.flat.slots.get(name, self.flat.parameters)

    def _slots(self) -> list[Any]:
        """The three slots that a rule may have."""
        return [self._slot(name) for name in (*self.rule.slots, "", "", "")[:3]]

    def _constants(self) -> tuple[Any, ...]:
        return self._rows.rows, np.int32(len(self._rows.rows)), self.state.words

    def _copy(self) -> tuple[Any, ...]:
        copies = self.copies
        vector = self.flat.parameters if copies.vector is None else copies.vector
        return vector, np.int32(copies.storage)

    def _step(self, groups: Any, flags: int) -> None:
        run = kernel(_SOURCE, f"update<{self.rule.name}>")
        for group in groups:
            run(
                blocks_for(group.tiles * 256), 256, *group.arguments, self._segments.decays,
                self.flat.parameters, *self._slots(), self._slot("average"),
                self._slot("gradient_accumulator"), *self._constants(), current().words,
                self._segments.factors, *self._copy(), np.int32(group.is_end), np.uint32(flags),
            )  # fmt: skip

    def _step_by_variable(self, groups: Any, flags: int) -> None:
        run, found = kernel(_SOURCE, f"directions<{self.rule.name}>"), self.flat.gradients
        segments = self._segments
        for group in groups:
            run(
                blocks_for(group.tiles * 256), 256, *group.arguments, segments.decays,
                self.flat.parameters, *self._slots(), self._slot("gradient_accumulator"),
                *self._constants(), segments.factors, found, segments.sums, segments.ratios,
                np.int32(len(self.flat.variables)), np.int32(group.is_end), np.uint32(flags),
            )  # fmt: skip
        tiles = sum(group.tiles for group in groups)
        kernel(_SOURCE, "follow_directions")(
            blocks_for(tiles * 256), 256, found, segments.ratios, *segments.tables,
            np.int32(tiles), self.flat.parameters, self._slot("average"), *self._constants(),
            current().words, *self._copy(), np.uint32(flags),
        )  # fmt: skip

    def _measure(self, groups: Any, flags: int) -> None:
        segments = self._segments
        growth = 0 if self.scaling is None else self.scaling.dynamic_growth_steps
        for group in groups:
            kernel(_SOURCE, "measure")(
                blocks_for(group.tiles * 256), 256, *group.arguments,
                np.int32(len(self.flat.variables)),
                self._slot("gradient_accumulator"), *self._constants(), segments.sums,
                segments.strange, segments.totals, segments.factors,
                np.int32(growth), np.int32(group.is_end), np.uint32(flags),
            )  # fmt: skip
