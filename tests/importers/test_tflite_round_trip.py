"""Graphs written as TFLite files and read again: the same graph, and the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.export.edge import edge_bytes
from edgekit.export.tflite import tflite_bytes
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.interpreter.reader import read_edge
from edgekit.ir import Graph, GraphBuilder, Preprocessing, attributes, spec
from tests.cases import CASES, INT8_CASES, Case, float_graph, int8_graph, random_inputs
from tests.export.test_tflite_ops import MORE_CASES, MORE_INT8
from tests.material import MATERIAL
from tests.tflite_models import PATHS, affordable, outputs_of
from tests.tflite_models import random_inputs as inputs_of_model

REWRITTEN = {
    "AveragePool2D": "pads that are neither SAME nor VALID become a slice of every window",
    "BatchNorm": "it becomes a product and a sum",
    "Conv3D": "its pads become a Pad",
    "Softmax": "along another axis than the last it stands between two transpositions",
    "TransposeConv2D": "pads that are neither SAME nor VALID become a slice of the whole",
}
"""Operators that have forms which TFLite can say in several operators only."""

FORMS = [("float32", case) for case in [*CASES, *MORE_CASES]]
FORMS += [("int8", case) for case in [*INT8_CASES, *MORE_INT8]]


def graph_of(form: str, case: Case) -> Graph:
    return float_graph(case) if form == "float32" else int8_graph(case)


def lines(graph: Graph) -> Iterator[str]:
    """What `print` shows, with what a TFLite file writes in one way only written in that way.

    Axes are counted from the front, sizes are known, real numbers are float32; constants are
    without names, and the numbers of a Pad are the stored ones.
    """
    yield ", ".join(str(graph.value(name)) for name in graph.inputs)
    for node in graph.nodes:
        outputs = ", ".join(str(graph.value(name)) for name in node.outputs)
        names = [graph.value(name) for name in node.inputs if name is not None]
        table = "table" in spec(node.op).input_names
        inputs = [f"constant {v.shape}" if v.is_constant else str(v) for v in names]
        inputs = inputs[:1] if table else inputs
        attrs = {key: _attribute(graph, node, key) for key in attributes(node)}
        yield f"{outputs} = {node.op}({', '.join(inputs)}, {attrs})"
    yield ", ".join(graph.outputs)


def _attribute(graph: Graph, node: Any, key: str) -> Any:
    value, x = attributes(node)[key], graph.value(node.inputs[0])
    y = graph.value(node.outputs[0])
    if key == "axis" and isinstance(value, int):
        return value % max(1, len(y.shape) if node.op in ("Pack", "OneHot") else len(x.shape))
    if key == "axes":
        return tuple(sorted(axis % len(x.shape) for axis in value))
    if key == "sizes" and node.op == "Slice":
        return y.shape
    if isinstance(value, float):
        stored = np.float32(value)
        return np.rint(stored / x.quant.scales[0]) if node.op == "Pad" and x.quant else stored
    return value


@pytest.mark.parametrize(("form", "case"), FORMS, ids=str)
def test_every_case(form: str, case: Case) -> None:
    graph = graph_of(form, case)
    again = load_tflite(tflite_bytes(graph))
    if case.op in REWRITTEN and len(again.nodes) != len(graph.nodes):
        arrays = random_inputs(graph, case.batch)
        found, wanted = Interpreter(again).run(arrays), Interpreter(graph).run(arrays)
        for name in graph.outputs:
            tolerance = 0 if form == "int8" else 1e-5
            np.testing.assert_allclose(found[name], wanted[name], tolerance, tolerance)
    else:
        assert [*lines(again)] == [*lines(graph)]
        assert again.name == graph.name
    assert str(load_tflite(tflite_bytes(again))) == str(again)


def test_every_reason_is_needed() -> None:
    rewritten = {
        case.op
        for form, case in FORMS
        if len(load_tflite(tflite_bytes(graph_of(form, case))).nodes)
        != len(graph_of(form, case).nodes)
    }
    assert rewritten == set(REWRITTEN)


def test_constants_keep_their_numbers() -> None:
    graph = int8_graph(next(case for case in INT8_CASES if case.op == "Conv2D"))
    again = load_tflite(tflite_bytes(graph))
    for value in graph.constants():
        np.testing.assert_array_equal(again.value(value.name).array(), value.array())
        assert again.value(value.name).quant == value.quant


def test_labels_and_preprocessing() -> None:
    g = GraphBuilder("labelled")
    graph = g.finish([g.add("Relu", g.input("x", (None, 8, 8, 3)), name="y")])
    graph = graph.with_metadata(
        labels=("", "Äpfel", "pears"), preprocessing=Preprocessing((127.5,), (64.0,))
    )
    content = tflite_bytes(graph)
    again = load_tflite(content).metadata
    assert again.preprocessing == graph.metadata.preprocessing
    g = GraphBuilder("labelled")
    graph = g.finish([g.add("Relu", g.input("x", (None, 3)), name="y")])
    graph = graph.with_metadata(labels=("one", "Äpfel", "pears"), signature="classify")
    again = load_tflite(tflite_bytes(graph)).metadata
    assert again.labels == graph.metadata.labels
    assert again.signature == "classify"


@pytest.mark.parametrize("path", [p for p in PATHS if "mlperf_layers" not in p])
def test_real_models_become_edge_files(path: str) -> None:
    """import -> .edge -> import gives the same graph, which computes the same."""
    graph = load_tflite(MATERIAL / path)
    again = read_edge(edge_bytes(graph)).graph
    assert str(again) == str(graph)
    for value in graph.constants():
        np.testing.assert_array_equal(again.value(value.name).array(), value.array())
    if affordable(graph, 10) < 8:
        return
    arrays = inputs_of_model(graph, 1, smooth=True)
    pairs = zip(
        outputs_of(Interpreter(again).run(*arrays), graph),
        outputs_of(Interpreter(graph).run(*arrays), graph),
        strict=True,
    )
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("path", [p for p in PATHS if "mlperf_layers" not in p])
def test_real_models_become_tflite_files_again(path: str) -> None:
    graph = load_tflite(MATERIAL / path)
    try:
        content = tflite_bytes(graph)
    except UnsupportedOperator as error:
        pytest.skip(str(error))
    again = load_tflite(content)
    assert [*lines(again)] == [*lines(graph)]
