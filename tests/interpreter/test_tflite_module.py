"""What scripts find around tflite_runtime's Interpreter, each asked of LiteRT's module and ours."""

from __future__ import annotations

import mmap
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import edgekit.interpreter
from edgekit.errors import DelegateError, InputError
from edgekit.interpreter import Interpreter, OpResolverType, load_delegate
from tests.interpreter.networks import images, residual
from tests.interpreter.test_tflite_runtime import assert_alike
from tests.material import material

KEYWORDS = "tflite/mlperf_tiny/kws_ref_model.tflite"
RESNET = "tflite/mlperf_tiny/pretrainedResnet_quant.tflite"
SPEECH = "tflite/dtln/model_quant_1.tflite"
STREAM = "tflite/esphome/vad_v2.tflite"


def modules() -> tuple[ModuleType, ModuleType]:
    return pytest.importorskip("ai_edge_litert.interpreter"), edgekit.interpreter


def answer(script: Callable[[ModuleType], Any], module: ModuleType) -> Any:
    """What a script gives, or the kind of error that a script would catch."""
    try:
        return script(module)
    except (ValueError, OSError) as error:
        kinds = [kind for kind in (OSError, ValueError) if isinstance(error, kind)]
        return f"raises {kinds[0].__name__}"


def opened(module: ModuleType, path: str, **options: Any) -> Any:
    interpreter = module.Interpreter(model_path=str(material(path)), **options)
    interpreter.allocate_tensors()
    return interpreter


def noise(detail: Any, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    if detail["dtype"] == np.float32:
        return rng.normal(size=detail["shape"]).astype(np.float32)
    return rng.integers(-128, 128, detail["shape"]).astype(detail["dtype"])


def classify(interpreter: Any, seed: int = 0) -> Any:
    detail = interpreter.get_input_details()[0]
    interpreter.set_tensor(detail["index"], noise(detail, seed))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


@pytest.mark.parametrize("resolver", ["AUTO", "BUILTIN", "BUILTIN_REF"])
def test_the_resolver_chooses_the_arithmetic(resolver: str) -> None:
    found = []
    for module in modules():
        kind = getattr(module.OpResolverType, resolver)
        interpreter = opened(module, RESNET, experimental_op_resolver_type=kind)
        found.append(np.concatenate([classify(interpreter, seed) for seed in range(10)]))
    assert_alike(found[1], found[0])


def test_resolvers_have_the_names_and_numbers_of_litert() -> None:
    theirs, ours = modules()
    wanted = {kind.name: kind.value for kind in theirs.OpResolverType}
    assert {kind.name: kind.value for kind in ours.OpResolverType} == wanted
    for module in (theirs, ours):
        with pytest.raises(ValueError, match="op resolver type"):
            opened(module, KEYWORDS, experimental_op_resolver_type=1)
    with pytest.raises(InputError, match="BUILTIN_REF rounds as 'fixedpoint', .* 'float32'"):
        Interpreter(
            residual(),
            arithmetic="float32",
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        )


def test_no_delegates_are_no_obstacle() -> None:
    for delegates in (None, []):
        assert len(classify(opened(modules()[1], KEYWORDS, experimental_delegates=delegates))) == 1


@pytest.mark.parametrize("caught", [OSError, ValueError, (OSError, ValueError), InputError])
def test_scripts_go_on_without_a_delegate(caught: Any) -> None:
    """Some catch what a missing library raises, some what a missing accelerator does."""
    with pytest.raises(caught, match=r"libedgetpu\.so\.1.*leave it out"):
        load_delegate("libedgetpu.so.1", {"device": "usb"})


def test_delegates_are_refused() -> None:
    with pytest.raises(DelegateError, match="takes no delegates, received 1"):
        Interpreter(residual(), experimental_delegates=[object()])


def test_a_first_run_needs_no_input() -> None:
    """Scripts warm up so, and leave memories that begin as zeros alone."""
    found = []
    for module in modules():
        interpreter = opened(module, KEYWORDS)
        interpreter.invoke()
        found.append(classify(interpreter))
    np.testing.assert_array_equal(found[1], found[0])
    found = []
    for module in modules():
        interpreter = opened(module, SPEECH)
        memory = interpreter.get_input_details()[1]
        if module is not edgekit.interpreter:  # whose memory is not initialized
            interpreter.set_tensor(memory["index"], np.zeros(memory["shape"], np.float32))
        found.append(classify(interpreter))
    np.testing.assert_allclose(found[1], found[0], rtol=0, atol=1e-5)  # LiteRT's own spread
    assert not interpreter.get_tensor(memory["index"]).any()


def test_views_show_what_is_there_now() -> None:
    """LiteRT forbids to hold them; here they go on showing inputs and outputs."""
    interpreter = Interpreter(residual())
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    entry = interpreter.tensor(source)()
    x, y = images(1), images(2)[1:]
    interpreter.set_tensor(source, x)
    np.testing.assert_array_equal(entry, x)
    interpreter.invoke()
    exit_ = interpreter.tensor(target)()
    first = exit_.copy()
    entry[...] = y
    interpreter.invoke()
    np.testing.assert_array_equal(exit_, interpreter.run(y)["dense"])
    np.testing.assert_array_equal(interpreter.tensor(target)(), exit_)
    assert (exit_ != first).any()


@pytest.mark.parametrize("number", [0, -1, "2", 2.5])
def test_numbers_of_threads(number: Any) -> None:
    for module in modules():
        with pytest.raises(ValueError, match="threads"):
            module.Interpreter(model_path=str(material(KEYWORDS)), num_threads=number)


def test_paths_and_contents_are_not_taken_for_each_other() -> None:
    path = material(KEYWORDS)
    wanted = classify(opened(modules()[1], KEYWORDS))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        content = mapped[:]
        for given in (content, bytearray(content), memoryview(content), mapped):
            np.testing.assert_array_equal(classify(Interpreter(model_content=given)), wanted)
    for name in (path, str(path), os.fsencode(path)):
        np.testing.assert_array_equal(classify(Interpreter(model_path=name)), wanted)
    with pytest.raises(InputError, match="model_content takes the bytes of a file, received str"):
        Interpreter(model_content=str(path))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="one model is needed"):
        Interpreter(model_path="", model_content=None)
    with pytest.raises(InputError, match="one model is needed"):
        Interpreter()


