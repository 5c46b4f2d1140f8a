"""Everything a graph promises, checked once so that all who read it can rely on it.

`problems(graph)` lists every broken promise; `validate(graph)` raises them in one message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from edgekit.errors import EdgekitError, ShapeError

from .graph import ARITHMETICS, Graph, Metadata, Node, Value
from .ops import OPS, OpSpec, attributes, infer_shapes, spec
from .validate_values import (
    LONGEST_NAME,
    presence_problems,
    scale_problems,
    shape_problems,
    table_problems,
    value_problems,
    weight_problems,
)

__all__ = ["node_problems", "output_dtypes", "problems", "validate"]


def validate(
    graph: Graph,
    error: type[EdgekitError] = ShapeError,
    within: Mapping[str, Graph] | None = None,
    *,
    inferred: bool = False,
) -> None:
    """Raise `error` with every broken promise, each naming the user's layer.

    within: the subgraphs beside a graph that is to be one of them; then it alone is looked at.
    inferred: whether attributes and dtypes of all nodes were checked when they were added, and
        what they give comes from there (`GraphBuilder`). That is not done again.
    """
    if within is None:
        found = problems(graph, inferred=inferred)
    else:
        found = _graph_problems(graph, within, inferred)
    if found:
        lines = "".join(f"\n  - {problem}" for problem in found[:20])
        more = f"\n  and {len(found) - 20} more" if len(found) > 20 else ""
        raise error(f"graph {graph.name!r} is not valid:{lines}{more}")


def problems(graph: Graph, *, inferred: bool = False) -> list[str]:
    """Broken promises: of subgraphs and their calls; then those of the graph itself."""
    found: list[str] = []
    if graph.subgraphs:
        from .control import call_problems  # few graphs have any

        found += call_problems(graph)
    for name, subgraph in graph.subgraphs.items():
        where = f"subgraph {name!r}"
        if not 0 < len(name) <= LONGEST_NAME:
            found.append(f"{where}: a name has 1 to {LONGEST_NAME} characters")
        if subgraph.subgraphs or subgraph.states:
            found.append(f"{where} has memories or subgraphs of its own")
        found += [f"{where}: {p}" for p in _graph_problems(subgraph, graph.subgraphs, False)]
    return found or _graph_problems(graph, graph.subgraphs, inferred) or _told_problems(graph)


def _told_problems(graph: Graph) -> list[str]:
    """Broken promises of the metadata, where there is more than every graph has."""
    metadata = graph.metadata
    plain = Metadata(metadata.arithmetic, metadata.signature)
    if metadata == plain and metadata.arithmetic in ARITHMETICS:
        return []
    from .validate_metadata import metadata_problems  # few files tell anything

    return metadata_problems(graph)


def _graph_problems(graph: Graph, subgraphs: Mapping[str, Graph], inferred: bool) -> list[str]:
    """Broken promises of one graph: of shapes; then of values and nodes."""
    values = graph.values.items()
    found = [f"value {name!r}{p}" for name, value in values for p in shape_problems(name, value)]
    if found:
        return found  # everything else computes with shapes
    found = [f"value {name!r}{p}" for name, value in values for p in value_problems(name, value)]
    known = {value.name for value in graph.constants()}
    for name in graph.inputs:
        if name not in graph.values or name in known:
            found.append(f"input {name!r} is not a value, is a constant or is listed twice")
        known.update({name} & graph.values.keys())
    if graph.states:
        from .validate_states import state_problems  # few graphs have memories

        found += state_problems(graph, known)
    known.update({state.value for state in graph.states} & graph.values.keys())
    for node in graph.nodes:
        for problem in _placed_problems(graph, node, known, subgraphs, inferred):
            found.append(f"{node.op} {node.name!r}: {problem}")
        known.update(output for output in node.outputs if output in graph.values)
    found += [f"output {name!r} is never computed" for name in graph.exits if name not in known]
    if not graph.outputs:
        found.append("the graph has no output")
    return found


def output_dtypes(
    operator: OpSpec, inputs: Sequence[Value | None], attrs: Mapping[str, Any], count: int
) -> list[str]:
    """The dtypes of the `count` outputs of an operator."""
    first = inputs[0].dtype if inputs and inputs[0] is not None else "float32"
    if operator.output_dtypes == ("same",):
        return [first] * count
    rules = [*operator.output_dtypes, *operator.output_dtypes[-1:] * count][:count]
    named = {"same": first}
    roles = zip(operator.input_names, inputs, strict=False)
    named |= {f"as:{role}": value.dtype for role, value in roles if value is not None}
    return [
        str(attrs[rule.removeprefix("attr:")])
        if rule.startswith("attr:")
        else named.get(rule, rule)
        for rule in rules
    ]


def node_problems(node: Node, inputs: Sequence[Value | None]) -> list[str]:
    """What is wrong with a node by itself: arity, attributes, dtypes of its inputs."""
    if node.op not in OPS.defined and node.op not in OPS:
        return [f"operator {node.op!r} is not known"]
    operator = spec(node.op)
    found = _arity_problems(operator, node)
    if found:
        return found
    for key, value in node.attrs.items():
        if key not in operator.attrs:
            expected = ", ".join(sorted(operator.attrs)) or "none"
            found.append(f"attribute {key!r} is not known (known: {expected})")
        elif problem := operator.attrs[key].problem(value):
            found.append(f"attribute {key!r}: {problem}")
    for key, attr in operator.attrs.items():
        if attr.default is None and key not in node.attrs:
            found.append(f"attribute {key!r} is missing")
    return found if operator.subgraphs else found + _dtype_problems(operator, inputs)


def _arity_problems(operator: OpSpec, node: Node) -> list[str]:
    if operator.variadic or operator.subgraphs:
        return [] if node.inputs and None not in node.inputs else ["expected one input or more"]
    if not operator.fewest_inputs <= len(node.inputs) <= len(operator.inputs):
        return [f"expected inputs {', '.join(operator.inputs)}, received {len(node.inputs)}"]
    if len(node.inputs) == len(operator.inputs) and None not in node.inputs:
        return []
    pairs = zip_longest(operator.inputs, node.inputs)  # what is not there is missing
    return [
        f"input {role!r} is missing" for role, i in pairs if i is None and not role.endswith("?")
    ]


COMPANIONS = {
    "weight": {
        "float32": ("float32", "int8"),
        "int8": ("int8",),
        "uint8": ("uint8",),
        "int16": ("int8",),
    },
    "bias": {
        "float32": ("float32",),
        "int8": ("int32",),
        "uint8": ("int32",),
        "int16": ("int64", "int32"),
    },
}
"""The dtypes of weights and biases, by the dtype of the activations that meet them.

