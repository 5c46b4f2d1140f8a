"""Files that must be refused: real ones, and a small sound one with one thing made wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgekit.errors import (
    EdgekitError,
    InputError,
    ModelFormatError,
    ShapeError,
    UnsupportedOperator,
)
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.schema import tflite_layout as tflite
from edgekit.schema.encoder import encode
from tests.material import material
from tests.tflite_operator import Given, file_of

Model = dict[str, Any]
Change = Callable[[Model], object]

CODES = tflite.BuiltinOperator
TYPES = tflite.TensorType

REAL = {
    "test_model_broken.bin": (
        ModelFormatError,
        r"the identifier at byte 4 is .*, expected b'TFL3'",
    ),
    "no_subgraphs.bin": (ModelFormatError, "the file holds no graph"),
    "empty_model.bin": (ModelFormatError, "the model has no output: there is nothing to run"),
    "model_invoking_error.tflite": (
        UnsupportedOperator,
        r"fake-op-double \('tensor_1'\): a custom operator of its maker's own runtime; "
        "convert the model without it",
    ),
    "audio_preprocessor_int8.tflite": (
        UnsupportedOperator,
        r"(?s)SignalWindow \('signal_window'\).*SignalRfft.*SignalFilterBankLog",
    ),
    "precompiled_mediatek_model.tflite": (
        UnsupportedOperator,
        r"DISPATCH_OP \('tfl.custom'\): compiled for one accelerator; take the file from before",
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files(name: str) -> None:
    path = material(f"negative/{name}")
    kind, sentence = REAL[name]
    for source in (path, path.read_bytes()):
        with pytest.raises(kind, match=sentence):
            load_tflite(source)
    if name != "test_model_broken.bin":
        with pytest.raises(kind, match=sentence):
            Interpreter(path)


def tensor(name: str, shape: list[int], kind: int = TYPES.FLOAT32, **more: Any) -> Model:
    return {"name": name, "shape": shape, "type": kind, **more}


def dense() -> Model:
    """x[1, 3] times a weight, plus x once more."""
    weight = np.arange(9, dtype=np.float32).reshape(3, 3)
    options = ("FullyConnectedOptions", {})
    subgraph = {
        "name": "main",
        "tensors": [
            tensor("x", [1, 3]),
            tensor("weight", [3, 3], buffer=1),
            tensor("dense", [1, 3]),
            tensor("y", [1, 3]),
        ],
        "inputs": [0],
        "outputs": [3],
        "operators": [
            {"opcode_index": 0, "inputs": [0, 1], "outputs": [2], "builtin_options": options},
            {
                "opcode_index": 1,
                "inputs": [2, 0],
                "outputs": [3],
                "builtin_options": ("AddOptions", {}),
            },
        ],
    }
    ends = {"inputs": [{"name": "in", "tensor_index": 0}], "outputs": []}
    return {
        "version": 3,
        "operator_codes": [code(CODES.FULLY_CONNECTED), code(CODES.ADD)],
        "subgraphs": [subgraph],
        "buffers": [{}, {"data": weight.view(np.uint8).reshape(-1)}],
        "signature_defs": [{**ends, "signature_key": "main"}],
    }


def code(number: int) -> Model:
    return {"deprecated_builtin_code": min(number, 127), "builtin_code": number}


def changed(change: Change | None = None) -> bytes:
    model = dense()
    if change is not None:
        change(model)
    return encode(tflite.SCHEMA, model)


def set_tensor(index: int, **fields: Any) -> Change:
    return lambda model: model["subgraphs"][0]["tensors"][index].update(fields)


def set_operator(index: int, **fields: Any) -> Change:
    return lambda model: model["subgraphs"][0]["operators"][index].update(fields)


def set_graph(**fields: Any) -> Change:
    return lambda model: model["subgraphs"][0].update(fields)


def set_model(**fields: Any) -> Change:
    return lambda model: model.update(fields)


def quantized(*scales: float, axis: int = 0) -> Model:
    zeros = np.zeros(len(scales), np.int64)
    return {
        "scale": np.array(scales, np.float32),
        "zero_point": zeros,
        "quantized_dimension": axis,
    }


def test_the_sound_one() -> None:
    x = np.array([[1, 2, 3]], np.float32)
    (y,) = Interpreter(changed()).run(x).values()
    np.testing.assert_array_equal(y, x @ np.arange(9, dtype=np.float32).reshape(3, 3).T + x)


BUFFER = {"data": np.zeros(35, np.uint8)}

STRUCTURE: dict[str, tuple[Change, str]] = {
    "version": (set_model(version=4), "Model.version at byte .*: 4, only version 3"),
    "type": (set_tensor(0, type=99), r"tensors\[0\].type at byte .*: 99 is no type"),
    "negative size": (set_tensor(0, shape=[1, -3]), r"tensors\[0\].shape .*\[1, -3\]"),
    "many dimensions": (set_tensor(0, shape=[1] * 9), "expected up to 8 sizes"),
    "many elements": (set_tensor(0, shape=[2**16] * 4), "more than 2147483647 elements"),
    "buffer number": (set_tensor(1, buffer=2), r"tensors\[1\].buffer .*: 2, the file has 2"),
    "buffer size": (
        set_model(buffers=[{}, BUFFER]),
        r"tensor 'weight' float32\[3, 3\] needs 36 bytes, its buffer has 35",
    ),
    "outside buffer": (
        set_model(buffers=[{}, {"offset": 10**6, "size": 36}]),
        "36 bytes from 1000000 on lie outside the file",
    ),
    "far outside buffer": (
        set_model(buffers=[{}, {"offset": 2**64 - 1, "size": 2**64 - 1}]),
        "lie outside the file",
    ),
    "operator code": (set_operator(0, opcode_index=7), r"opcode_index .*: 7, the file has 2"),
    "input index": (set_operator(0, inputs=[0, 4]), r"inputs .*\[0, 4\]: there are 4 tensors"),
    "input below -1": (set_operator(0, inputs=[-2, 1]), r"operators\[0\].inputs"),
    "output index": (set_operator(0, outputs=[-1]), r"operators\[0\].outputs"),
    "graph input": (set_graph(inputs=[9]), r"subgraphs\[0\].inputs"),
    "input twice": (set_graph(inputs=[0, 0]), "a tensor is listed twice"),
    "constant input": (set_graph(inputs=[0, 1]), "input 'weight' is a constant or empty"),
    "empty input": (set_tensor(0, shape=[0, 3]), "input 'x' is a constant or empty"),
    "no output": (set_graph(outputs=[]), "the model has no output"),
    "output never computed": (
        set_graph(operators=[]),
        "tensor 'y' is read before it is computed",
    ),
    "wrong order": (
        set_operator(0, inputs=[3, 1]),
        "FULLY_CONNECTED 'dense': tensor 'y' is read before it is computed",
    ),
    "written twice": (set_operator(1, outputs=[2]), "ADD 'dense': tensor 'dense' is written twice"),
    "input written": (set_operator(0, outputs=[0]), "tensor 'x' is written twice"),
    "constant written": (
        set_operator(0, inputs=[0, 0], outputs=[1]),
        "tensor 'weight' is written twice",
    ),
    "too few inputs": (
        set_operator(0, inputs=[0]),
        r"FULLY_CONNECTED needs input 1, received \(0,",
    ),
    "missing input": (set_operator(0, inputs=[0, -1]), r"needs input 1, received \(0, -1\)"),
    "no output of it": (set_operator(0, outputs=[]), "FULLY_CONNECTED has 0, expected more"),
    "two outputs of one": (set_operator(1, outputs=[3, 3]), "gives 1 outputs, not 2"),
    "options of another": (
        set_operator(1, builtin_options=("Conv2DOptions", {})),
        "ADD has AddOptions, the file holds Conv2DOptions",
    ),
    "signature of what": (
        set_model(signature_defs=[{"subgraph_index": 3, "signature_key": "a"}]),
        r"signature_defs\[0\].subgraph_index .*: 3 of 1",
    ),
    "signature input": (
        set_model(signature_defs=[{"inputs": [{"name": "w", "tensor_index": 1}]}]),
        r"\['w'\] are not inputs of the subgraph",
    ),
    "shapes": (set_tensor(0, shape=[1, 4]), r"operators do not fit .*\n.*FULLY_CONNECTED 'dense'"),
}


@pytest.mark.parametrize("name", STRUCTURE)
def test_structure(name: str) -> None:
    change, sentence = STRUCTURE[name]
    with pytest.raises(ModelFormatError, match=sentence):
        load_tflite(changed(change))


UNSUPPORTED: dict[str, tuple[Change, str]] = {
    "number": (
        set_model(operator_codes=[code(CODES.FULLY_CONNECTED), code(9999)]),
        r"operator number 9999 \('y'\): this operator is not known",
    ),
    "text": (set_tensor(0, type=TYPES.STRING), "tensor 'x' is string; tensors can be float32"),
    "activation": (
        set_operator(1, builtin_options=("AddOptions", {"fused_activation_function": 4})),
        "ADD 'y': the fused activation TANH is none of NONE, RELU, RELU6",
    ),
    "shuffled": (
        set_operator(0, builtin_options=("FullyConnectedOptions", {"weights_format": 1})),
        "the weights are shuffled",
    ),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_unsupported(name: str) -> None:
    change, sentence = UNSUPPORTED[name]
    with pytest.raises(UnsupportedOperator, match=sentence):
        load_tflite(changed(change))


def test_a_slope_that_is_no_number() -> None:
    """Before a lookup table is made of it."""
    quant = ([0.1], [0], 0)
    x, y = Given("x", [1, 4], "int8", quant=quant), Given("y", [1, 4], "int8", quant=quant)
    content = file_of("LEAKY_RELU", [x], [y], ("LeakyReluOptions", {"alpha": float("nan")}))
    with pytest.raises(
        ModelFormatError, match=r"LEAKY_RELU 'y': attribute 'alpha': .*received nan"
    ):
        load_tflite(content)


def test_everything_unsupported_is_named_at_once() -> None:
    names = ("FlexErf", "edgetpu-custom-op")
    codes = [{"builtin_code": 32, "custom_code": name} for name in names]
    with pytest.raises(UnsupportedOperator) as caught:
        load_tflite(changed(set_model(operator_codes=codes)))
    assert "FlexErf ('dense'): an operator of TensorFlow itself; convert" in str(caught.value)
    assert "edgetpu-custom-op ('y'): compiled for the Edge TPU; take" in str(caught.value)


@pytest.mark.parametrize(
    ("quantization", "sentence"),
    [
        (quantized(0.0), "scales must be finite and above zero"),
        (quantized(float("nan")), "scales must be finite and above zero"),
        (quantized(0.1, 0.1), r"2 scales along axis 0 do not fit tensor 'weight' \[3, 3\]"),
        (quantized(0.1, 0.1, 0.1, axis=5), "3 scales along axis 5 do not fit"),
        ({**quantized(0.1), "zero_point": np.zeros(2, np.int64)}, "1 scales and 2 zero points"),
        (
            {**quantized(0.1), "zero_point": np.array([2**40])},
            "must lie in -128",
        ),
    ],
)
def test_scales(quantization: Model, sentence: str) -> None:
    def change(model: Model) -> None:
        tensors = model["subgraphs"][0]["tensors"]
        tensors[1].update(type=TYPES.INT8, quantization=quantization)
        for index in (0, 2, 3):
            tensors[index].update(type=TYPES.INT8, quantization=quantized(0.5))
        model["buffers"][1] = {"data": np.ones(9, np.uint8)}

    with pytest.raises(EdgekitError, match=sentence) as caught:
        load_tflite(changed(change))
    assert type(caught.value) in (ModelFormatError, UnsupportedOperator)


def test_a_vector_has_only_one_axis() -> None:
    """As in a network that TensorFlow Lite Micro runs: its biases name axis 3."""

    def change(model: Model) -> None:
        tensors = model["subgraphs"][0]["tensors"]
        for index in (0, 2, 3):
            tensors[index].update(type=TYPES.INT8, quantization=quantized(0.5))
        tensors[1].update(type=TYPES.INT8, quantization=quantized(0.1, 0.2, 0.3))
        bias = quantized(0.05, 0.1, 0.15, axis=3)
        tensors.append(tensor("bias", [3], TYPES.INT32, buffer=2, quantization=bias))
        model["subgraphs"][0]["operators"][0]["inputs"] = [0, 1, 4]
        model["buffers"][1] = {"data": np.ones(9, np.uint8)}
        model["buffers"].append({"data": np.arange(3, dtype=np.int32).view(np.uint8)})

    quant = load_tflite(changed(change)).value("bias").quant
    assert quant is not None and quant.axis == 0


def test_wrong_arguments() -> None:
    content = changed()
    with pytest.raises(InputError, match=r"arithmetic 'fixpoint' is not known.*fixedpoint"):
        load_tflite(content, arithmetic="fixpoint")
    with pytest.raises(InputError, match="signature 'mian' is not known.*main"):
        load_tflite(content, signature="mian")
    with pytest.raises(InputError, match="input 'xx' is not known"):
        load_tflite(content, shapes={"xx": (1, 3)})
    with pytest.raises(ShapeError, match="input 'x' has 2 dimensions, it cannot be"):
        load_tflite(content, shapes={"x": (1, 3, 1)})
    with pytest.raises(ModelFormatError, match="FULLY_CONNECTED 'dense'"):
        load_tflite(content, shapes={"x": (1, 4)})
    with pytest.raises(InputError, match="there is no file 'absent.tflite'"):
        load_tflite("absent.tflite")


def test_many_equal_names_take_no_time() -> None:
    """Names are made unique in time that grows with their number, not its square."""

    def change(model: Model) -> None:
        model["subgraphs"][0]["tensors"] += [tensor("x", [1])] * 20_000

    assert len(load_tflite(changed(change)).values) == 4
