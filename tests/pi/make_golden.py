"""Make the files that every Raspberry Pi, emulated or real, must reproduce bit for bit.

    make demo && .venv/bin/python -m tests.pi.make_golden build/demo

* `digits.edge`: the demo's model, and `digits_litert.npz`: held-back digits as int8 (`x`) and what
  LiteRT computes for them from the demo's `digits.tflite` (`y`);
* `operators_float32.edge`, `operators_fixedpoint.edge`: every int8 case of `tests/cases`, and each
  operator's first cases in uint8 and int16, side by side in one graph, with two test vectors.
  Nothing is written unless LiteRT computes the very same numbers for each case: its default runtime
  for float32, its reference kernels for fixedpoint.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np

import edgekit
from edgekit.export.tflite import tflite_bytes
from edgekit.frozen import replace
from edgekit.interpreter import Interpreter, record_test_vectors
from edgekit.ir import Graph, Metadata, Node, Value
from tests import litert
from tests.cases import INT8_CASES, Case, int8_graph, quantized_graph, random_inputs
from tests.pi.wide_cases import wide_cases

HERE = Path(__file__).resolve().parent
DIGITS = 64

# LiteRT's reference runtime does not know Elu (its table is that of float32), and joins the bits of
# int8 numbers where it should sum them.
NOT_IN_REFERENCE = ("Elu", "Sum")


def merged(graphs: list[Graph], name: str, metadata: Metadata) -> Graph:
    """Independent graphs as one: their values are prefixed with their number."""
    inputs: list[str] = []
    outputs: list[str] = []
    nodes: list[Node] = []
    values: dict[str, Value] = {}
    for index, graph in enumerate(graphs):

        def named(old: str, prefix: str = f"{index:03}/") -> str:
            return prefix + old

        inputs += map(named, graph.inputs)
        outputs += map(named, graph.outputs)
        for value in graph.values.values():
            values[named(value.name)] = replace(value, name=named(value.name))
        for node in graph.nodes:
            sources = tuple(None if i is None else named(i) for i in node.inputs)
            targets = tuple(map(named, node.outputs))
            nodes.append(replace(node, inputs=sources, outputs=targets, name=named(node.name)))
    return Graph(tuple(inputs), tuple(outputs), tuple(nodes), values, name, metadata)


def ends(graph: Graph) -> dict[str, np.ndarray]:
    """Inputs at either end of their dtype, so that accumulators and outputs saturate."""
    low, high = random_inputs(graph, kind="low"), random_inputs(graph, kind="high")
    rng = np.random.default_rng(1)
    return {
        name: np.where(rng.random(low[name].shape) < 0.5, low[name], high[name]) for name in low
    }


def check_against_litert(graph: Graph, what: str) -> None:
    """Stop unless LiteRT gives the numbers that edgekit gives."""
    runtime = litert.RUNTIMES[graph.metadata.arithmetic]
    for arrays in (random_inputs(graph), ends(graph)):
        ours = Interpreter(graph).run(arrays)
        theirs = litert.run(tflite_bytes(graph), arrays, runtime)
        for name, expected in theirs.items():
            if not np.array_equal(ours[name], expected):
                sys.exit(f"{what}: {np.sum(ours[name] != expected)} outputs differ from LiteRT's")


def make_operators(arithmetic: str) -> None:
    graphs = [int8_graph(case, arithmetic) for case in INT8_CASES]
    graphs += [quantized_graph(case, dtype, arithmetic) for case, dtype in wide_cases()]
    cases: list[tuple[Case, str]] = [*((case, "int8") for case in INT8_CASES), *wide_cases()]
    for (case, dtype), graph in zip(cases, graphs, strict=True):
        if arithmetic == "float32" or case.op not in NOT_IN_REFERENCE:
            check_against_litert(graph, f"{arithmetic}: {case} {dtype}")
    whole = merged(graphs, f"operators_{arithmetic}", Metadata(arithmetic=arithmetic))
    vectors = tuple(record_test_vectors(whole, [random_inputs(whole), ends(whole)]))
    edgekit.save(whole.with_metadata(test_vectors=vectors), HERE / f"{whole.name}.edge")


def make_digits(demo: Path) -> None:
    shutil.copyfile(demo / "digits.edge", HERE / "digits.edge")
    with np.load(demo / "test.npz") as data:
        images = data["x"][:DIGITS]
    quantized = np.rint(images * np.float32(255) - np.float32(128)).astype(np.int8)
    graph = edgekit.load(demo / "digits.edge")
    (name,) = graph.inputs
    (scores,) = litert.run((demo / "digits.tflite").read_bytes(), {name: quantized}).values()
    np.savez_compressed(HERE / "digits_litert.npz", x=quantized, y=scores)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make_digits(Path(sys.argv[1]))
    for arithmetic in litert.RUNTIMES:
        make_operators(arithmetic)