float32 with int8 weights is TFLite's dynamic range quantization: activations are rounded to int8
while the model runs.
"""


def _dtype_problems(operator: OpSpec, inputs: Sequence[Value | None]) -> list[str]:
    """Inputs share the first one's dtype but for what the operator or COMPANIONS says."""
    first = inputs[0]
    assert first is not None
    dtype = first.dtype
    if dtype not in operator.dtypes:
        if dtype == "int8" and operator.float_only:
            return [f"has no int8 form: {operator.float_only}"]
        return [f"expected {' or '.join(operator.dtypes)}, received {dtype}"]
    roles = operator.input_names * len(inputs) if operator.variadic else operator.input_names
    found = []
    for role, value in zip(roles, inputs, strict=False):
        wanted = operator.input_dtypes.get(role) or COMPANIONS.get(role, {}).get(dtype, (dtype,))
        if role == "table":
            found += table_problems(operator, dtype, value)
        elif value is not None and value.dtype not in wanted:
            found.append(f"input {role!r} must be {' or '.join(wanted)}, received {value.dtype}")
    return found + presence_problems(operator, dtype, inputs)


def _placed_problems(
    graph: Graph, node: Node, known: set[str], subgraphs: Mapping[str, Graph], inferred: bool
) -> list[str]:
    """What is wrong with a node in its place: order of values, shapes, scales."""
    unknown = [i for i in node.inputs if i is not None and i not in known]
    if unknown:
        return [f"reads {unknown}, which nothing before it computes"]
    missing = [o for o in node.outputs if o not in graph.values]
    if missing or not node.outputs or len(set(node.outputs)) < len(node.outputs):
        return [f"expected outputs that are values, received {list(node.outputs)}"]
    again = [o for o in node.outputs if o in known]
    if again:
        return [f"computes {', '.join(map(repr, again))}, which exists already"]
    values = graph.values
    inputs = [None if i is None else values[i] for i in node.inputs]
    found = [] if inferred else node_problems(node, inputs)
    if found:
        return found
    operator, outputs = spec(node.op), [values[o] for o in node.outputs]
    if operator.subgraphs:
        from .control import control_problems  # as above

        return control_problems(subgraphs, node, inputs, outputs)
    if not inferred:
        found = _result_problems(operator, node, inputs, outputs)
    found += weight_problems(operator, inputs)
    return found + [p for o in outputs for p in scale_problems(operator, node, inputs, o)]


def _result_problems(
    operator: OpSpec, node: Node, inputs: Sequence[Value | None], outputs: Sequence[Value]
) -> list[str]:
    """Where a node gives other shapes and dtypes than the graph says."""
    attrs = attributes(node)
    try:
        shapes = infer_shapes(operator, inputs, attrs)
    except EdgekitError as error:
        return [str(error)]
    if len(shapes) != len(outputs):
        return [f"gives {len(shapes)} outputs, the graph says {len(outputs)}"]
    dtypes, found = output_dtypes(operator, inputs, attrs, len(shapes)), []
    for output, shape, dtype in zip(outputs, shapes, dtypes, strict=True):
        if shape != output.shape:
            found.append(f"gives the shape {shape}, the graph says {output.shape}")
        if dtype != output.dtype:
            found.append(f"gives {dtype}, the graph says {output.dtype}")
    return found
