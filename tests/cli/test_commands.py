"""`edgekit` itself, and inspect, verify, run, export and bench."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import edgekit
from edgekit.cli import COMMANDS, main
from edgekit.cli.table import aligned
from edgekit.frozen import replace
from edgekit.importers import load
from edgekit.interpreter import Interpreter
from edgekit.ir import GraphBuilder, Preprocessing
from edgekit.quantize import Recipe
from edgekit.train import Sequential, layers
from edgekit.train.quantization import quantize_model
from tests.cli.conftest import Files
from tests.material import ROOT, material
from tests.quantize.graphs import classifier, image_network, normal

Capture = pytest.CaptureFixture[str]


def printed(arguments: list[str], capture: Capture, code: int = 0) -> str:
    """What a command prints: on stdout, or its complaint on stderr if it fails."""
    assert main(arguments) == code
    captured = capture.readouterr()
    assert "Traceback" not in captured.err
    return captured.out if code in (0, 3) else captured.err


def test_no_arguments_print_help(capsys: Capture) -> None:
    text = printed([], capsys)
    assert all(re.search(rf"^ +{name} ", text, re.MULTILINE) for name in COMMANDS)


def test_version(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"edgekit {edgekit.__version__}\n"


@pytest.mark.parametrize("arguments", [["inspct"], ["inspect"], ["run", "m.edge"], ["--what"]])
def test_wrong_usage_exits_2(arguments: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: edgekit" in capsys.readouterr().err


def test_help_and_mistakes_do_not_wait_for_numpy() -> None:
    program = (
        "import sys; from edgekit.cli import main; main([])\n"
        "try: main(['convert'])\nexcept SystemExit: pass\n"
        "sys.exit('numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["inspect", "verify", "bench", "export --to onnx"])
def test_a_model_that_is_no_model(command: str, tmp_path: Path, capsys: Capture) -> None:
    name, *options = command.split()
    missing, damaged = tmp_path / "missing.edge", tmp_path / "damaged.edge"
    damaged.write_bytes(b"\0" * 100)
    text = printed([name, str(missing), *options], capsys, 2)
    assert text == f"edgekit {name}: {missing}: there is no such file\n"
    assert printed([name, str(damaged), *options], capsys, 2).count("\n") == 1
    assert "is a folder" in printed([name, str(tmp_path), *options], capsys, 2)


def test_inspect(files: Files, capsys: Capture) -> None:
    text = printed(["inspect", files.model], capsys)
    for expected in (
        "input   x:int8[?, 12]",
        "output  classes:int8[?, 4] 0.00390625@-128",
        "labels: ant, bee, cat, dog",
        "float 100.00%",
        "arithmetic: float32",
        "test vectors: 4",
        "calibration_sha256",
    ):
        assert expected in text
    graph = Interpreter(files.model).graph
    total = sum(value.array().nbytes for value in graph.constants())
    assert re.search(rf"all +{total:,} bytes", text)
    assert re.search(r"in float\n  nothing\n", text)
    weights = graph.value("w1").array().nbytes + graph.value("b1").array().nbytes
    assert re.search(rf"hidden +Dense +int8 +\?x16 +{weights} ", text)


def test_inspect_says_what_is_float_and_why(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "mixed.edge"
    recipe = Recipe(keep_float=("scores",))
    edgekit.convert(classifier(), normal(0, 50, 12), recipe=recipe).save(path)
    text = printed(["inspect", str(path)], capsys)
    assert "scores (Dense): kept in float on request" in text


def test_inspect_of_a_float_model(files: Files, capsys: Capture) -> None:
    text = printed(["inspect", files.float], capsys)
    assert "everything: this model is not quantized" in text
    assert "not measured" in text and "labels: none" in text


def test_inspect_of_integer_weights_under_float_activations(capsys: Capture) -> None:
    path = material("tflite/mlperf_tiny/kws_ref_model_float32.tflite")
    text = printed(["inspect", str(path)], capsys)
    assert "everything computes in float; the weights of 5 layers are integers" in text


def test_inspect_counts_what_stands_in_subgraphs(capsys: Capture) -> None:
    path = ROOT / "tests/golden/loops/gru.tflite"
    graph = load(path)
    parts = (graph, *graph.subgraphs.values())
    total = sum(value.array().nbytes for part in parts for value in part.constants())
    assert total > 2 * sum(value.array().nbytes for value in graph.constants())
    text = printed(["inspect", str(path)], capsys)
    assert re.search(rf"all +{total:,} bytes", text)
    assert re.search(r"\d  Tanh +float32", text)


def test_inspect_says_what_the_edge_tpu_leaves_out(files: Files, capsys: Capture) -> None:
    title = "Edge TPU, by its published rules\n"
    assert title + "  inputs 'x' leave the batch open" in printed(["inspect", files.model], capsys)
    text = printed(["inspect", files.float], capsys)
    assert title + "  nothing maps: this model computes in float" in text


def test_verify(files: Files, tmp_path: Path, capsys: Capture) -> None:
    assert "bit-exact here (4 test vectors" in printed(["verify", files.model], capsys)
    graph = load(files.model)
    vector = graph.metadata.test_vectors[1]
    wrong = {name: array.copy() for name, array in vector.outputs.items()}
    wrong["classes"][0, 2] ^= 1
    vectors = (graph.metadata.test_vectors[0], replace(vector, outputs=wrong))
    path = tmp_path / "changed.edge"
    edgekit.save(replace(graph, metadata=replace(graph.metadata, test_vectors=vectors)), path)
    text = printed(["verify", str(path)], capsys, 3)
    assert "element 2" in text and "test vector 1" in text and "classes" in text
    assert "no test vectors" in printed(["verify", files.float], capsys, 2)


def test_run_prints_the_best_labels(files: Files, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "y.npy"
    command = ["run", files.model, "--input", files.x, "--output", str(path), "--top", "2"]
    text = printed(command, capsys)
    scores = Interpreter(files.model).predict(np.load(files.x))
    np.testing.assert_array_equal(np.load(path), scores)
    best = ("ant", "bee", "cat", "dog")[scores[0].argmax()]
    assert re.search(rf"^sample 0: {best} {scores[0].max():.1%}, \w+ [\d.]+%$", text, re.MULTILINE)
    assert "sample 19" in text and "sample 20" not in text and "and 10 more samples" in text


def test_run_takes_one_sample_npz_and_stored_integers(
    files: Files, tmp_path: Path, capsys: Capture
) -> None:
    x = np.load(files.x)
    expected = printed(["run", files.model, "--input", files.x], capsys).splitlines()[0]
    quant = Interpreter(files.model).graph.value("x").quant
    stored = np.rint(x[0] / np.float32(quant.scale[0])) + quant.zero_point[0]
    forms = {
        "one.npy": x[0],
        "named.npz": {"x": x[:1], "other": x},
        "only.npz": {"data": x[:1]},
        "stored.npy": stored.astype(np.int8),
    }
    for name, data in forms.items():
        path = tmp_path / name
        np.savez(path, **data) if isinstance(data, dict) else np.save(path, data)
        assert printed(["run", files.model, "--input", str(path)], capsys).splitlines() == [
            expected
        ], name


def test_run_applies_the_preprocessing_to_raw_pixels(tmp_path: Path, capsys: Capture) -> None:
    raw = np.random.default_rng(0).integers(0, 256, (50, 12)).astype(np.uint8)
    rule = Preprocessing((127.5,), (64.0,))
    converted = edgekit.convert(classifier(), raw, preprocessing=rule)
    model, data, output = (tmp_path / name for name in ("m.edge", "raw.npy", "y.npz"))
    converted.save(model)
    np.save(data, raw)
    text = printed(["run", str(model), "--input", str(data), "--output", str(output)], capsys)
    assert "raw uint8, the model's preprocessing was applied" in text
    x = (raw.astype(np.float32) - np.float32(127.5)) / np.float32(64)
    np.testing.assert_array_equal(np.load(output)["classes"], Interpreter(model).predict(x))


def test_run_summarizes_what_is_no_list_of_classes(tmp_path: Path, capsys: Capture) -> None:
    graph = image_network()
    graph = replace(graph, outputs=("meet", "classes"))
    model, data = tmp_path / "maps.edge", tmp_path / "x.npy"
    edgekit.save(graph, model)
    np.save(data, normal(0, 2, 8, 8, 3))
    text = printed(["run", str(model), "--input", str(data)], capsys)
    assert "output 'meet':" in text and "shape [4, 4, 8]" in text and "class " in text
    path = tmp_path / "y.npy"
    command = ["run", str(model), "--input", str(data), "--output", str(path)]
    assert "2 outputs need a .npz file" in printed(command, capsys, 2)
    assert not path.exists()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (normal(0, 2, 5), "12"),
        (np.zeros((2, 12), np.int32), "int32"),
        (np.zeros((2, 12), np.uint8), "received uint8, raw pixels, and the model does not say"),
        (np.full((1, 12), np.nan, np.float32), "NaN"),
    ],
)
def test_run_refuses_arrays_that_do_not_fit(
    data: np.ndarray, expected: str, files: Files, tmp_path: Path, capsys: Capture
) -> None:
    path, output = tmp_path / "x.npy", tmp_path / "y.npy"
    np.save(path, data)
    command = ["run", files.model, "--input", str(path), "--output", str(output)]
    assert expected in printed(command, capsys, 2)
    assert not output.exists()


def test_run_refuses_a_top_of_nothing(files: Files, capsys: Capture) -> None:
    command = ["run", files.model, "--input", files.x, "--top", "0"]
    assert "1 or more, received 0" in printed(command, capsys, 2)


def test_export(files: Files, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "model.tflite"
    assert f"wrote {path}" in printed(
        ["export", files.model, "--to", "tflite", "-o", str(path)], capsys
    )
    assert path.read_bytes()[4:8] == b"TFL3"
    other = tmp_path / "other.tflite"
    printed(["export", files.model, "-o", str(other)], capsys)
    assert other.read_bytes() == path.read_bytes()
    wrong = ["export", files.model, "--to", "onnx", "-o", str(path)]
    assert "ends in .onnx" in printed(wrong, capsys, 2)
    assert "name a format" in printed(["export", files.model], capsys, 2)


def test_bench(files: Files, capsys: Capture) -> None:
    text = printed(["bench", files.model, "--runs", "5", "--batch", "3"], capsys)
    p50, p99 = (float(re.search(rf"{p} +([\d.]+) ms", text)[1]) for p in ("p50", "p99"))
    assert 0 < p50 <= p99
    assert re.search(r"^Dense +2 ", text, re.MULTILINE)
    assert re.search(r"^scores +Dense ", text, re.MULTILINE)
    assert re.search(r"whole process at its peak +[\d,]{9,} bytes", text)
    assert "1 or more, received 0" in printed(["bench", files.model, "--runs", "0"], capsys, 2)
    printed(["bench", files.float, "--runs", "2"], capsys)


def test_bench_takes_one_thread_unless_told_otherwise(files: Files) -> None:
    program = (
        "import os, sys; from edgekit.cli import main\n"
        f"main(['bench', {files.model!r}, '--runs', '1', *sys.argv[1:]])\n"
        "print('BLAS', os.environ['OPENBLAS_NUM_THREADS'])"
    )
    clean = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    for options, threads in (([], "1"), (["--threads", "2"], "2")):
        done = subprocess.run(
            [sys.executable, "-c", program, *options],
            cwd=ROOT,
            env=clean,
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"threads: {threads}\n" in done.stdout and f"BLAS {threads}\n" in done.stdout


def test_a_reader_that_leaves_is_no_error(files: Files) -> None:
    """As in `edgekit inspect model.edge | head -1`."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "edgekit", "inspect", files.model],
        cwd=ROOT,
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_an_interrupt_is_one_line(files: Files) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "edgekit", "bench", files.model, "--runs", "100000000"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # a shell starts what it sends to the background with interrupts ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 20
    # Before Python has its handler in place an interrupt would end the process another way.
    while b"numpy" not in Path(f"/proc/{process.pid}/maps").read_bytes():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, errors) == (130, b"edgekit: interrupted\n")


