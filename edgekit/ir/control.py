"""What If and While promise: subgraphs that exist, fit, and never come to call themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgekit.errors import ShapeError, lookup

from .graph import Graph, Node, Value
from .ops import OPS, attributes

__all__ = ["call_problems", "control_problems", "control_results"]

MOST_SUBGRAPHS = 1024
DEEPEST_CALLS = 16
"""How many subgraphs may be at work at once, each called by the one before."""
MOST_STEPS = 2**17
"""Nodes of a graph with every call of a subgraph replaced by the subgraph's own nodes."""


def called(node: Node) -> list[str]:
    """The subgraphs that a node names."""
    operator = OPS.get(node.op)
    if operator is None or not operator.subgraphs:
        return []
    return [str(node.attrs.get(key)) for key in operator.subgraphs]


def control_results(subgraphs: Mapping[str, Graph], node: Node) -> list[Value]:
    """The values that an If or a While gives, as its (first) branch or its body names them.

    Raises ShapeError where the node names a subgraph that is not there.
    """
    attrs = attributes(node)
    name = attrs["then_branch"] if node.op == "If" else attrs["body"]
    source = lookup(subgraphs, name, "subgraph", ShapeError)
    return [source.value(name) for name in source.outputs]


def control_problems(
    subgraphs: Mapping[str, Graph],
    node: Node,
    inputs: Sequence[Value | None],
    outputs: Sequence[Value],
) -> list[str]:
    """What is wrong with an If or a While: names, and ends that do not fit each other.

    The subgraphs themselves are valid, or are found not to be elsewhere.
    """
    unknown = [name for name in called(node) if name not in subgraphs]
    if unknown:
        known = ", ".join(map(repr, list(subgraphs)[:20])) or "none"
        return [f"names the subgraphs {unknown}; the graph has {known}"]
    given = [value for value in inputs if value is not None]
    if len(given) < len(inputs):
        return ["every input must be there"]
    attrs = attributes(node)
    if node.op == "If":
        branches = (subgraphs[attrs["then_branch"]], subgraphs[attrs["else_branch"]])
        found = _condition_problems("the condition", given[:1])
        for key, branch in zip(("then_branch", "else_branch"), branches, strict=True):
            found += _unlike(f"the inputs of {key}", _ends(branch, branch.inputs), given[1:])
            found += _unlike(f"the outputs of {key}", _ends(branch, branch.outputs), outputs)
        return found
    condition, body = subgraphs[attrs["condition"]], subgraphs[attrs["body"]]
    found = _condition_problems("what the condition gives", _ends(condition, condition.outputs))
    found += _unlike("the inputs of the condition", _ends(condition, condition.inputs), given)
    found += _unlike("the inputs of the body", _ends(body, body.inputs), given)
    found += _unlike("the outputs of the body", _ends(body, body.outputs), given)
    return found + _unlike("the outputs", outputs, given)


def _ends(graph: Graph, names: Sequence[str]) -> list[Value]:
    """Inputs or outputs; those that are no values are found by the subgraph's own check."""
    return [graph.values[name] for name in names if name in graph.values]


def _condition_problems(what: str, values: Sequence[Value]) -> list[str]:
    if len(values) == 1 and values[0].dtype == "bool" and values[0].shape in ((), (1,)):
        return []
    return [f"{what} must be one bool, received {', '.join(map(str, values)) or 'nothing'}"]


def _unlike(what: str, values: Sequence[Value], wanted: Sequence[Value]) -> list[str]:
    if len(values) != len(wanted):
        return [f"{what} are {len(values)} values, expected {len(wanted)}"]
    return [
        f"{what}: {value} stands where {other} is expected"
        for value, other in zip(values, wanted, strict=True)
        if (value.shape, value.dtype, value.quant) != (other.shape, other.dtype, other.quant)
    ]


def call_problems(graph: Graph) -> list[str]:
    """Subgraphs that call themselves, too deep or too often; in time linear in the file's size."""
    if len(graph.subgraphs) > MOST_SUBGRAPHS:
        return [f"{len(graph.subgraphs)} subgraphs, allowed are {MOST_SUBGRAPHS}"]
    calls = {
        name: [c for node in sub.nodes for c in called(node) if c in graph.subgraphs]
        for name, sub in graph.subgraphs.items()
    }
    depth: dict[str, int] = {}
    steps: dict[str, int] = {}
    waiting = {name: len(set(callees)) for name, callees in calls.items()}
    callers: dict[str, list[str]] = {name: [] for name in calls}
    for name, callees in calls.items():
        for callee in set(callees):
            callers[callee].append(name)
    ready = [name for name, count in waiting.items() if count == 0]
    while ready:
        name = ready.pop()
        depth[name] = 1 + max((depth[c] for c in calls[name]), default=0)
        own = len(graph.subgraphs[name].nodes)
        steps[name] = min(own + sum(steps[c] for c in calls[name]), MOST_STEPS + 1)
        for caller in callers[name]:
            waiting[caller] -= 1
            ready += [caller] * (waiting[caller] == 0)
    circle = sorted(name for name, count in waiting.items() if count)
    if circle:
        return [f"subgraphs call themselves, one through the other: {circle[:20]}"]
    outer = [c for node in graph.nodes for c in called(node) if c in steps]
    total = len(graph.nodes) + sum(steps[c] for c in outer)
    found = []
    if max(depth.values(), default=0) > DEEPEST_CALLS:
        found.append(f"subgraphs call each other more than {DEEPEST_CALLS} deep")
    if outer and total > MOST_STEPS:
        found.append(f"its subgraphs unfold to more than {MOST_STEPS} nodes")
    return found
