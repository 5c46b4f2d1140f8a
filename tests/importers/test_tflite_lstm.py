"""LSTM, of one time, as files of the first years have it: both of its kernels, against LiteRT."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
import pytest

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from tests import litert
from tests.importers.test_tflite_rearranged import refused
from tests.importers.test_tflite_recurrent import changed, layer, without
from tests.recurrent_graphs import lstm_graph
from tests.tflite_operator import Array, Given, constant, file_of, random_array

FORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "coupled": {"coupled": True},
    "peephole": {"peephole": True},
    "projection": {"units": 5, "projection_clip": 0.3},
    "norm": {"norm": True},
    "clipped": {"cell_clip": 0.2},
    "batch": {"batch": 3},
    "relu": {"activation": "relu"},
}
VERSIONS = {"float": 1, "hybrid": 3, "integer": 4}


def packed(model: Any) -> bytes:
    builder = flatbuffers.Builder(1 << 15)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def of_one_time(kind: str, *, version: int | None = None, **form: Any) -> bytes:
    """The layer as LSTM instead of UNIDIRECTIONAL_SEQUENCE_LSTM."""

    def change(model: Any) -> None:
        schema, graph = litert.schema(), model.subgraphs[0]
        options = schema.LSTMOptionsT()
        own = layer(model).builtinOptions
        for name in ("fusedActivationFunction", "cellClip", "projClip", "asymmetricQuantizeInputs"):
            setattr(options, name, getattr(own, name))
        layer(model).builtinOptions = options
        layer(model).builtinOptionsType = schema.BuiltinOptions.LSTMOptions
        code = model.operatorCodes[layer(model).opcodeIndex]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.LSTM
        code.version = VERSIONS[kind] if version is None else version
        for index in (*graph.inputs, *graph.outputs):
            tensor = graph.tensors[index]
            tensor.shape = [tensor.shape[0], tensor.shape[2]]
            tensor.shapeSignature = None

    return changed(lstm_graph(kind, time=1, **form), change)


def stream(content: bytes, runtime: str, steps: int = 4) -> None:
    """Call after call, for the layer keeps what it heard."""
    theirs = litert.interpreter(content, runtime)
    theirs.allocate_tensors()
    ours = Interpreter(content, arithmetic={v: k for k, v in litert.RUNTIMES.items()}[runtime])
    details = theirs.get_input_details()
    for step in range(steps):
        given = {d["name"]: random_array(step, d["shape"], d["dtype"].__name__) for d in details}
        for d in details:
            theirs.set_tensor(d["index"], given[d["name"]])
        theirs.invoke()
        found = ours.run(given)
        for d in theirs.get_output_details():
            wanted = theirs.get_tensor(d["index"])
            if wanted.dtype == np.float32:
                np.testing.assert_allclose(found[d["name"]], wanted, rtol=2e-6, atol=2e-6)
            else:
                np.testing.assert_array_equal(found[d["name"]], wanted)


@pytest.mark.parametrize("runtime", litert.RUNTIMES.values())
@pytest.mark.parametrize(
    ("kind", "form"),
    [(k, f) for k in VERSIONS for f in FORMS if (k, f) != ("integer", "relu")],  # has tanh alone
)
def test_full_kernel(kind: str, form: str, runtime: str) -> None:
    stream(of_one_time(kind, **FORMS[form]), runtime)


def test_it_is_one_layer_between_two_shapes() -> None:
    graph = load_tflite(of_one_time("float", batch=2))
    assert [node.op for node in graph.nodes] == ["Reshape", "Lstm", "Reshape"]
    assert len(graph.states) == 2


def test_files_that_lie_about_a_full_layer() -> None:
    def deeper(model: Any) -> None:
        code = model.operatorCodes[0]
        code.builtinCode = code.deprecatedBuiltinCode = litert.schema().BuiltinOperator.LSTM
        layer(model).builtinOptions, layer(model).builtinOptionsType = None, 0

    refused(changed(lstm_graph(time=1), deeper), ModelFormatError, "one time of samples")
    refused(of_one_time("float", version=5), UnsupportedOperator, "version 5")
    for position, sentence in ((2, "input"), (18, "needs input 18"), (13, "input")):
        model = litert.read(of_one_time("float"))
        without(position)(model)
        with pytest.raises((ModelFormatError, UnsupportedOperator), match=sentence):
            load_tflite(packed(model))


# -- The basic kernel


def basic(batch: int = 2, features: int = 3, units: int = 5, **more: Any) -> bytes:
    weight = random_array(0, (4 * units, features + units), "float32")
    bias = random_array(1, (4 * units,), "float32")
    given = [
        Given("x", (batch, features), more.get("dtype", "float32"), None, more.get("quant")),
        more.get("hidden", Given("hidden", (batch, units))),
        constant("weight", more.get("weight", weight)),
        constant("bias", bias),
        Given("cell", (batch, units)),
    ]
    outputs = [
        Given("hidden'", (batch, units)),
        Given("cell'", (batch, units)),
        Given("joined", (batch, features + units)),
        Given("sums", (batch, 4 * units)),
    ]
    options = ("LSTMOptions", {"kernel_type": 1, "fused_activation_function": 4})
    return file_of("LSTM", given, outputs, options, more.get("version", 1))


def kept(content: bytes) -> bytes:
    """The same with memories that the file keeps: variable tensors."""
    model = litert.read(content)
    graph = model.subgraphs[0]
    for index in (1, 4):
        graph.tensors[index].isVariable = True
    graph.inputs = [0]
    return packed(model)


@pytest.mark.parametrize("runtime", litert.RUNTIMES.values())
def test_basic_kernel(runtime: str) -> None:
    stream(kept(basic()), runtime)
    arrays: dict[str, Array] = {
        "x": random_array(5, (2, 3), "float32"),
        "hidden": random_array(6, (2, 5), "float32"),
        "cell": random_array(7, (2, 5), "float32"),
    }
    wanted = litert.run(basic(), arrays, runtime)
    found = Interpreter(basic()).run(arrays)
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=2e-6, atol=2e-6)


def test_basic_layers_that_are_refused() -> None:
    narrow = np.zeros((19, 8), np.float32)
    refused(basic(weight=narrow), ModelFormatError, "no weights of four gates")
    refused(basic(weight=np.zeros((20, 9), np.float32)), ModelFormatError, "Dense|weight")
    refused(basic(hidden=Given("hidden", (3, 5))), ModelFormatError, "may differ along axis 1 only")
    content = basic(dtype="uint8", quant=(1 / 128, 128, 0), version=2)
    refused(content, UnsupportedOperator, "basic kernel is known in float32, not in uint8")
