"""The execution plan: a graph at one batch size, as a flat list of calls over one arena."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from edgekit.ir import Graph, MemoryPlan, Node

from . import door
from .kernels import find_kernel
from .step import Arena, Array, Call, Scratch, Step

__all__ = ["ExecutionPlan", "PlannedStep", "make_plan"]


@dataclass(frozen=True)
class PlannedStep:
    """A node and the calls that compute it."""

    node: Node
    calls: tuple[Call, ...]


class ExecutionPlan:
    """Everything an inference needs: write the inputs into the arena, run all calls, read.

    `calls` is `steps` laid end to end; `scratch_bytes` is the working memory beside the arena.
    Memories of the graph live in the arena between calls; `keep_states` moves them on by one call.
    """

    def __init__(self, arena: Arena, steps: Sequence[PlannedStep], scratch_bytes: int) -> None:
        graph = arena.graph
        self.arena, self.batch = arena, arena.batch
        self.steps = tuple(steps)
        self.calls = tuple(call for step in steps for call in step.calls)
        self.scratch_bytes = scratch_bytes
        self._border_calls = [call for i in graph.inputs for call in arena.border_calls(i)]
        self._state_calls = _state_calls(arena)
        self.reset_states()
        self._inputs = [(graph.value(i), arena.view(i)) for i in graph.inputs]
        computed = [name for name in graph.outputs if name in arena.plan.slots]
        self._outputs = [(graph.value(o), arena.view(o)) for o in computed]

    def load(self, arrays: Sequence[Array]) -> None:
        """Write checked inputs, in the graph's order, into the arena. Raises InputError for NaN."""
        for call in self._border_calls:
            call()
        for (value, view), array in zip(self._inputs, arrays, strict=True):
            door.load(value, array, view)

    def keep_states(self) -> None:
        """Let every memory become what it is at the end of a call."""
        for call in self._state_calls:
            call()

    def reset_states(self) -> None:
        """Put the initial values of all memories back."""
        for state in self.arena.graph.states:
            np.copyto(self.arena.view(state.value), self.arena.content(state.initial))

    def read(self, name: str) -> Array:
        """A copy of an activation, in its public dtype, while its memory still holds it."""
        return door.stored(self.arena.graph.value(name), self.arena.view(name))

    def outputs(self) -> dict[str, Array]:
        """Copies of the outputs, in the dtypes of the graph."""
        results = {value.name: door.stored(value, view) for value, view in self._outputs}
        if len(results) < len(self.arena.graph.outputs):  # an output may be a constant
            graph = self.arena.graph
            constants = {v.name: np.array(v.data) for v in graph.constants()}
            results = {o: results[o] if o in results else constants[o] for o in graph.outputs}
        return results


def _state_calls(arena: Arena) -> list[Call]:
    """The copies at the end of a call. What a memory was is set aside if another becomes it."""
    states = arena.graph.states
    targets = [arena.view(state.value) for state in states]
    first: list[Call] = []
    then: list[Call] = []
    for state, target in zip(states, targets, strict=True):
        source = arena.content(state.next)
        others = [other for other in targets if other is not target]
        if any(np.may_share_memory(source, other) for other in others):
            aside = np.empty_like(target)
            first.append(partial(np.copyto, aside, source))
            source = aside
        if not np.may_share_memory(source, target):
            then.append(partial(np.copyto, target, source))
    return first + then


def make_plan(
    graph: Graph,
    memory: MemoryPlan,
    batch: int,
    prepared: dict[tuple[str, str], Array] | None = None,
) -> ExecutionPlan:
    """Let each kernel look at its node once. Raises UnsupportedOperator naming the layer.

    prepared: constants that kernels made and plans of other batch sizes share.
    """
    prepared = {} if prepared is None else prepared
    arena, scratch = Arena(graph, memory, batch), Scratch()
    steps = []
    for node in graph.nodes:
        first = node.inputs[0]
        dtype = "float32" if first is None else graph.value(first).dtype
        scratch.release()
        step = Step(node, arena, scratch, graph.metadata.arithmetic, prepared)
        for output in node.outputs:
            step.calls.extend(arena.border_calls(output))
        find_kernel(node.op, dtype, node.name)(step)
        steps.append(PlannedStep(node, tuple(step.calls)))
    return ExecutionPlan(arena, steps, scratch.bytes)