def test_arguments_without_names_are_in_litert_s_order() -> None:
    path = material(KEYWORDS)
    for module in modules():
        for given in ((str(path), None, [], 2), (None, path.read_bytes(), None, 1)):
            interpreter = module.Interpreter(*given)
            interpreter.allocate_tensors()
            assert classify(interpreter).shape == (1, 12)


@pytest.mark.parametrize("path", [STREAM, KEYWORDS, SPEECH])
def test_subgraphs_and_operators(path: str) -> None:
    theirs, ours = modules()
    resolver = theirs.OpResolverType.BUILTIN_REF  # the default counts its delegates as operators
    wanted = opened(theirs, path, experimental_op_resolver_type=resolver)
    found = opened(ours, path)
    assert found.num_subgraphs() == wanted.num_subgraphs()
    assert_alike(found._get_ops_details(), wanted._get_ops_details())
    for number in range(1, wanted.num_subgraphs()):
        assert_alike(found.get_tensor_details(number), wanted.get_tensor_details(number))
    for interpreter in (found, wanted):
        with pytest.raises(ValueError, match="subgraph.*9"):
            interpreter.get_tensor_details(9)
    with pytest.raises(InputError, match=r"subgraph 1.*main subgraph alone"):
        found.get_tensor(0, 1)


@pytest.mark.parametrize("path", [STREAM, KEYWORDS, "tflite/basic_pitch/nmp.tflite"])
def test_signatures_with_indices(path: str) -> None:
    """Scripts for Coral find the outputs of a detector so."""
    wanted, found = (opened(module, path)._get_full_signature_list() for module in modules())
    assert found == wanted


def test_operators_of_a_graph() -> None:
    interpreter = Interpreter(residual())
    assert interpreter.num_subgraphs() == 1
    details = interpreter._get_ops_details()
    assert [d["op_name"] for d in details] == [n.op for n in interpreter.graph.nodes]
    names = {d["index"]: d["name"] for d in interpreter.get_tensor_details()}
    first = interpreter.graph.nodes[0]
    assert [names[i] for i in details[0]["inputs"]] == [n for n in first.inputs if n is not None]
    assert details[0]["operand_types"][0] is np.int8


def test_runners_speak_of_the_names_in_the_signature() -> None:
    ours = opened(modules()[1], "tflite/single_op/aeq_single_add.tflite")
    runner, x = ours.get_signature_runner(), np.zeros((1, 32, 32), np.float32)
    with pytest.raises(InputError, match=r"missing \['input_2'\].*takes \['input_1', 'input_2'\]"):
        runner(input_1=x)
    with pytest.raises(InputError, match=r"unknown \['input_3'\]"):
        runner(input_1=x, input_2=x, input_3=x)
    with pytest.raises(InputError, match="the model has no signature"):
        opened(modules()[1], KEYWORDS).get_signature_runner("serving_default")


def test_interpreters_stay_in_their_process() -> None:
    with pytest.raises(TypeError, match="open the model in each process"):
        pickle.dumps(Interpreter(residual()))


def test_numbers_of_tensors_may_be_numpy_s(tmp_path: Path) -> None:
    interpreter = Interpreter(residual())
    index = np.array(interpreter.get_input_details()[0]["index"])
    interpreter.set_tensor(index, images(1))  # type: ignore[arg-type]
    np.testing.assert_array_equal(interpreter.tensor(index)(), images(1))  # type: ignore[arg-type]
    for wrong in ("x", 1.0, None):
        with pytest.raises(TypeError):
            interpreter.get_tensor(wrong)  # type: ignore[arg-type]
