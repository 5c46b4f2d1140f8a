"""The methods of tflite_runtime on `.tflite` files: what LiteRT says of them, and scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.interpreter import Interpreter
from tests import litert
from tests.material import MATERIAL, material
from tests.tflite_models import NOT_IN_LITERT, PATHS, LiteRT, assert_same, random_inputs

NETWORKS = [
    path
    for path in PATHS
    if path not in NOT_IN_LITERT and "mlperf_layers" not in path and "single_op" not in path
]
SINGLE = [path for path in PATHS if "single_op" in path]


def both(path: str) -> tuple[Any, Any]:
    """LiteRT and edgekit on one file, ready to run."""
    content = (MATERIAL / path).read_bytes()
    theirs, ours = litert.interpreter(content), Interpreter(model_content=content)
    theirs.allocate_tensors()
    ours.allocate_tensors()
    return theirs, ours


def assert_alike(found: Any, wanted: Any, where: str = "") -> None:
    """Equal keys, types and values. LiteRT 2 alone says `block_size`, of a newer quantization."""
    if isinstance(wanted, dict):
        assert set(found) == set(wanted) - {"block_size"}, where
        for key in found:
            assert_alike(found[key], wanted[key], f"{where}[{key!r}]")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), where
        for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
            assert_alike(one, other, f"{where}[{index}]")
    elif isinstance(wanted, np.ndarray):
        assert found.dtype == wanted.dtype, where
        np.testing.assert_array_equal(found, wanted, where)
    else:
        assert type(found) is type(wanted) and found == wanted, (where, found, wanted)


@pytest.mark.parametrize("path", NETWORKS + SINGLE)
def test_details_and_signatures(path: str) -> None:
    theirs, ours = both(path)
    assert_alike(ours.get_input_details(), theirs.get_input_details())
    assert_alike(ours.get_output_details(), theirs.get_output_details())
    assert_alike(ours.get_signature_list(), theirs.get_signature_list())
    for key in theirs.get_signature_list():
        mine, other = ours.get_signature_runner(key), theirs.get_signature_runner(key)
        assert_alike(mine.get_input_details(), other.get_input_details())
        assert_alike(mine.get_output_details(), other.get_output_details())


@pytest.mark.parametrize("path", NETWORKS)
def test_every_tensor(path: str) -> None:
    """All that stand in the file; behind them LiteRT counts those of its own working memory."""
    theirs, ours = both(path)
    found = ours.get_tensor_details()
    wanted = theirs.get_tensor_details()[: len(found)]
    for one, other in zip(found, wanted, strict=True):
        mine = one["quantization_parameters"]
        scales = other["quantization_parameters"]["scales"]
        if len(mine["scales"]) == 1 < len(scales):
            # Its kernels repeat the one scale of a dense weight for every channel, in place.
            assert (scales == mine["scales"][0]).all()
            one["quantization_parameters"] = other["quantization_parameters"] | {"block_size": 0}
            del one["quantization_parameters"]["block_size"]
            one["quantization"] = other["quantization"]
        assert_alike(one, other)


RESIZED = {
    "tflite/mlperf_tiny/kws_ref_model.tflite": [3, 49, 10, 1],
    "tflite/mlperf_tiny/vww_96_float.tflite": [2, 96, 96, 3],
    "tflite/tinymaix/mnist_valid_q.tflite": [2, 40, 36, 1],
    "tflite/tinymaix/mnist_dw_f.tflite": [1, 56, 28, 1],
    "tflite/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite": [1, 96, 128, 3],
    "tflite/ai_edge_quantizer/conv_fc_mnist_srq_a8w8.tflite": [4, 28, 28, 1],
    "tflite/single_op/aeq_single_max_pool_2d.tflite": [5, 9, 7, 3],
}


@pytest.mark.parametrize("path", RESIZED)
def test_inputs_of_another_size(path: str) -> None:
    """The batch, and any other size that the operators can take."""
    theirs, ours = both(path)
    shape, rng = RESIZED[path], np.random.default_rng(0)
    results = []
    for model in (theirs, ours):
        detail = model.get_input_details()[0]
        model.resize_tensor_input(detail["index"], shape)
        model.allocate_tensors()
        detail = model.get_input_details()[0]
        assert detail["shape"].tolist() == shape
        x = rng.normal(0, 40, shape) if detail["dtype"] != np.float32 else rng.normal(0, 1, shape)
        limits = (-128, 127) if detail["dtype"] == np.int8 else (0, 255)
        x = np.clip(x, *limits) if detail["dtype"] != np.float32 else x
        model.set_tensor(detail["index"], x.astype(detail["dtype"]))
        model.invoke()
        results.append(model.get_tensor(model.get_output_details()[0]["index"]))
        rng = np.random.default_rng(0)
    assert_same(results[1], results[0])
    assert_alike(ours.get_input_details(), theirs.get_input_details())
    assert_alike(ours.get_output_details(), theirs.get_output_details())
    for model in (theirs, ours):
        first = model.get_input_details()[0]
        with pytest.raises((ShapeError, RuntimeError)):
            model.resize_tensor_input(first["index"], [1, *shape[1:-1], 50], strict=True)


def test_a_size_that_does_not_fit() -> None:
    ours = Interpreter(material("tflite/mlperf_tiny/ad01_int8.tflite"))
    index = ours.get_input_details()[0]["index"]
    ours.resize_tensor_input(index, [1, 641])
    with pytest.raises(ShapeError, match=r"\{'input_1': \(1, 641\)\}(.|\n)*FULLY_CONNECTED"):
        ours.allocate_tensors()
    with pytest.raises(ShapeError, match="cannot become"):
        ours.resize_tensor_input(index, [1, 640, 1])


@pytest.mark.parametrize(
    "path", ["tflite/mlperf_tiny/kws_ref_model.tflite", "tflite/tinymaix/cifar10_f.tflite"]
)
def test_all_tensors_can_be_kept(path: str) -> None:
    """The reference kernels keep theirs; the same tensors by the same numbers."""
    content = material(path).read_bytes()
    theirs = litert.interpreter(content, "reference", keep_all=True)
    ours = Interpreter(content, arithmetic="fixedpoint", experimental_preserve_all_tensors=True)
    theirs.allocate_tensors()
    (inputs,) = [random_inputs(ours.graph, 0, smooth=True)]
    for model in (theirs, ours):
        model.set_tensor(model.get_input_details()[0]["index"], inputs[0])
        model.invoke()
    compared = 0
    for detail in ours.get_tensor_details():
        if ours._tensors.names[detail["index"]]:
            found = ours.get_tensor(detail["index"])
            assert_same(found, theirs.get_tensor(detail["index"]))
            compared += 1
    assert compared > len(ours.graph.nodes)


def test_signature_runners_take_any_batch() -> None:
    theirs, ours = both("tflite/ai_edge_quantizer/conv_fc_mnist_srq_a8w8.tflite")
    x = np.random.default_rng(0).integers(-128, 128, (3, 28, 28, 1)).astype(np.int8)
    wanted = theirs.get_signature_runner()(conv2d_input=x)
    found = ours.get_signature_runner("serving_default")(conv2d_input=x)
    assert set(found) == set(wanted) == {"dense_1"}
    np.testing.assert_array_equal(found["dense_1"], wanted["dense_1"])


def test_a_model_without_signature_has_no_runner() -> None:
    theirs, ours = both("tflite/mlperf_tiny/kws_ref_model.tflite")
    for model in (theirs, ours):
        assert model.get_signature_list() == {}
        with pytest.raises(ValueError):
            model.get_signature_runner()


def test_other_models_keep_their_arithmetic() -> None:
    graph = Interpreter(material("tflite/tflm/hello_world_int8.tflite")).graph
    with pytest.raises(InputError, match="made for the arithmetic 'float32', not 'fixedpoint'"):
        Interpreter(graph, arithmetic="fixedpoint")
    with pytest.raises(InputError, match=r"can be chosen in .tflite files only"):
        Interpreter(graph, signature="serving_default")


def test_memories_begin_anew() -> None:
    """LiteRT's reset spares resource variables; here it is a way to begin a new sequence."""
    content = material("tflite/esphome/vad_v2.tflite").read_bytes()
    ours, theirs = Interpreter(content), LiteRT(content, "default")
    steps = [random_inputs(ours.graph, seed, smooth=True) for seed in range(8)]
    wanted = [theirs(step)[0] for step in steps]
    for _ in range(2):
        for step, one in zip(steps, wanted, strict=True):
            ours.set_tensor(ours.get_input_details()[0]["index"], step[0])
            ours.invoke()
            found = ours.get_tensor(ours.get_output_details()[0]["index"])
            np.testing.assert_array_equal(found, one)
        ours.reset_all_variables()


