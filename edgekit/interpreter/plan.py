"""The execution plan: a graph at one batch size, as a flat list of calls over one arena."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import partial
from operator import call
from typing import Any

import numpy as np

from edgekit.errors import InputError, ModelFormatError
from edgekit.frozen import Frozen, replace
from edgekit.ir import Graph, MemoryPlan, Node, Value, plan_memory
from edgekit.ir.graph import DTYPES
from edgekit.ir.quant import LIMITS

from .arena import bound
from .kernels import find_kernel
from .kernels.variants import Variant
from .step import UNQUANTIZED, UNSCALED, Arena, Array, Call, Scratch, Step
from .zeros import Zero, zeros

__all__ = ["QUIET", "ExecutionPlan", "PlannedStep", "Subplans", "make_plan"]

MOST_ITERATIONS = 2**16
"""Of all loops of one inference together."""
QUIET: dict[str, Any] = {"over": "ignore", "invalid": "ignore", "divide": "ignore"}
"""Too large a float is infinite, 0 / 0 is NaN and integers wrap: a model's numbers do not warn."""
LARGEST_SCALE, SMALLEST_SCALE = 1e9, 1e-9
LARGEST_ARENA = 2**29
"""Elements of one sample, and of all constants: 2 GiB. A file of a few bytes can say any size."""


class PlannedStep(Frozen):
    """A node and the calls that compute it; `variant` where its kernel had a choice."""

    node: Node
    calls: tuple[Call, ...]
    variant: Variant | None = None


class ExecutionPlan:
    """Everything an inference needs: write the inputs into the arena, run all calls, read.

    `calls` is `steps` laid end to end; `scratch_bytes` is the working memory beside the arena.
    `quietly(function, *arguments)` calls one without warnings about numbers.
    Memories of the graph live in the arena between calls; `keep_states` moves them on by one call.
    """

    def __init__(
        self,
        arena: Arena,
        steps: Sequence[PlannedStep],
        scratch_bytes: int,
        subplans: Subplans | None = None,
    ) -> None:
        graph = arena.graph
        self._subplans = subplans
        self.arena, self.batch = arena, arena.batch
        self.steps = tuple(steps)
        self.calls = tuple(call for step in steps for call in step.calls)
        self.scratch_bytes = scratch_bytes
        self._border_calls = [call for i in graph.inputs for call in arena.border_calls(i)]
        self._state_calls = _state_calls(arena)
        self.reset_states()
        self.quietly = _quietly() if _may_overflow(graph) else _call
        self._loaders = [
            _loader(graph.value(i), arena.view(i), arena.zero(i)) for i in graph.inputs
        ]
        computed = [name for name in graph.outputs if name in arena.plan.slots]
        self._readers = [(o, _reader(graph.value(o), arena.view(o))) for o in computed]
        self._has_constants = len(computed) < len(graph.outputs)  # an output may be one

    def load(self, arrays: Sequence[Array]) -> None:
        """Write checked inputs, in the graph's order, into the arena. Raises InputError for NaN."""
        if self._subplans is not None:
            self._subplans.iterations = 0
        for set_border in self._border_calls:
            set_border()
        for position, load in enumerate(self._loaders):  # a zip takes as long as a small input
            load(arrays[position])

    def keep_states(self) -> None:
        """Let every memory become what it is at the end of a call.

        Python looks for signals between its own lines. There are none in here, so an interrupt
        finds all memories moved on, or none.
        """
        deque(map(call, self._state_calls), 0)

    def reset_states(self) -> None:
        """Put the initial values of all memories back."""
        for state in self.arena.graph.states:
            np.copyto(self.arena.view(state.value), self.arena.content(state.initial))

    def read(self, name: str) -> Array:
        """A copy of an activation, in its public dtype, while its memory still holds it."""
        arena = self.arena
        return _reader(arena.graph.value(name), arena.view(name), arena.zero(name))()

    def outputs(self) -> dict[str, Array]:
        """Copies of the outputs, in the dtypes of the graph."""
        results = {name: read() for name, read in self._readers}
        if self._has_constants:
            graph = self.arena.graph
            constants = {v.name: np.array(v.data) for v in graph.constants()}
            results = {o: results[o] if o in results else constants[o] for o in graph.outputs}
        return results


def _state_calls(arena: Arena) -> list[Call]:
    """What lets every memory become what it is at the end of a call."""
    states = arena.graph.states
    if not states:
        return []
    from .copies import copies  # most models have no memories

    sources = [arena.content(state.next) for state in states]
    return copies(sources, [arena.view(state.value) for state in states])


def _call(function: Callable[..., Any], *arguments: object) -> Any:
    return function(*arguments)


def _quietly() -> Callable[..., Any]:
    """A function that calls another, while numpy warns about no numbers.

    numpy 2 looks into a call's context for that, and entering one takes a tenth of np.errstate.
    """
    if np.__version__.startswith("1."):
        return np.errstate(**QUIET)(_call)
    context = copy_context()
    context.run(partial(np.seterr, **QUIET))
    return context.run


def _may_overflow(graph: Graph) -> bool:
    """Whether an operation may leave the range of its numbers, about which numpy would warn.

    Quantized values do so only with scales that no real model has.
    """
    graphs = (graph, *graph.subgraphs.values())
    for value in (value for g in graphs for value in g.values.values()):
        if value.dtype == "float32" or (value.dtype in UNSCALED and value.data is None):
            return True
        if value.quant is not None and value.dtype in LIMITS:
            scales = value.quant.scale
            if max(scales) > LARGEST_SCALE or (value.data is None and min(scales) < SMALLEST_SCALE):
                return True
    return False


