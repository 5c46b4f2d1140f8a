"""From a graph to the bytes of a `.tflite` file."""

from __future__ import annotations

from edgekit.errors import EdgekitError, UnsupportedOperator, lookup
from edgekit.frozen import replace
from edgekit.ir import Graph

from .kernels import check_kernel
from .lowering import Lowering
from .metadata import METADATA_NAME, metadata_bytes, with_labels
from .ops import TFLITE_OPS
from .states import begin_states, end_states
from .writer import model_bytes

__all__ = ["tflite_bytes"]

MOST_DIMENSIONS = 6


def tflite_bytes(graph: Graph) -> bytes:
    """The graph as a TFLite file; the same graph gives the same bytes.

    Inputs and outputs keep their names, dtypes and order; an unknown batch is 1 until the caller
    resizes. Int8 graphs keep every scale and zero point, and the runtime that reads the file
    brings the arithmetic: LiteRT's default kernels compute edgekit's `float32`, its reference
    kernels `fixedpoint`. Lookup tables are left out; runtimes make their own. Labels and
    preprocessing become TFLite metadata; accuracy, provenance and test vectors are not kept.

    Raises UnsupportedOperator with every node that TFLite cannot express, and why.
    """
    lowering = Lowering(graph)
    lowering.subgraphs += [
        Lowering(replace(subgraph, name=name), lowering)
        for name, subgraph in graph.subgraphs.items()
    ]
    problems = begin_states(lowering)
    for part in (lowering, *lowering.subgraphs[: len(graph.subgraphs)]):
        problems += _lower(part)
    if problems:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise UnsupportedOperator(f"graph {graph.name!r} cannot become a TFLite file:{lines}")
    end_states(lowering)
    metadata = metadata_bytes(graph)
    records = {} if metadata is None else {METADATA_NAME: metadata}
    return with_labels(model_bytes(lowering, records), graph.metadata.labels)


def _lower(part: Lowering) -> list[str]:
    """Let each node's rule emit its operators; what TFLite cannot express."""
    problems = [
        f"value {value.name!r} has {len(value.shape)} dimensions; LiteRT runs {MOST_DIMENSIONS} "
        "at most"
        for value in part.graph.values.values()
        if len(value.shape) > MOST_DIMENSIONS
    ]
    for node in part.graph.nodes:
        try:
            rule = lookup(TFLITE_OPS, node.op, "operator")
            check_kernel(node, part)
            rule(node, part)
        except EdgekitError as error:
            problems.append(f"{node.op} {node.name!r}: {error}")
    part.finish()
    return problems