SCRIPTS = {
    "label_image": ("tflite/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite", "data/coral/cat.bmp"),
    "detect_faces": ("tflite/mediapipe/face_detection_short_range.tflite", "data/coral/cat.bmp"),
    "hear_word": ("tflite/esphome/okay_nabu_v2.tflite", ""),
    "clean_speech": ("tflite/dtln/model_quant_1.tflite", "data/tflm/yes_1000ms.wav"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_by_changing_one_import(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ai_edge_litert")
    model, data = SCRIPTS[name]
    arguments = [str(material(model))]
    if name == "label_image":
        arguments.append(str(material("data/coral/imagenet_labels.txt")))
    if name == "hear_word":
        features = np.abs(np.random.default_rng(0).normal(8, 6, (45, 40)))
        np.save(tmp_path / "features.npy", np.convolve(features.ravel(), np.ones(9) / 9, "same"))
        arguments.append(str(tmp_path / "features.npy"))
        np.save(arguments[-1], np.load(arguments[-1]).reshape(45, 40))
    else:
        arguments.append(str(material(data)))
    text = (Path(__file__).parent / "scripts" / f"{name}.py").read_text()
    printed = []
    for home in ("ai_edge_litert", "edgekit"):
        changed = text.replace("from tflite_runtime.interpreter", f"from {home}.interpreter")
        assert changed != text
        space: dict[str, Any] = {"__name__": name}
        exec(compile(changed, name, "exec"), space)
        space["main"](*arguments)
        printed.append(capsys.readouterr().out)
    assert printed[1] == printed[0]
    assert len(printed[0].splitlines()) >= 2