class Subplans:
    """The plan of each subgraph, made when first asked for; all nodes that name it share it.

    That is sound because no subgraph is at work twice at a time: none comes to call itself.
    """

    def __init__(self, graph: Graph, batch: int) -> None:
        self._graph, self._batch = graph, batch
        self._plans: dict[str, ExecutionPlan] = {}
        self.iterations = 0

    def plan(self, name: str) -> ExecutionPlan:
        if name not in self._plans:
            graph = replace(self._graph.subgraphs[name], metadata=self._graph.metadata)
            # Inputs that are outputs too keep their places to the end: a loop need not load
            # again what its body only reads.
            lasting = replace(graph, outputs=(*graph.outputs, *graph.inputs))
            memory = plan_memory(lasting)
            self._plans[name] = make_plan(graph, memory, self._batch, subplans=self)
        return self._plans[name]

    def count_iteration(self, layer: str) -> None:
        """Raise InputError where the loops of one inference do not come to an end."""
        self.iterations += 1
        if self.iterations > MOST_ITERATIONS:
            raise InputError(
                f"layer {layer!r}: the loop goes on after {MOST_ITERATIONS} iterations; "
                "its condition never becomes false for these inputs"
            )


def make_plan(
    graph: Graph,
    memory: MemoryPlan,
    batch: int,
    prepared: dict[tuple[str, str], Array] | None = None,
    subplans: Subplans | None = None,
) -> ExecutionPlan:
    """Let each kernel look at its node once.

    Raises UnsupportedOperator naming the layer, ModelFormatError where activations are too large.

    prepared: constants that kernels made and plans of other batch sizes share.
    subplans: of the graph that this one is a subgraph of.
    """
    prepared = {} if prepared is None else prepared
    subplans_given = subplans is not None
    if subplans is None and graph.subgraphs:
        subplans = Subplans(graph, batch)
    constants = sum(value.elements for value in graph.constants())  # many may share one buffer
    if constants > LARGEST_ARENA:
        raise ModelFormatError(
            f"graph {graph.name!r} has constants of {constants} elements in all; "
            f"allowed are {LARGEST_ARENA}"
        )
    if memory.size > LARGEST_ARENA:
        raise ModelFormatError(
            f"graph {graph.name!r} needs {4 * memory.size} bytes for the activations of one "
            f"sample; allowed are {4 * LARGEST_ARENA}"
        )
    own_zeros = {} if subplans_given else zeros(graph)  # control flow copies its inputs as u
    arena, scratch = Arena(graph, memory, batch, own_zeros), Scratch()
    steps = []
    for node in graph.nodes:
        first = node.inputs[0]
        dtype = "float32" if first is None else graph.value(first).dtype
        scratch.release()
        step = Step(node, arena, scratch, graph.metadata.arithmetic, prepared, subplans)
        for output in node.outputs:
            step.calls.extend(arena.border_calls(output))
        find_kernel(node.op, dtype, node.name)(step)
        steps.append(PlannedStep(node, tuple(step.calls), step.variant))
    return ExecutionPlan(arena, steps, scratch.bytes, subplans)


def _loader(value: Value, u: Array, zero: Zero) -> Callable[[Array], object]:
    """A function that writes an input into its place in the arena, for use at every inference.

    zero: what stands for the real 0 there. It raises InputError for NaN.
    """
    put = bound(np.copyto, u)
    if value.dtype in UNSCALED:
        return put
    put_floats = _float_loader(value, u)
    if value.quant is None:
        return put_floats
    dtype, shift = DTYPES[value.dtype], value.quant.zero_point[0] - zero
    taken = np.array(shift, np.float32)

    def load(array: Array) -> None:
        if array.dtype == dtype:
            put(array)
            if shift:
                np.subtract(u, taken, u)
        else:
            from .inputs import quantize  # not for those who give just what is wanted

            with np.errstate(over="ignore", invalid="ignore"):  # what is too large saturates
                put_floats(array)
                quantize(value, u, zero)

    return load


def _float_loader(value: Value, u: Array) -> Callable[[Array], None]:
    """Numbers too large for float32 become infinite."""
    put, dense = bound(np.copyto, u), u.reshape(-1) if u.flags.c_contiguous else None

    def load(array: Array) -> None:
        put(array)  # "same_kind": float64 too
        flat = u.reshape(-1) if dense is None else dense
        # A sum of squares is NaN only if one of the numbers is, and NaN alone differs from itself.
        total = flat.dot(flat)
        if total != total:
            count = int(np.isnan(u).sum())
            raise InputError(f"input {value.name!r}: {count} of {u.size} numbers are NaN")

    return load


def _reader(value: Value, u: Array, zero: Zero = 0) -> Callable[[], Array]:
    """A function that gives a copy of an activation in its public dtype.

    zero: what stands for the real 0 in it, or one number for each channel.
    """
    if isinstance(zero, np.ndarray):
        return lambda: u - zero
    if value.quant is None or value.dtype in UNQUANTIZED:
        return u.copy
    dtype = DTYPES[value.dtype]
    shift, shifted = np.array(value.quant.zero_point[0] - zero, np.float32), np.empty_like(u)

    def read() -> Array:
        np.add(u, shift, shifted)
        return shifted.astype(dtype)

    return read
