"""`edgekit.convert`: from a model to a finished file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import edgekit
from edgekit.errors import AccuracyGateError, InputError, ShapeError
from edgekit.export.edge import edge_bytes
from edgekit.frozen import replace
from edgekit.interpreter import Interpreter, verify
from edgekit.ir import Graph, GraphBuilder, Metadata, Preprocessing, per_tensor
from edgekit.quantize import Recipe
from tests.material import ROOT, material
from tests.quantize.graphs import classifier, labelled, normal
from tests.tflite_models import random_inputs

X = labelled(count=120)


def labels_of(graph: Graph, x: np.ndarray) -> np.ndarray:
    return Interpreter(graph).predict(x).argmax(axis=1)


Y = labels_of(classifier(), X)


def test_the_model_file_holds_everything(tmp_path: Path) -> None:
    path = tmp_path / "model.edge"
    rule = Preprocessing((1.0,), (2.0,))
    converted = edgekit.convert(
        classifier(),
        calibration=X[:100],
        evaluate=(X, Y),
        max_drop=50,
        labels=["a", "b", "c", "d"],
        preprocessing=rule,
        recipe=Recipe(input_range=(-5, 5)),
    )
    converted.save(path)
    metadata = Interpreter(path).metadata
    assert metadata.labels == ("a", "b", "c", "d")
    assert metadata.preprocessing == rule
    assert metadata.accuracy == converted.report.accuracy
    assert metadata.accuracy is not None and metadata.accuracy.float_value == 1.0
    assert metadata.provenance["edgekit"] == edgekit.__version__
    assert json.loads(metadata.provenance["recipe"])["input_range"] == [-5, 5]
    assert len(metadata.test_vectors) == 4
    assert verify(path).bit_exact
    assert metadata.accuracy.int8_value == np.mean(Interpreter(path).predict(X).argmax(1) == Y)


def words(dtype: str) -> Graph:
    """Scores of a text of six words, by the table of their vectors."""
    rng = np.random.default_rng(0)
    b = GraphBuilder("words")
    numbers = b.input("numbers", (None, 6), dtype)
    table = b.constant(rng.normal(size=(300, 4)).astype(np.float32), "table")
    vectors = b.add("Gather", table, numbers, axis=0)
    weight = b.constant(rng.normal(size=(3, 4)).astype(np.float32), "weight")
    return b.finish([b.add("Dense", b.add("Mean", vectors, axes=(1,)), weight, name="scores")])


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_inputs_that_count_words_are_calibrated_with_integers(dtype: str) -> None:
    """Numbers of words stay integers, of whatever width they come in."""
    texts = np.random.default_rng(1).integers(0, 300, (100, 6))
    graph = words(dtype)
    expected = Interpreter(graph).predict(texts.astype(dtype))
    for given in (np.int16, np.int32, np.int64, np.float32, np.float64):
        converted = edgekit.convert(graph, texts.astype(given), evaluate=(texts, expected))
        assert converted.graph.value("numbers").dtype == dtype
        scores = Interpreter(converted.graph).predict(texts.astype(dtype))
        assert np.abs(scores - expected).max() < 0.05 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.full((5, 6), 1.5), "expected int32 .* received float64 .* 1.5, .* takes integers"),
        (np.full((5, 6), np.nan, np.float32), "received float32 .* with nan, which is no whole"),
        (np.full((5, 6), np.inf, np.float32), "received float32 .* beyond"),
        (np.full((5, 6), "a"), "received str.* takes integers"),
        (np.full((5, 6), 2**40), "beyond -2147483648 to 2147483647"),
    ],
)
def test_what_is_no_number_of_a_word_is_refused(data: np.ndarray, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        edgekit.convert(words("int32"), data)


def test_test_vectors_reach_both_ends_of_the_inputs() -> None:
    vectors = edgekit.convert(classifier(), X[:100]).graph.metadata.test_vectors
    ends = {int(array.min()) for v in vectors for array in v.inputs.values()}
    assert {-128, 127} <= ends
    assert all(set(v.checksums) == {"x", "hidden_relu", "scores", "classes"} for v in vectors)


@pytest.mark.parametrize("arithmetic", ["float32", "fixedpoint"])
def test_two_conversions_are_equal_byte_for_byte(tmp_path: Path, arithmetic: str) -> None:
    for name in ("first.edge", "second.edge"):
        recipe = Recipe(arithmetic=arithmetic)
        edgekit.convert(
            classifier(), X[:100], evaluate=(X, Y), recipe=recipe, labels=list("abcd")
        ).save(tmp_path / name)
    assert (tmp_path / "first.edge").read_bytes() == (tmp_path / "second.edge").read_bytes()


def test_provenance_follows_the_data() -> None:
    first = edgekit.convert(classifier(), X[:100]).graph.metadata.provenance
    changed = X[:100].copy()
    changed[50, 3] += np.float32(1e-4)
    second = edgekit.convert(classifier(), changed).graph.metadata.provenance
    other = edgekit.convert(classifier(seed=1), X[:100]).graph.metadata.provenance
    assert first["calibration_sha256"] != second["calibration_sha256"]
    assert first["float_graph_sha256"] == second["float_graph_sha256"]
    assert first["float_graph_sha256"] != other["float_graph_sha256"]


def test_neither_time_nor_place_is_recorded(tmp_path: Path) -> None:
    contents = []
    for folder in ("here", "elsewhere"):
        (tmp_path / folder).mkdir()
        source = tmp_path / folder / f"{folder}.edge"
        edgekit.save(classifier(), source)
        edgekit.convert(source, X[:100]).save(tmp_path / "out.edge")
        contents.append((tmp_path / "out.edge").read_bytes())
    assert contents[0] == contents[1]
    provenance = Interpreter(contents[0]).metadata.provenance
    assert len(provenance["source_sha256"]) == 64


def test_a_missed_gate_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.edge"
    path.write_bytes(b"the old model")
    wrong = (Y + 1) % 4
    mixed = np.where(np.arange(len(Y)) % 2 == 0, Y, wrong)
    bad = spoiled()
    with pytest.raises(AccuracyGateError, match="Lowest signal-to-noise"):
        edgekit.convert(bad, X[:100], evaluate=(X, labels_of(bad, X)), max_drop=0.5).save(path)
    assert path.read_bytes() == b"the old model"
    edgekit.convert(classifier(), X[:100], evaluate=(X, mixed)).save(path)


def spoiled() -> Graph:
    """A network that eight bits cannot hold: one score is a thousand times the others."""
    g = GraphBuilder("spoiled")
    x = g.input("x", (None, 12))
    weight = normal(0, 4, 12)
    weight[0] *= 1000
    x = g.add("Dense", x, g.constant(weight, "w"), name="uneven")
    keep = np.array([0, 1, 1, 1], np.float32)
    x = g.add("Mul", x, g.constant(keep, "keep"), name="the_rest")
    return g.finish([x])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"max_drop": 0.5}, InputError, "max_drop needs evaluation data"),
        ({"max_drop": -1.0, "evaluate": (X, Y)}, InputError, "0 or more, received -1"),
        ({"max_drop": float("nan"), "evaluate": (X, Y)}, InputError, "received nan"),
        ({"labels": ["a", "b"]}, InputError, "2 labels for a model with 4 outputs"),
        ({"labels": "abcd"}, InputError, "list of names"),
        ({"evaluate": (X, Y[:-1])}, ShapeError, "120 samples, but targets"),
        ({"evaluate": (X[:, :5], Y)}, ShapeError, "evaluation data for input 'x'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    options: dict, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        edgekit.convert(classifier(), X[:100], **options)


def test_what_the_model_brings_is_kept() -> None:
    metadata = Metadata(labels=tuple("abcd"), signature="classify", provenance={"author": "me"})
    graph = replace(classifier(), metadata=metadata)
    kept = edgekit.convert(graph, X[:100]).graph.metadata
    assert (kept.labels, kept.signature) == (tuple("abcd"), "classify")
    assert kept.provenance["author"] == "me"


def test_a_fixed_batch_is_recorded_whole() -> None:
    g = GraphBuilder()
    x = g.input("x", (3, 12))
    graph = g.finish([g.add("Dense", x, g.constant(normal(0, 2, 12), "w"), name="d")])
    converted = edgekit.convert(graph, X[:100], evaluate=(X[:100], normal(0, 100, 2)))
    assert [v.inputs["x"].shape for v in converted.graph.metadata.test_vectors] == [(3, 12)] * 4
    assert converted.report.accuracy is not None and converted.report.accuracy.samples == 100


def test_progress_names_the_stage() -> None:
    seen: list[tuple[str, int, int]] = []
    edgekit.convert(classifier(), X[:40], evaluate=(X, Y), progress=lambda *step: seen.append(step))
    assert seen[:2] == [("calibrating", 32, 40), ("calibrating", 40, 40)]
    assert seen[-1] == ("evaluating", 240, 240)
    assert [step[1] for step in seen[2:]] == sorted(step[1] for step in seen[2:])


QUANTIZED = [
    "mlperf_tiny/kws_ref_model.tflite",
    "coral/mobilenet_v1_0.25_128_quant.tflite",  # uint8
    "dtln/model_quant_1.tflite",  # int8 weights alone
    "ai_edge_quantizer/partly_quantized_mnist.tflite",
    "esphome/vad_v2.tflite",  # with memories
]


@pytest.mark.parametrize("name", QUANTIZED)
@pytest.mark.parametrize("arithmetic", [None, "fixedpoint"])
def test_a_quantized_file_keeps_its_bits(name: str, arithmetic: str | None, tmp_path: Path) -> None:
    source, path = material(f"tflite/{name}"), tmp_path / "model.edge"
    converted = edgekit.convert(source, recipe=Recipe(arithmetic) if arithmetic else None)
    converted.save(path)
    assert verify(path).bit_exact
    wanted, found = Interpreter(source, arithmetic=arithmetic), Interpreter(path)
    assert found.metadata.arithmetic == (arithmetic or "float32")
    for seed in range(2):
        inputs = random_inputs(wanted.graph, seed, smooth=False)
        expected = wanted.run(*inputs)
        for output, array in found.run(*inputs).items():
            np.testing.assert_array_equal(array, expected[output])


def test_a_quantized_file_computes_what_its_own_runtime_does(tmp_path: Path) -> None:
    """The reference kernels' outputs, which came with the file, from the converted one."""
    name = "tflite/mlperf_tiny/kws_ref_model.tflite"
    with np.load(material(f"expected/{name}.npz")) as expected:
        x, y = expected["in0"], expected["out0"]
    converted = edgekit.convert(material(name), recipe=Recipe("fixedpoint"))
    converted.save(tmp_path / "model.edge")
    interpreter = Interpreter(tmp_path / "model.edge")
    found = np.stack([interpreter.run(one)[interpreter.graph.outputs[0]] for one in x])
    np.testing.assert_array_equal(found, y)