def test_tables_are_aligned() -> None:
    assert aligned([("a", "1"), ("long", "100")], right=(1,)) == ["a       1", "long  100"]


def test_bench_explains_how_each_layer_is_computed(files: Files, capsys: Capture) -> None:
    lines = printed(["bench", files.model, "--explain"], capsys).splitlines()
    graph = Interpreter(files.model).graph
    assert lines[0].split() == ["layer", "operator", "output", "calls", "way", "because"]
    assert [line.split()[0] for line in lines[1:]] == [node.name for node in graph.nodes]
    assert all(re.search(r" \d+ ", line) for line in lines[1:])


def test_a_name_that_is_not_given_replaces_nothing(
    files: Files, tmp_path: Path, capsys: Capture
) -> None:
    """Beside float.keras may lie the int8 float.edge that it became."""
    model = tmp_path / "m.edge"
    model.write_bytes(Path(files.model).read_bytes())
    other = tmp_path / "m.tflite"
    printed(["export", str(model), "--to", "tflite"], capsys)
    before = other.read_bytes()
    text = printed(["export", str(model), "--to", "tflite"], capsys, 2)
    assert f"{other}: is there already" in text and f"-o {other}" in text
    assert other.read_bytes() == before
    printed(["export", str(model), "-o", str(other)], capsys)


