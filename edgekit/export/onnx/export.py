"""From a graph to the bytes of an `.onnx` file."""

from __future__ import annotations

import json

from edgekit.errors import EdgekitError, UnsupportedOperator
from edgekit.ir import Graph, Metadata

from .lowering import Lowering
from .ops import ONNX_OPS

__all__ = ["onnx_bytes"]

OPSET = 17
"""Every operator used here is in it, and onnxruntime runs it since version 1.12."""
IR_VERSION = 8


def onnx_bytes(graph: Graph) -> bytes:
    """The graph as an ONNX file of opset 17; the same graph gives the same bytes.

    Inputs and outputs keep their names, order and shapes (channels last) and are float32, as
    ONNX runtimes expect of quantized models: an int8 input is rounded inside the model, an int8
    output comes out as the real numbers it stands for. A memory NAME of a streaming model is an
    input, whose default is the initial value, and an output NAME/next for the next call. Labels and
    preprocessing are kept as metadata properties; accuracy, provenance and test vectors are not.

    Raises UnsupportedOperator with every node that ONNX cannot express, and why; MissingExtraError
    where the package onnx is not installed.
    """
    lowering = Lowering(graph)
    problems = [
        f"value {value.name!r} is int16, which ONNX rounds to from opset 21 on; edgekit writes "
        f"opset {OPSET}"
        for value in graph.activations()
        if value.dtype == "int16" and value.quant is not None
    ]
    for node in graph.nodes:
        try:
            if node.op not in ONNX_OPS:
                raise UnsupportedOperator("ONNX has no operator that computes the same")
            ONNX_OPS[node.op](node, lowering)
        except EdgekitError as error:
            problems.append(f"{node.op} {node.name!r}: {error}")
            lowering.give_up(node)
    if problems:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise UnsupportedOperator(f"graph {graph.name!r} cannot become an ONNX file:{lines}")
    helper = lowering.helper
    outputs = [*lowering.output_tensors(), *lowering.memory_tensors()]
    body = helper.make_graph(
        lowering.nodes,
        graph.name,
        [lowering.tensor_info(name) for name in graph.entries],
        outputs,
        list(lowering.initializers.values()),
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(body, producer_name="edgekit", opset_imports=opsets)
    model.ir_version = IR_VERSION
    helper.set_model_props(model, _properties(graph.metadata))
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _properties(metadata: Metadata) -> dict[str, str]:
    """Labels as lines, preprocessing as JSON."""
    properties = {}
    if metadata.labels:
        properties["labels"] = "\n".join(metadata.labels)
    if metadata.preprocessing:
        step = {"mean": metadata.preprocessing.mean, "std": metadata.preprocessing.std}
        properties["preprocessing"] = json.dumps(step, sort_keys=True)
    return properties
