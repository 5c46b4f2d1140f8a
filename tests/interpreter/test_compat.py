"""The methods of tflite_runtime, held against LiteRT's own interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.export.tflite import tflite_bytes
from edgekit.interpreter import Interpreter
from tests import litert
from tests.interpreter.networks import images, residual, with_softmax


def script(interpreter: Any, x: Any) -> Any:
    """What the scripts of tflite_runtime's users do."""
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    target = interpreter.get_output_details()[0]
    scale, zero_point = source["quantization"]
    if source["dtype"] == np.int8:
        x = np.clip(np.round(x / scale + zero_point), -128, 127)
    if len(x) != 1:
        interpreter.resize_tensor_input(source["index"], [len(x), *source["shape"][1:]])
        interpreter.allocate_tensors()
    interpreter.set_tensor(source["index"], x.astype(source["dtype"]))
    interpreter.invoke()
    return interpreter.get_tensor(target["index"])


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_a_script_gives_the_same(dtype: str, count: int) -> None:
    graph = residual(dtype)
    x = np.random.default_rng(0).normal(size=(count, 12, 10, 3))
    wanted = script(litert.interpreter(tflite_bytes(graph)), x)
    found = script(Interpreter(graph), x)
    assert found.shape == wanted.shape and found.dtype == wanted.dtype
    np.testing.assert_allclose(found, wanted, rtol=0, atol=0 if dtype == "int8" else 1e-5)


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_details_have_the_same_keys_types_and_values(dtype: str) -> None:
    graph = residual(dtype)
    theirs, ours = litert.interpreter(tflite_bytes(graph)), Interpreter(graph)
    theirs.allocate_tensors()
    pairs = [(theirs.get_input_details(), ours.get_input_details())]
    pairs += [(theirs.get_output_details(), ours.get_output_details())]
    for wanted, found in pairs:
        assert len(wanted) == len(found) == 1
        assert set(wanted[0]) == set(found[0])
        for key in set(wanted[0]) - {"index", "shape_signature"}:
            assert_same(found[0][key], wanted[0][key])
    assert found[0]["shape_signature"].tolist()[0] == -1


def assert_same(found: Any, wanted: Any) -> None:
    if isinstance(wanted, dict):
        assert set(found) == set(wanted) - {"block_size"}  # which only the newest LiteRT has
        for key in found:
            assert_same(found[key], wanted[key])
    elif isinstance(wanted, np.ndarray):
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)
    else:
        assert type(found) is type(wanted) and found == wanted


def test_per_channel_details() -> None:
    graph = residual()
    details = {d["name"]: d for d in Interpreter(graph).get_tensor_details()}
    assert [d["index"] for d in details.values()] == list(range(len(graph.values)))
    weight = details["conv_w"]
    parameters = weight["quantization_parameters"]
    quant = graph.value("conv_w").quant
    assert quant is not None
    np.testing.assert_array_equal(parameters["scales"], quant.scales)
    assert parameters["quantized_dimension"] == 0
    assert weight["quantization"] == (0.0, 0)  # as LiteRT: no single scale
    assert weight["dtype"] is np.int8 and weight["shape"].tolist() == [8, 3, 3, 3]


def test_signatures() -> None:
    graph = with_softmax()
    interpreter = Interpreter(graph)
    ends = {"inputs": ["image"], "outputs": ["scores", "join"]}
    assert interpreter.get_signature_list() == {"serving_default": ends}
    runner = interpreter.get_signature_runner()
    found, wanted = runner(image=images(2)), interpreter.run(images(2))
    assert set(found) == set(wanted)
    np.testing.assert_array_equal(found["scores"], wanted["scores"])
    assert runner.get_input_details()["image"]["dtype"] is np.int8
    assert set(runner.get_output_details()) == {"scores", "join"}
    interpreter.get_signature_runner("serving_default")
    with pytest.raises(InputError, match="signature 'serving' is not known.*serving_default"):
        interpreter.get_signature_runner("serving")


def test_names_of_tflite_runtimes_constructor(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model\.edge"):
        Interpreter(model_path=str(tmp_path / "model.edge"), num_threads=2)


def test_tensors_are_copies() -> None:
    interpreter = Interpreter(residual())
    index = interpreter.get_input_details()[0]["index"]
    x = images(1)
    interpreter.set_tensor(index, x)
    given = x.copy()
    x[:] = 0
    interpreter.invoke()
    np.testing.assert_array_equal(interpreter.get_tensor(index), given)
    target = interpreter.get_output_details()[0]["index"]
    first = interpreter.get_tensor(target)
    first[:] = 0
    assert interpreter.get_tensor(target).any()


def test_mistakes_are_named() -> None:
    interpreter = Interpreter(residual())
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    index = {d["name"]: d["index"] for d in interpreter.get_tensor_details()}
    with pytest.raises(InputError, match="'dense' cannot be read: invoke was not called"):
        interpreter.get_tensor(target)
    with pytest.raises(InputError, match="expects int8, received float32; quantize it"):
        interpreter.set_tensor(source, np.zeros((1, 12, 10, 3), np.float32))
    with pytest.raises(ShapeError, match=r"expects \(1, 12, 10, 3\), received \(2, 12, 10, 3\)"):
        interpreter.set_tensor(source, images(2))
    with pytest.raises(ShapeError, match=r"cannot become \(1, 24, 24, 3\)"):
        interpreter.resize_tensor_input(source, [1, 24, 24, 3])
    with pytest.raises(InputError, match="is no input of the model"):
        interpreter.set_tensor(target, np.zeros((1, 5), np.int8))
    with pytest.raises(InputError, match="tensor 999 does not exist"):
        interpreter.get_tensor(999)
    interpreter.set_tensor(source, images(1))
    interpreter.invoke()
    with pytest.raises(InputError, match="'pool' cannot be read: its memory is shared"):
        interpreter.get_tensor(index["pool"])
    assert interpreter.get_tensor(index["conv_w"]).shape == (8, 3, 3, 3)
