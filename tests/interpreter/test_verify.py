"""Test vectors: what is recorded, what a replay finds, and how it says so."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.frozen import replace
from edgekit.interpreter import Interpreter, record_test_vectors, verify
from edgekit.interpreter.verification import exact_activations
from edgekit.ir import Graph, GraphBuilder, TestVector, per_tensor
from edgekit.ir.graph import ARITHMETICS
from tests.interpreter.networks import images, residual, with_softmax


def recorded(graph: Graph, count: int = 2) -> Graph:
    vectors = record_test_vectors(graph, [{"image": images(1, seed)} for seed in range(count)])
    return graph.with_metadata(test_vectors=vectors)


def changed_constant(graph: Graph, name: str, change: Any) -> Graph:
    value = graph.value(name)
    data = value.array().copy()
    change(data)
    return replace(graph, values={**graph.values, name: replace(value, data=data)})


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_a_model_verifies_where_it_was_recorded(arithmetic: str) -> None:
    graph = recorded(with_softmax(arithmetic))
    result = verify(graph)
    assert result.bit_exact and result
    assert (result.vectors, result.checked) == (2, 20)
    assert str(result) == "bit-exact here (2 test vectors, 20 activations)"
    assert verify(Interpreter(graph)) == result


def test_what_a_vector_holds() -> None:
    graph = recorded(residual(), 1)
    (vector,) = graph.metadata.test_vectors
    assert list(vector.inputs) == ["image"] and list(vector.outputs) == ["dense"]
    np.testing.assert_array_equal(vector.inputs["image"], images(1, 0))
    assert list(vector.checksums) == [value.name for value in graph.activations()]
    assert vector.checksums["image"] == zlib.crc32(images(1, 0).tobytes())
    found = Interpreter(graph).run(images(1, 0))["dense"]
    assert vector.checksums["dense"] == zlib.crc32(found.tobytes())


def test_real_inputs_are_recorded_as_the_models_own_integers() -> None:
    graph, real = residual(), np.random.default_rng(0).normal(size=(1, 12, 10, 3))
    (vector,) = record_test_vectors(graph, [{"image": real}])
    assert vector.inputs["image"].dtype == np.int8
    np.testing.assert_array_equal(Interpreter(graph).run(real)["dense"], vector.outputs["dense"])
    assert verify(graph.with_metadata(test_vectors=(vector,))).bit_exact


def test_a_vector_may_hold_a_large_batch() -> None:
    graph, x = residual(), images(70)
    (vector,) = record_test_vectors(graph, [{"image": x}])
    np.testing.assert_array_equal(vector.inputs["image"], x)
    assert vector.checksums["image"] == zlib.crc32(x.tobytes())
    assert vector.checksums["dense"] == zlib.crc32(vector.outputs["dense"].tobytes())
    assert verify(graph.with_metadata(test_vectors=(vector,))).bit_exact


def test_recording_refuses_what_run_refuses() -> None:
    with pytest.raises(ShapeError):
        record_test_vectors(residual(), [{"image": images(1)[0]}])
    with pytest.raises(InputError, match="NaN"):
        record_test_vectors(residual(), [{"image": np.full((1, 12, 10, 3), np.nan)}])


def test_a_model_without_vectors_is_refused() -> None:
    with pytest.raises(InputError, match="holds no test vectors: edgekit convert records"):
        verify(residual())


def test_a_changed_layer_is_the_first_that_differs() -> None:
    """The bias of a middle layer: what lies before is right, what lies after is not its fault."""
    graph = recorded(residual())

    def add_steps(bias: Any) -> None:
        bias += 3000

    broken = changed_constant(graph, "point_b", add_steps)
    result = verify(broken)
    assert not result.bit_exact and not result
    difference = result.difference
    assert difference is not None
    assert (difference.layer, difference.value, difference.vector) == ("point", "point", 0)
    expected = graph.metadata.test_vectors[0].outputs["dense"].reshape(-1)
    received = Interpreter(broken).run(images(1, 0))["dense"].reshape(-1)
    element = int(np.flatnonzero(expected != received)[0])
    assert difference.output == "dense" and difference.element == element
    assert difference.expected == expected[element]
    assert difference.received == received[element]
    assert difference.count == (expected != received).sum()
    assert str(result) == (
        f"first differs at layer point (test vector 0); output dense, element {element}: "
        f"{received[element]}, expected {expected[element]} ({difference.count} elements differ)"
    )


def test_a_difference_that_no_output_shows_is_still_found() -> None:
    graph = recorded(residual())
    vectors = list(graph.metadata.test_vectors)
    checksums = {**vectors[1].checksums, "pool": vectors[1].checksums["pool"] ^ 1}
    vectors[1] = replace(vectors[1], checksums=checksums)
    result = verify(graph.with_metadata(test_vectors=tuple(vectors)))
    assert str(result) == "first differs at layer pool (test vector 1); the outputs are equal"
    assert result.vectors == 2


def test_an_output_that_differs_without_a_checksum() -> None:
    graph = recorded(residual(), 1)
    (vector,) = graph.metadata.test_vectors
    outputs = {"dense": vector.outputs["dense"] ^ np.int8(1)}
    lying = TestVector(vector.inputs, outputs, {})
    difference = verify(graph.with_metadata(test_vectors=(lying,))).difference
    assert difference is not None
    assert (difference.layer, difference.element, difference.count) == ("dense", 0, 5)


def test_float_outputs_are_compared_within_a_tolerance() -> None:
    """Float sums differ in the last bits between processors; only the input is exact."""
    graph = residual("float32")
    real = np.random.default_rng(0).normal(size=(1, 12, 10, 3)).astype(np.float32)
    (vector,) = record_test_vectors(graph, [{"image": real}])
    assert vector.checksums == {"image": zlib.crc32(real.astype("<f4").tobytes())}
    for error, exact in ((1e-6, True), (1e-2, False)):
        near = TestVector(vector.inputs, {"scores": vector.outputs["scores"] + error}, {})
        assert verify(graph.with_metadata(test_vectors=(near,))).bit_exact is exact
    text = str(verify(graph.with_metadata(test_vectors=(vector,))))
    assert text.startswith(
        "equal here (1 test vector, 1 activations bit for bit; computed in float"
    )
    assert "bit-exact" not in text and text.endswith("0.0001 of the largest number: 'scores')")


def test_which_activations_are_the_same_bits_everywhere() -> None:
    builder = GraphBuilder("mixed")
    x = builder.input("x", (None, 4))
    moved = builder.add("Reshape", x, name="moved", shape=(-1, 2, 2))
    q = builder.add("Quantize", x, name="q", quant=per_tensor(0.1))
    r = builder.add("Relu", q, name="r", quant=per_tensor(0.1))
    back = builder.add("Dequantize", r, name="back")
    soft = builder.add("Softmax", back, name="soft")
    again = builder.add("Quantize", soft, name="again", quant=per_tensor(0.01))
    graph = builder.finish([again, moved])
    assert exact_activations(graph) == {"x", "moved", "q", "r", "back"}
