"""IF and WHILE as TensorFlow writes them, run by LiteRT and here, and files that lie about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
import pytest

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.export.edge import edge_bytes
from edgekit.export.tflite import tflite_bytes
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from tests import litert
from tests.material import ROOT

FOLDER = ROOT / "tests" / "golden" / "loops"
FILES = ("simple_rnn", "gru", "loop_with_choice", "choice_of_weights")


def content(name: str) -> bytes:
    return (FOLDER / f"{name}.tflite").read_bytes()


def inputs(loaded: Any, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [
        np.array(seed, np.int32)
        if detail["dtype"] == np.int32
        else rng.normal(0, 1, detail["shape"]).astype(np.float32)
        for detail in loaded.get_input_details()
    ]


@pytest.mark.parametrize("runtime", litert.RUNTIMES.values())
@pytest.mark.parametrize("name", FILES)
def test_loops_are_litert_in_every_format(name: str, runtime: str) -> None:
    """The files of TensorFlow, and what is written of them here."""
    graph = load_tflite(content(name))
    written = tflite_bytes(graph)
    readers = [Interpreter(graph), Interpreter(edge_bytes(graph)), Interpreter(written)]
    for file in (content(name), written):
        loaded = litert.interpreter(file, runtime)
        loaded.allocate_tensors()
        for seed in range(5):
            given = inputs(loaded, seed)
            for detail, array in zip(loaded.get_input_details(), given, strict=True):
                loaded.set_tensor(detail["index"], array)
            loaded.invoke()
            expected = loaded.get_tensor(loaded.get_output_details()[0]["index"])
            for reader in readers:
                (found,) = reader.run(*given).values()
                np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_results_are_collected_in_place() -> None:
    body = load_tflite(content("gru")).subgraphs
    assert "UpdateSlice" in {node.op for graph in body.values() for node in graph.nodes}


def changed(name: str, change: Callable[[Any], None]) -> bytes:
    model = litert.read(content(name))
    change(model)
    builder = flatbuffers.Builder(1 << 15)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def operator(model: Any, kind: str) -> Any:
    """The first IF or WHILE, by the names of its options."""
    return next(
        op
        for graph in model.subgraphs
        for op in graph.operators
        if type(op.builtinOptions).__name__ == f"{kind}OptionsT"
    )


def setting(kind: str, **options: int) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for key, value in options.items():
            setattr(operator(model, kind).builtinOptions, key, value)

    return change


def own_body(model: Any) -> None:
    """The body's IF names the body."""
    body = operator(model, "While").builtinOptions.bodySubgraphIndex
    operator(model, "If").builtinOptions.thenSubgraphIndex = body


def fewer_outputs(model: Any) -> None:
    model.subgraphs[4].outputs = model.subgraphs[4].outputs[:-1]


def fewer_inputs(model: Any) -> None:
    model.subgraphs[4].inputs = model.subgraphs[4].inputs[:-1]


def other_shape(model: Any) -> None:
    """The body hands its counter on where the matrix should be."""
    counter, turns, _, limit = model.subgraphs[4].outputs
    model.subgraphs[4].outputs = [counter, turns, counter, limit]


def no_condition(model: Any) -> None:
    model.subgraphs[3].outputs = model.subgraphs[3].inputs[:1]


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        (setting("While", bodySubgraphIndex=9), ModelFormatError, "subgraph 9 of 5"),
        (setting("While", condSubgraphIndex=-1), ModelFormatError, "subgraph -1 of 5"),
        (setting("While", bodySubgraphIndex=0), ModelFormatError, "subgraph 0 of 5"),
        (own_body, ModelFormatError, "subgraph 4 calls itself"),
        (fewer_inputs, ModelFormatError, "takes 3 inputs, not 4"),
        (fewer_outputs, UnsupportedOperator, "outputs of the body are 3 values, expected 4"),
        (other_shape, UnsupportedOperator, "the outputs of the body: .* stands where"),
        (no_condition, UnsupportedOperator, "what the condition gives must be one bool"),
    ],
)
def test_files_that_lie_about_their_subgraphs(
    change: Callable[[Any], None], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        load_tflite(changed("loop_with_choice", change))


def test_a_chain_of_subgraphs_is_followed_only_so_far() -> None:
    def change(model: Any) -> None:
        """The loop's body is the first of 20 that each call the next by their IF."""
        loop, first = operator(model, "While"), len(model.subgraphs)
        for place in range(first + 1, first + 21):
            copied = litert.read(content("loop_with_choice")).subgraphs[4]
            chosen = [op for op in copied.operators if len(op.inputs) == 2 and len(op.outputs) == 1]
            (op,) = [op for op in chosen if hasattr(op.builtinOptions, "thenSubgraphIndex")]
            op.inputs = [op.inputs[0], *copied.inputs]
            op.builtinOptions.thenSubgraphIndex = place
            op.builtinOptions.elseSubgraphIndex = place
            model.subgraphs.append(copied)
        loop.builtinOptions.bodySubgraphIndex = first

    with pytest.raises(UnsupportedOperator, match="more than 16 deep"):
        load_tflite(changed("loop_with_choice", change))
