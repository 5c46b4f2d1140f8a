"""Files with several subgraphs and signatures, names that repeat or are missing, open batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.importers.tflite import load_tflite
from edgekit.interpreter import Interpreter
from edgekit.schema import tflite_layout as tflite
from edgekit.schema.encoder import encode
from tests import litert
from tests.importers.test_tflite_refusals import changed, code, set_tensor, tensor
from tests.material import material

Table = dict[str, Any]

CODES = tflite.BuiltinOperator


def two_functions() -> bytes:
    """Signatures "double" (x + x) and "square" (a * a), each a subgraph."""

    def subgraph(name: str, number: int, options: str) -> Table:
        operator = {
            "opcode_index": number,
            "inputs": [0, 0],
            "outputs": [1],
            "builtin_options": (options, {}),
        }
        tensors = [tensor("in", [1, 3]), tensor("out", [1, 3])]
        ends = {"inputs": [0], "outputs": [1]}
        return {"name": name, "tensors": tensors, **ends, "operators": [operator]}

    def signature(key: str, index: int, given: str) -> Table:
        ends = {
            "inputs": [{"name": given, "tensor_index": 0}],
            "outputs": [{"name": "y", "tensor_index": 1}],
        }
        return {**ends, "signature_key": key, "subgraph_index": index}

    return encode(
        tflite.SCHEMA,
        {
            "version": 3,
            "operator_codes": [code(CODES.ADD), code(CODES.MUL)],
            "subgraphs": [subgraph("first", 0, "AddOptions"), subgraph("second", 1, "MulOptions")],
            "buffers": [{}],
            "signature_defs": [signature("double", 0, "x"), signature("square", 1, "a")],
        },
    )


def functions_with_variables(first: str, second: str) -> bytes:
    """Signatures "one" and "two", each of which keeps what it is given in the variable it names."""

    def subgraph(name: str) -> Table:
        tensors = [
            tensor("in", [1, 3]),
            tensor("handle", [], tflite.TensorType.RESOURCE),
            tensor("out", [1, 3]),
        ]
        handle = ("VarHandleOptions", {"container": "", "shared_name": name})
        operators = [
            {"opcode_index": 0, "inputs": [], "outputs": [1], "builtin_options": handle},
            {"opcode_index": 1, "inputs": [1, 0], "outputs": []},
            {"opcode_index": 2, "inputs": [1], "outputs": [2]},
        ]
        return {"tensors": tensors, "inputs": [0], "outputs": [2], "operators": operators}

    def signature(key: str, index: int) -> Table:
        ends = {"inputs": [{"name": "x", "tensor_index": 0}]}
        ends["outputs"] = [{"name": "y", "tensor_index": 2}]
        return {**ends, "signature_key": key, "subgraph_index": index}

    codes = (CODES.VAR_HANDLE, CODES.ASSIGN_VARIABLE, CODES.READ_VARIABLE)
    return encode(
        tflite.SCHEMA,
        {
            "version": 3,
            "operator_codes": [code(number) for number in codes],
            "subgraphs": [subgraph(first), subgraph(second)],
            "buffers": [{}],
            "signature_defs": [signature("one", 0), signature("two", 1)],
        },
    )


def test_signatures_that_share_a_variable_are_not_run_together() -> None:
    """LiteRT has one variable for both. One of them alone is as ever."""
    x = np.array([[1, 2, 3]], np.float32)
    content = functions_with_variables("state", "state")
    for key in ("one", "two"):
        alone = Interpreter(content, signature=key).get_signature_runner(key)
        np.testing.assert_array_equal(alone(x=x)["y"], x)
    with pytest.raises(UnsupportedOperator, match="'one' and 'two' share the variables 'state'"):
        Interpreter(content).get_signature_runner("two")
    apart = Interpreter(functions_with_variables("state", "other")).get_signature_runner("two")
    np.testing.assert_array_equal(apart(x=x)["y"], x)


def test_each_signature_is_a_graph() -> None:
    content, x = two_functions(), np.array([[1, 2, 3]], np.float32)
    assert load_tflite(content).name == "first"
    second = load_tflite(content, signature="square")
    assert (second.name, second.metadata.signature) == ("second", "square")
    np.testing.assert_array_equal(Interpreter(content).run(x)["out"], x + x)
    np.testing.assert_array_equal(Interpreter(content, signature="square").run(x)["out"], x * x)


def test_runners_equal_litert() -> None:
    content, x = two_functions(), np.array([[1, 2, 3]], np.float32)
    theirs, ours = litert.interpreter(content), Interpreter(content)
    assert ours.get_signature_list() == theirs.get_signature_list()
    for key, name in (("double", "x"), ("square", "a"), ("double", "x")):
        wanted = theirs.get_signature_runner(key)(**{name: x})
        found = ours.get_signature_runner(key)(**{name: x})
        assert set(found) == set(wanted) == {"y"}
        np.testing.assert_array_equal(found["y"], wanted["y"])
    for model in (theirs, ours):
        with pytest.raises(ValueError):
            model.get_signature_runner()
    with pytest.raises(InputError, match="name a signature; the model has double, square"):
        ours.get_signature_runner()
    with pytest.raises(InputError, match=r"unknown \['b'\]; the model takes \['a'\]"):
        ours.get_signature_runner("square")(b=x)


def test_names_are_made_unique() -> None:
    def change(model: Table) -> None:
        for index, name in enumerate(("", "same", "same", "")):
            model["subgraphs"][0]["tensors"][index]["name"] = name

    graph = load_tflite(changed(change))
    assert graph.inputs == ("tensor_0",) and graph.outputs == ("tensor_3",)
    assert set(graph.values) == {"tensor_0", "same", "same_1", "tensor_3"}
    details = Interpreter(changed(change)).get_input_details()
    assert details[0]["name"] == ""


def test_long_names_are_cut() -> None:
    graph = load_tflite(changed(set_tensor(3, name="y" * 5000)))
    assert graph.outputs == ("y" * 960,)


def test_a_marked_batch_is_open_if_all_operators_allow_it() -> None:
    content = changed(set_tensor(0, shape_signature=[-1, 3]))
    assert load_tflite(content).value("x").shape == (None, 3)
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    assert Interpreter(content).run(x)["y"].shape == (4, 3)
    # A product with a constant of 32 rows cannot have 32 rows at any batch.
    path = material("tflite/single_op/aeq_single_mul2_constant_input.tflite")
    assert load_tflite(path).value(load_tflite(path).inputs[0]).shape == (1, 32, 32)


def test_any_batch_can_be_opened() -> None:
    path = material("tflite/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite")
    (name,) = load_tflite(path).inputs
    graph = load_tflite(path, shapes={name: (None, 64, 64, 3)})
    assert [graph.value(n).shape for n in graph.outputs] == [(None, 1001)]
    for size in (-1, None):
        assert load_tflite(changed(), shapes={"in": (size, 3)}).value("y").shape == (None, 3)
    assert load_tflite(changed(), shapes={"x": (7, 3)}).value("y").shape == (7, 3)
