"""Svdf layers with int8 memories, run by TensorFlow Lite Micro, which alone knows them.

    python tests/golden/make_tflm_goldens.py svdf_int8.npz     # with edgekit and tflite_micro

The file holds, for each layer, the bytes of a TFLite file, inputs and outputs of one sequence.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from edgekit.export.tflite.lowering import Lowering
from edgekit.export.tflite.writer import model_bytes
from edgekit.ir import Graph, attributes
from edgekit.schema.tflite_layout import ActivationFunctionType
from tests.recurrent_graphs import svdf_graph

LAYERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "rank": {"rank": 2, "seed": 1},
    "batch": {"batch": 2, "seed": 2},
    "larger": {"features": 24, "units": 16, "memory": 8, "seed": 3},
}
STEPS = 24


def file_bytes(graph: Graph) -> bytes:
    """The exporter refuses int8 memories, which LiteRT would take for int16: written by hand."""
    (node,), to = graph.nodes, Lowering(graph)
    to.variables.add("memory")
    options = {
        "rank": attributes(node)["rank"],
        "fused_activation_function": ActivationFunctionType.RELU,
    }
    to.emit("SVDF", node.inputs, node.outputs[0], ("SVDFOptions", options), 3)
    return model_bytes(to, {})


def main(target: str) -> None:
    from tflite_micro import runtime

    arrays = {}
    for name, settings in LAYERS.items():
        graph = svdf_graph("integer", state="int8", **settings)
        content = file_bytes(graph)
        interpreter = runtime.Interpreter.from_bytes(content)
        shape = (STEPS, *(d or 1 for d in graph.value("x").shape))
        # Small inputs first; then ones that drive the memory into saturation.
        rng = np.random.default_rng(7)
        reach = np.where(np.arange(STEPS) < STEPS // 2, 20, 128).reshape(-1, 1, 1)
        x = np.clip(rng.integers(-128, 128, shape) * reach // 128 + 7, -128, 127).astype(np.int8)
        outputs = []
        for step in x:
            interpreter.set_input(step, 0)
            interpreter.invoke()
            outputs.append(np.array(interpreter.get_output(0)))
        arrays[f"{name}/file"] = np.frombuffer(content, np.uint8)
        arrays[f"{name}/x"], arrays[f"{name}/y"] = x, np.stack(outputs)
    np.savez_compressed(Path(__file__).parent / target, **arrays)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "svdf_int8.npz")