@pytest.mark.parametrize("command", ["convert", "export"])
def test_the_model_itself_is_not_written_over(
    command: str, files: Files, tmp_path: Path, capsys: Capture
) -> None:
    model = tmp_path / "m.edge"
    model.write_bytes(Path(files.float).read_bytes())
    link = tmp_path / "link.edge"
    link.symlink_to(model)
    for output in (model, link):
        text = printed([command, str(model), "-o", str(output)], capsys, 2)
        assert f"{output}: is read by this command; name another file to write" in text
    assert model.read_bytes() == Path(files.float).read_bytes()


def test_inputs_are_not_written_over(files: Files, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(Path(files.x).read_bytes())
    text = printed(["run", files.model, "--input", str(path), "--output", str(path)], capsys, 2)
    assert "is read by this command" in text
    assert path.read_bytes() == Path(files.x).read_bytes()


def test_where_outputs_go_is_checked_before_the_work(
    files: Files, tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "y.csv"
    command = ["run", str(tmp_path / "missing.edge"), "--input", files.x, "--output", str(path)]
    assert "arrays are written as .npy or .npz" in printed(command, capsys, 2)


def test_a_terminal_that_knows_few_letters(files: Files, tmp_path: Path) -> None:
    """What it cannot print is escaped; the model is written."""
    path = tmp_path / "m\u00f6del.tflite"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "edgekit", "export", files.model, "-o", str(path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert r"m\xf6del.tflite" in done.stdout and path.exists()


@pytest.mark.skipif(os.name != "posix", reason="closes streams as a shell does")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_nobody_listens(closed: str, files: Files, tmp_path: Path) -> None:
    """As a service may be started: without standard output, or errors."""
    path = tmp_path / "m.edge"
    command = f'"{sys.executable}" -m edgekit convert "{files.float}" --calibration "{files.calib}"'
    done = subprocess.run(f'{command} -o "{path}" {closed}', shell=True, cwd=ROOT, check=False)
    assert done.returncode == 0 and path.exists()


def test_a_saved_model_of_tensorflow(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"")
    text = printed(["inspect", str(tmp_path)], capsys, 2)
    assert "is a SavedModel of TensorFlow" in text and ".keras" in text


def test_a_model_for_one_sample_runs_several_in_turn(tmp_path: Path, capsys: Capture) -> None:
    """Most TFLite files have a fixed batch of one."""
    g = GraphBuilder("fixed")
    weight = g.constant(normal(0, 3, 4), "weight")
    graph = g.finish([g.add("Dense", g.input("x", (1, 4)), weight, name="scores")])
    path, found = tmp_path / "fixed.edge", tmp_path / "y.npy"
    edgekit.save(graph, path)
    x = normal(1, 5, 4)
    np.save(tmp_path / "x.npy", x)
    command = ["run", str(path), "--input", str(tmp_path / "x.npy"), "--output", str(found)]
    assert printed(command, capsys).count("sample ") == 5
    np.testing.assert_allclose(np.load(found), x @ normal(0, 3, 4).T, rtol=1e-5)


def test_run_says_what_is_clipped(files: Files, tmp_path: Path, capsys: Capture) -> None:
    """Data that were never scaled are the classic mistake, here too."""
    x = np.load(files.x)
    assert "clipped" not in printed(["run", files.model, "--input", files.x], capsys)
    np.save(tmp_path / "x.npy", 100 * x)
    text = printed(["run", files.model, "--input", str(tmp_path / "x.npy")], capsys)
    assert re.search(r"input 'x': 9\d% of the numbers, which go from -.* were clipped", text)


def test_run_scores_what_it_can(files: Files, tmp_path: Path, capsys: Capture) -> None:
    """The accuracy that conversion measured, where the file holds the answers, too."""
    with np.load(files.test) as data:
        x, y = data["x"], data["y"]
    expected = Interpreter(files.model).metadata.accuracy
    assert expected is not None
    text = printed(["run", files.model, "--input", files.test], capsys)
    assert text.endswith(f"\naccuracy {expected.int8_value:.2%} on 120 samples\n")
    assert printed(["run", files.float, "--input", files.test], capsys).endswith(
        "100.00% on 120 samples\n"
    )
    g = GraphBuilder("two")
    scores = g.input("x", (None, 4))
    graph = g.finish([g.add("Relu", scores, name="first"), g.add("Neg", scores, name="second")])
    edgekit.save(graph, tmp_path / "two.edge")
    np.savez(tmp_path / "two.npz", x=np.eye(4, dtype=np.float32), y=np.arange(4))
    command = ["run", str(tmp_path / "two.edge"), "--input", str(tmp_path / "two.npz")]
    assert printed(command, capsys).endswith("\noutput 'first': accuracy 100.00% on 4 samples\n")
    np.savez(tmp_path / "wrong.npz", x=x, y=np.stack([y] * 7, axis=1))
    text = printed(["run", files.model, "--input", str(tmp_path / "wrong.npz")], capsys)
    assert "not scored: evaluation targets of shape [120, 7] do not fit" in text


def test_a_model_trained_for_int8_is_not_exported_in_float_silently(
    tmp_path: Path, capsys: Capture
) -> None:
    pytest.importorskip("h5py")
    path, output = tmp_path / "aware.keras", str(tmp_path / "aware.tflite")
    plain = Sequential([layers.Input((4,)), layers.Dense(3)])
    aware = quantize_model(plain)
    aware.observe(normal(0, 20, 4))
    for model, said in ((aware, True), (plain, False)):
        model.save(path)
        text = printed(["export", str(path), "-o", output], capsys)
        assert ("was trained for int8, this is float; edgekit convert writes" in text) is said
