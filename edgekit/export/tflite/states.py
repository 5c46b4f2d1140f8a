"""Memories in a TFLite file.

What an Lstm or an Svdf keeps to itself is a variable tensor of that operator, which starts at zero.
Every other memory is a resource variable: CALL_ONCE runs a graph that assigns the initial
values, READ_VARIABLE gives the value at the beginning of a call, ASSIGN_VARIABLE keeps the new one
at its end. A layer that begins anew at every call has its variable tensors written before it runs.
"""

from __future__ import annotations

from edgekit.ir import Graph, Node, State

from .lowering import Lowering

__all__ = ["HIDDEN", "MEMORIES", "begin_states", "end_states"]

HIDDEN = 18
MEMORIES = {"Lstm": {HIDDEN: 1, 19: 2}, "Rnn": {4: 1}, "Svdf": {4: 1}}
"""Operators with variable tensors: which input is one, and which output is its new value."""
INITIAL = "initial values"


def begin_states(to: Lowering) -> list[str]:
    """Emit what comes before the first node; what TFLite cannot express."""
    own = _own_memories(to.graph) | _written_before(to.graph)
    to.variables |= own
    resources = _resources(to)
    if resources:
        place = 1 + len(to.subgraphs)
        to.emit("CALL_ONCE", (), (), ("CallOnceOptions", {"init_subgraph_index": place}))
        to.subgraphs.append(_initial_values(to, resources))
    for state in resources:
        handle = to.handle(_handle_name(state))
        options = ("VarHandleOptions", {"container": "", "shared_name": state.value})
        to.emit("VAR_HANDLE", (), handle, options)
        to.emit("READ_VARIABLE", (handle,), state.value, ("ReadVariableOptions", {}))
    return [
        f"{node.op} {node.name!r}: TFLite's keeps its memories itself, from zero on; here "
        f"{name!r} is given or used by others"
        for node in to.graph.nodes
        for name in _memories(node)
        if name not in own and not to.graph.value(name).is_constant
    ]


def end_states(to: Lowering) -> None:
    """Emit what comes after the last node."""
    for state in _resources(to):
        if state.next != state.value:
            inputs = (_handle_name(state), state.next)
            to.emit("ASSIGN_VARIABLE", inputs, (), ("AssignVariableOptions", {}))


def _resources(to: Lowering) -> list[State]:
    return [state for state in to.graph.states if state.value not in to.variables]


def _handle_name(state: State) -> str:
    return f"{state.value}/handle"


def _memories(node: Node) -> list[str]:
    return [str(node.inputs[i]) for i in MEMORIES.get(node.op, {})]


def _own_memories(graph: Graph) -> set[str]:
    """The memories that start at zero and that one operator alone reads and moves on."""
    readers, outputs = graph.consumers(), graph.outputs
    states = {state.value: state for state in graph.states}
    found = set()
    for node in graph.nodes:
        for position, result in MEMORIES.get(node.op, {}).items():
            state = states.get(str(node.inputs[position]))
            if state is None or state.next != node.outputs[result]:
                continue
            alone = readers[state.value] == [node] and not readers[state.next]
            if alone and not {state.value, state.next} & {*outputs} and _is_zero(graph, state):
                found.add(state.value)
    return found


def _written_before(graph: Graph) -> set[str]:
    """What a node computes at every call for one operator to begin with: it is written into the
    operator's variable tensor, and so what the operator has kept there is gone.
    """
    readers, made = graph.consumers(), graph.producers()
    return {
        name
        for node in graph.nodes
        for name in _memories(node)
        if name in made and readers[name] == [node] and name not in graph.outputs
    }


def _is_zero(graph: Graph, state: State) -> bool:
    initial = graph.value(state.initial)
    zero = 0 if initial.quant is None else initial.quant.zero_point[0]
    return bool((initial.array() == zero).all())


def _initial_values(to: Lowering, states: list[State]) -> Lowering:
    """The graph that CALL_ONCE runs: it has no inputs and no outputs."""
    part = Lowering(Graph((), (), (), to.graph.values, INITIAL), to)
    for state in states:
        handle = part.handle(_handle_name(state))
        options = ("VarHandleOptions", {"container": "", "shared_name": state.value})
        part.emit("VAR_HANDLE", (), handle, options)
        inputs = (handle, state.initial)
        part.emit("ASSIGN_VARIABLE", inputs, (), ("AssignVariableOptions", {}))
    return part
