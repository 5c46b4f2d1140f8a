"""The execution plan: a graph at one batch size, as a flat list of calls over one arena."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class ExecutionPlan:
    """Everything an inference needs: write the inputs into the arena, run all calls, read.

    `calls` is `steps` laid end to end; `scratch_bytes` is the working memory beside the arena.
    """

    arena: Arena
    steps: tuple[PlannedStep, ...]
    calls: tuple[Call, ...]
    input_calls: tuple[Call, ...]
    scratch_bytes: int

    def load(self, arrays: Sequence[Array]) -> None:
        """Write checked inputs, in the graph's order, into the arena. Raises InputError for NaN."""
        for call in self.input_calls:
            call()
        graph = self.arena.graph
        for name, array in zip(graph.inputs, arrays, strict=True):
            door.load(graph.value(name), array, self.arena.view(name))


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
    return ExecutionPlan(
        arena,
        tuple(steps),
        tuple(call for step in steps for call in step.calls),
        tuple(call for name in graph.inputs for call in arena.border_calls(name)),
        scratch.bytes,
    )
