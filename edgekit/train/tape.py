"""The gradient tape: a chronological list of records, read backwards.

Reversed, the list is an order in which gradients can be computed; there is no graph and no sort.
What makes a primitive is in `primitive.py`, and its names are handed on from here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from edgekit.errors import EdgekitError, InputError, ShapeError

from .backend import array_module, constant, is_floating, keep_freed_memory, same_place
from .backward import hand_back
from .primitive import Primitive as Primitive
from .primitive import Record as Record
from .primitive import current_scope as current_scope
from .primitive import name_scope as name_scope
from .primitive import primitive as primitive
from .primitive import recorders, scope_state
from .primitive import recording as recording
from .structure import flatten, is_nested, map_structure
from .tensor import Tensor, Variable, wrap

__all__ = [
    "GradientTape",
    "Primitive",
    "Record",
    "current_scope",
    "name_scope",
    "primitive",
    "recording",
    "stop_recording",
]


class GradientTape:
    """Records what trainable variables and watched tensors go into, and gives gradients.

        with GradientTape() as tape:
            loss = mean(square(x @ w - y))
        dw = tape.gradient(loss, w)

    A tape is read once unless `persistent=True`. With `watch_accessed_variables=False` only what
    `watch` names is followed. Tapes nest: an outer tape differentiates the gradients of an inner
    one. Where a primitive has no derivative on tensors that would raise UnsupportedOperator.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent = persistent
        self.watch_accessed_variables = watch_accessed_variables
        self.records: list[Record] | None = []
        self._followed: set[int] = set()
        self._watched: list[Tensor] = []
        self._leaves: set[int] = set()  # the variables that were followed for their own sake

    def __enter__(self) -> GradientTape:
        keep_freed_memory()
        recorders().append(self)
        return self

    def __exit__(self, *error: object) -> None:
        if self in recorders():
            recorders().remove(self)

    def stop_recording(self) -> contextlib.AbstractContextManager[None]:
        """Within the block this tape records nothing."""
        return stop_recording(self)

    def reset(self) -> None:
        """Forget everything recorded and watched, as if the block began here."""
        self.records = []
        self._followed.clear()
        self._watched.clear()
        self._leaves.clear()

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that went into what was recorded, in the order of their first use."""
        found = {
            id(x): x
            for record in self.records or []
            for x in record.inputs
            if isinstance(x, Variable) and self._follows(x)
        }
        return tuple(found.values())

    def jacobian(self, target: Any, sources: Any) -> Any:
        """d target / d source, of shape (*target.shape, *source.shape); the tape is persistent."""
        from edgekit.train.jacobians import jacobian

        self._require_persistent("jacobian")
        return jacobian(self, target, sources)

    def batch_jacobian(self, target: Any, source: Any) -> Tensor:
        """The jacobian of each sample: (batch, *target.shape[1:], *source.shape[1:])."""
        from edgekit.train.jacobians import batch_jacobian

        self._require_persistent("batch_jacobian")
        return batch_jacobian(self, target, source)

    def _require_persistent(self, what: str) -> None:
        if not self.persistent:
            raise EdgekitError(
                f"{what} reads the tape once for every element: use GradientTape(persistent=True)"
            )

    def watch(self, tensor: Any) -> None:
        """Follow a tensor (or each of a list of tensors) as if it were a trainable variable."""
        for x in tensor if isinstance(tensor, list | tuple) else [tensor]:
            if not isinstance(x, Tensor):
                raise InputError(
                    f"a tape watches tensors; this is {type(x).__name__}: use Tensor(x)"
                )
            if not is_floating(x.dtype):
                raise InputError(f"only floating tensors have gradients; this one is {x.dtype}")
            self._watched.append(x)
            self._followed.add(id(x))

    def record(
        self, rule: Primitive, inputs: Any, arrays: Any, attrs: Any, output: Tensor, saved: Any
    ) -> None:
        """Keep a call if something that is followed goes into it. Primitives call this."""
        followed, version = self._followed, 0
        needs = []
        for x in inputs:
            need = id(x) in followed
            if isinstance(x, Variable):
                version += x.version
                if not need and x.trainable and self.watch_accessed_variables:
                    need = True
                    self._leaves.add(id(x))
            needs.append(need)
        if True not in needs or not rule.differentiable or self.records is None:
            return
        followed.add(id(output))
        self.records.append(
            Record(rule, inputs, arrays, attrs, output, saved, scope_state.scope, version, needs)
        )

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: str = "none",
    ) -> Any:
        """The derivative of the sum of `target` by each of `sources`, in the structure of
        `sources`.

        `target` is a tensor or a list of them, `output_gradients` what each is weighted with
        (ones). A source that the target does not depend on gives None, or zeros with
        `unconnected_gradients="zero"`. Raises UnsupportedOperator, naming the primitive and the
        layer, where a derivative is missing.
        """
        if self.records is None:
            raise EdgekitError(
                "this tape was read already; use GradientTape(persistent=True) to read it twice"
            )
        if unconnected_gradients not in ("none", "zero"):
            raise InputError(
                f"unconnected_gradients is {unconnected_gradients!r}; use 'none' or 'zero'"
            )
        records = list(self.records)
        if not self.persistent:
            self.records = None
            self.__exit__()
        on_tensors = any(isinstance(r, GradientTape) for r in recorders())
        gradients = _seeds(target, output_gradients, on_tensors)
        wanted = set()
        flat = type(sources) is list and not any(map(is_nested, sources))
        for source in sources if flat else flatten(sources):
            if not isinstance(source, Tensor):
                raise InputError(f"gradients are taken by tensors, not by {type(source).__name__}")
            wanted.add(id(source))
        whole = wanted.issuperset(self._leaves) and wanted.issuperset(map(id, self._watched))
        reached = None if whole else _reached(records, wanted)
        hand_back(records, gradients, wanted, reached, on_tensors)
        if flat:  # what an optimizer asks for
            return [_found(x, gradients, unconnected_gradients) for x in sources]
        return map_structure(lambda x: _found(x, gradients, unconnected_gradients), sources)

    def _follows(self, x: Any) -> bool:
        return id(x) in self._followed or (
            isinstance(x, Variable) and x.trainable and self.watch_accessed_variables
        )


@contextlib.contextmanager
def stop_recording(*tapes: GradientTape) -> Iterator[None]:
    """Within the block no tape records (or not the given ones)."""
    stack = recorders()
    before = list(stack)
    stack[:] = [r for r in before if not (r in tapes if tapes else isinstance(r, GradientTape))]
    try:
        yield
    finally:
        stack[:] = before


def _reached(records: Sequence[Record], sources: set[int]) -> set[int]:
    """The ids of the sources and of all that was computed from them: what needs a gradient."""
    reached = set(sources)
    for record in records:
        if not reached.isdisjoint(map(id, record.inputs)):
            reached.add(id(record.output))
    return reached


def _seeds(target: Any, output_gradients: Any, on_tensors: bool) -> dict[int, Any]:
    """What each target's gradient starts from."""
    targets = target if isinstance(target, list | tuple) else [target]
    given = output_gradients if isinstance(output_gradients, list | tuple) else [output_gradients]
    given = [None] * len(targets) if output_gradients is None else given
    gradients: dict[int, Any] = {}
    for y, g in zip(targets, given, strict=True):
        if not isinstance(y, Tensor) or not is_floating(y.dtype):
            raise InputError(f"the target of a gradient must be a floating tensor, not {y!r}")
        if g is None:
            g = _ones(y.data)
        elif not (isinstance(g, Tensor) and on_tensors):
            g = same_place(g, y.data, y.dtype)
        if g.shape != y.shape:
            raise ShapeError(f"an output gradient has shape {g.shape}, its target {y.shape}")
        g = wrap(g) if on_tensors and not isinstance(g, Tensor) else g
        gradients[id(y)] = gradients[id(y)] + g if id(y) in gradients else g
    return gradients


def _ones(y: Any) -> Any:
    """Ones of the shape of an array; a single one on a GPU is there already, and not changed."""
    if y.ndim:
        return array_module(y).ones_like(y)
    return constant(np.array(1, y.dtype), y)


def _found(source: Any, gradients: dict[int, Any], unconnected: str) -> Tensor | None:
    """The gradient of one source as a tensor, or what stands for none."""
    gradient = gradients.get(id(source))
    if gradient is None and unconnected == "zero":
        gradient = array_module(source.data).zeros_like(source.data)
    if gradient is None or isinstance(gradient, Tensor):
        return gradient
    return wrap(gradient)
