"""DetectionPostProcess against LiteRT: the same boxes in the same order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.export.tflite import tflite_bytes
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, GraphBuilder, per_tensor
from tests import litert

SCALES = (10.0, 10.0, 5.0, 5.0)


def anchors(count: int) -> Any:
    """Boxes of two sizes on a grid, as detectors have them."""
    side = int(np.ceil(np.sqrt(count / 2)))
    places = (np.arange(side) + 0.5) / side
    grid = np.stack(np.meshgrid(places, places, indexing="ij"), -1).reshape(-1, 1, 2)
    sizes = np.array([[0.2, 0.3], [0.4, 0.15]])
    both = [np.broadcast_to(a, (len(grid), 2, 2)) for a in (grid, sizes)]
    return np.concatenate(both, -1).reshape(-1, 4)[:count].astype(np.float32)


def detector(dtype: str, count: int, columns: int, **attrs: Any) -> Graph:
    g = GraphBuilder()
    real = dtype == "float32"
    boxes_quant = None if real else per_tensor(0.05, 131)
    scores_quant = None if real else per_tensor(1 / 256, 0)
    boxes = g.input("boxes", (1, count, 4), dtype, boxes_quant)
    scores = g.input("scores", (1, count, columns), dtype, scores_quant)
    base, base_quant = anchors(count), None
    if not real:
        base_quant = per_tensor(1 / 200, 28)
        stored = np.rint(base * 200) + 28
        base = stored.astype(dtype)
    inputs = (boxes, scores, g.constant(base, "anchors", base_quant))
    settings = {"scales": SCALES, "least_score": 0.3, "most_overlap": 0.5, **attrs}
    return g.finish(g.add_all("DetectionPostProcess", *inputs, name="detect", **settings))


def inputs_for(graph: Graph, seed: int, *, ties: bool = False) -> litert.Arrays:
    rng = np.random.default_rng(seed)
    boxes, scores = (graph.value(name) for name in graph.inputs)
    if boxes.dtype == "float32":
        chances = rng.uniform(0, 1, scores.shape)
        chances = np.round(chances * 4) / 4 if ties else chances
        moved = rng.normal(size=boxes.shape) * 2
        return {"boxes": moved.astype(np.float32), "scores": chances.astype(np.float32)}
    limits = np.iinfo(boxes.dtype)
    low = limits.min
    arrays = {n: rng.integers(low, limits.max + 1, graph.value(n).shape) for n in graph.inputs}
    return {name: array.astype(boxes.dtype) for name, array in arrays.items()}


def assert_equals_litert(graph: Graph, arrays: litert.Arrays, runtime: str) -> None:
    """Where a runtime leaves boxes beyond the last as they were, only those before it count."""
    content = tflite_bytes(graph)
    wanted = litert.run(content, arrays, runtime)
    for found in (Interpreter(graph).run(arrays), Interpreter(load_tflite(content)).run(arrays)):
        boxes, classes, scores, count = found.values()
        expected = [wanted[name] for name in found]
        np.testing.assert_array_equal(count, expected[3])
        last = int(count[0]) * graph.nodes[0].attrs.get("most_classes", 1)
        np.testing.assert_array_equal(classes[:, :last], expected[1][:, :last])
        np.testing.assert_array_equal(scores[:, :last], expected[2][:, :last])
        # One exponential in double precision and one rounding: a float32 step at most.
        np.testing.assert_allclose(boxes[:, :last], expected[0][:, :last], rtol=3e-7, atol=1e-7)
        assert not boxes[:, last:].any() and not scores[:, last:].any()


KINDS = [
    {"classes": 4, "most": 8},
    {"classes": 4, "most": 8, "regular": True},
    {"classes": 3, "most": 20, "regular": True, "most_per_class": 3},
    {"classes": 4, "most": 6, "most_classes": 2},
    {"classes": 1, "most": 50},
    {"classes": 5, "most": 10, "least_score": 0.9},
    {"classes": 5, "most": 10, "most_overlap": 0.1},
]


@pytest.mark.parametrize("runtime", litert.RUNTIMES.values())
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("attrs", KINDS, ids=str)
def test_detections_equal_litert(attrs: dict[str, Any], dtype: str, runtime: str) -> None:
    for seed, background in enumerate((0, 1, 1, 0)):
        graph = detector(dtype, 60, attrs["classes"] + background, **attrs)
        assert_equals_litert(graph, inputs_for(graph, seed), runtime)


@pytest.mark.parametrize("regular", [False, True])
def test_equal_scores_go_by_position(regular: bool) -> None:
    for seed in range(5):
        graph = detector("float32", 40, 4, classes=3, most=10, regular=regular)
        assert_equals_litert(graph, inputs_for(graph, seed, ties=True), "default")


def test_nothing_is_found() -> None:
    graph = detector("float32", 10, 2, classes=2, most=5, least_score=2.0)
    assert_equals_litert(graph, inputs_for(graph, 0), "default")