def test_a_quantized_model_takes_its_own_integers_as_data() -> None:
    """Evaluation data as they are stored, or the real numbers that they stand for."""
    int8 = edgekit.convert(classifier(), X[:100]).graph
    quant = int8.value("x").quant
    assert quant is not None
    stored = np.clip(np.rint(X / quant.scale[0]) + quant.zero_point[0], -128, 127).astype(np.int8)
    scores = []
    for data in (X, stored):
        converted = edgekit.convert(int8, data[:9], evaluate=(data, Y))
        scores += [note for note in converted.report.notes if note.startswith("accuracy")]
        np.testing.assert_array_equal(
            converted.graph.metadata.test_vectors[0].inputs["x"][0], stored[0]
        )
    assert len(scores) == 2 and scores[0] == scores[1]
    right = np.mean(Interpreter(int8).predict(X).argmax(1) == Y)
    assert f"accuracy {100 * right:.2f} % on 120 samples" in scores[0]


def test_converting_twice_changes_nothing(tmp_path: Path) -> None:
    first = edgekit.convert(classifier(), X[:100], evaluate=(X, Y), labels=list("abcd"))
    second = edgekit.convert(first.graph)
    assert edge_bytes(second.graph) == edge_bytes(first.graph)


def test_a_representative_dataset_as_tflite_takes_it(tmp_path: Path) -> None:
    """A function that gives batches of one sample, each in a list with one array per input."""

    def representative_dataset() -> Iterator[list[np.ndarray]]:
        for sample in X[:20]:
            yield [sample[None]]

    found = edgekit.convert(classifier(), representative_dataset)
    assert edge_bytes(found.graph) == edge_bytes(edgekit.convert(classifier(), X[:20]).graph)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": None}, "a trained model, a graph or the path of a file, received NoneType"),
        ({"model": b"TFL3"}, "or the path of a file, received bytes"),
        ({"calibration": "calib.npz"}, "received str; numpy.load reads arrays from files"),
        ({"evaluate": X}, "evaluate is a pair, inputs and labels, received ndarray"),
        ({"evaluate": (X, Y, Y)}, "evaluate is a pair, inputs and labels, received 3 things"),
        ({"preprocessing": (0, 255)}, r"edgekit.ir.Preprocessing\(mean, std\), received tuple"),
        ({"recipe": {"arithmetic": "float32"}}, "edgekit.quantize.Recipe, received dict"),
    ],
)
def test_arguments_of_another_kind_are_refused(options: dict, message: str) -> None:
    given = {"model": classifier(), "calibration": X[:100], **options}
    with pytest.raises((InputError, ShapeError), match=message):
        edgekit.convert(given.pop("model"), given.pop("calibration"), **given)


def test_a_quantized_file_is_converted_without_what_trains(tmp_path: Path) -> None:
    """On the device, too: with numpy alone, and without waiting for the layers of Keras."""
    path = tmp_path / "model.edge"
    edgekit.save(edgekit.convert(classifier(), X[:100]).graph, path)
    program = (
        f"import sys, edgekit; edgekit.convert({str(path)!r}).save({str(path)!r})\n"
        "sys.exit(any(name.startswith(('edgekit.train', 'h5py')) for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_a_quantized_graph_of_single_numbers_is_kept() -> None:
    """An input without dimensions has no samples."""
    g = GraphBuilder()
    stored = g.add("Quantize", g.input("x", ()), name="stored", quant=per_tensor(0.1, 3))
    graph = edgekit.convert(g.finish([stored])).graph
    assert [v.inputs["x"].shape for v in graph.metadata.test_vectors] == [()] * 4
    assert verify(graph).bit_exact
