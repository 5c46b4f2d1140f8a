"""The Interpreter's door: what it takes, what it refuses and what it gives back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError, ModelFormatError, ShapeError, UnsupportedOperator
from edgekit.frozen import replace
from edgekit.interpreter import Interpreter, arithmetic, kernels
from edgekit.interpreter.kernels import find_kernel, kernel
from edgekit.ir import Graph, GraphBuilder, Metadata, Preprocessing, per_tensor
from tests.interpreter.networks import images, residual, with_softmax


def two_inputs() -> Graph:
    builder = GraphBuilder("sum")
    a = builder.input("left", (None, 3))
    b = builder.input("right", (None, 3))
    return builder.finish([builder.add("Add", a, b, name="sum")])


def test_run_gives_every_output_by_name_in_its_own_dtype() -> None:
    found = Interpreter(with_softmax()).run(images(2))
    assert list(found) == ["scores", "join"]
    assert found["scores"].shape == (2, 5) and found["join"].shape == (2, 12, 10, 8)
    assert {y.dtype.name for y in found.values()} == {"int8"}


def test_real_numbers_are_quantized_at_the_door() -> None:
    """Floats of any width, by the contract's formula; the same bits as quantizing outside."""
    graph = residual()
    quant = graph.value("image").quant
    assert quant is not None
    interpreter = Interpreter(graph)
    real = np.random.default_rng(0).normal(0, 3, (3, 12, 10, 3))
    real[0, 0, 0] = (np.inf, -np.inf, 3e38)
    wanted = interpreter.run(arithmetic.quantize(real, quant))["dense"]
    for dtype in (np.float32, np.float64):
        np.testing.assert_array_equal(interpreter.run(real.astype(dtype))["dense"], wanted)
    real[0, 0, 0, 2] = 1e300
    np.testing.assert_array_equal(interpreter.run(real.tolist())["dense"], wanted)


def test_inputs_by_position_and_by_name() -> None:
    interpreter = Interpreter(two_inputs())
    a, b = np.ones((2, 3), np.float32), np.full((2, 3), 5, np.float32)
    assert interpreter.run(a, b)["sum"].tolist() == [[6.0] * 3] * 2
    assert interpreter.run({"right": b, "left": a})["sum"].tolist() == [[6.0] * 3] * 2


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        ((), InputError, "takes 2 inputs ['left', 'right'], received 0"),
        ((np.ones((1, 3)),), InputError, "takes 2 inputs ['left', 'right'], received 1"),
        (({"left": np.ones((1, 3))},), InputError, "missing ['right']"),
        (
            ({"left": np.ones((1, 3)), "rigth": np.ones((1, 3))},),
            InputError,
            "missing ['right'], unknown ['rigth']; the model takes ['left', 'right']",
        ),
        (
            (np.ones((1, 3), np.uint8), np.ones((1, 3), np.int64)),
            InputError,
            "input 'left' expects float32, received uint8; convert it to float32",
        ),
        (
            (np.ones((1, 3), np.uint8), np.ones((1, 3), np.int64)),
            InputError,
            "input 'right' expects float32, received int64",
        ),
        (
            (np.ones((1, 4)), np.ones(3)),
            ShapeError,
            "input 'left' expects [any, 3], received [1, 4]; "
            "input 'right' expects [any, 3], received [3]",
        ),
        ((np.ones((0, 3)), np.ones((0, 3))), ShapeError, "expects [any, 3], received [0, 3]"),
        ((np.ones((2, 3)), np.ones((4, 3))), ShapeError, "same batch size, received [2, 4]"),
        (
            (np.array([[1.0, np.nan, np.nan]]), np.ones((1, 3))),
            InputError,
            "input 'left': 2 of 3 numbers are NaN",
        ),
        ((np.array([["a"] * 3]), np.ones((1, 3))), InputError, "expects float32, received str"),
    ],
)
def test_what_is_refused(inputs: Any, error: type[Exception], message: str) -> None:
    interpreter = Interpreter(two_inputs())
    with pytest.raises(error) as caught:
        interpreter.run(*inputs)
    assert message in str(caught.value)
    a = np.ones((1, 3), np.float32)  # and it still works afterwards
    assert interpreter.run(a, a)["sum"].tolist() == [[2.0] * 3]


def test_integers_are_only_taken_as_the_models_own() -> None:
    """A picture of uint8 is the classic mistake: it is neither real numbers nor the model's."""
    interpreter = Interpreter(residual())
    for dtype in (np.uint8, np.int16, np.int64, np.bool_):
        with pytest.raises(InputError, match="'image' expects int8 or float32, received"):
            interpreter.run(np.ones((1, 12, 10, 3), dtype))


def test_nan_is_refused_where_integers_would_hide_it() -> None:
    x = np.zeros((1, 12, 10, 3), np.float32)
    x[0, 3, 4, 1] = np.nan
    with pytest.raises(InputError, match="1 of 360 numbers are NaN"):
        Interpreter(residual()).run(x)


def test_nan_in_a_large_batch_is_counted_whole() -> None:
    x = np.zeros((70, 12, 10, 3), np.float32)
    x[40:60, 3, 4, 1] = np.nan
    with pytest.raises(InputError, match="20 of 25200 numbers are NaN, .* in sample 40"):
        Interpreter(residual()).run(x)


def test_opposite_infinities_are_not_taken_for_nan() -> None:
    a = np.array([[np.inf, -np.inf, 0.0]], np.float32)
    found = Interpreter(two_inputs()).run(a, np.ones((1, 3), np.float32))["sum"]
    assert found.tolist() == [[np.inf, -np.inf, 1.0]]


def test_predict_gives_real_numbers() -> None:
    graph = residual()
    quant = graph.value("dense").quant
    assert quant is not None
    interpreter, x = Interpreter(graph), images(3)
    real = interpreter.predict(x)
    assert real.dtype == np.float32 and real.shape == (3, 5)
    wanted = arithmetic.dequantize(interpreter.run(x)["dense"], quant)
    np.testing.assert_array_equal(real, wanted)
    several = Interpreter(with_softmax()).predict(x)
    assert set(several) == {"scores", "join"}
    assert several["scores"].max() <= 1.0


def test_predict_takes_a_sample_without_its_batch() -> None:
    interpreter, x = Interpreter(residual()), images(1)
    np.testing.assert_array_equal(interpreter.predict(x[0]), interpreter.predict(x)[0])
    named = interpreter.predict({"image": x[0]})
    np.testing.assert_array_equal(named, interpreter.predict(x)[0])
    with pytest.raises(ShapeError, match="'image' expects"):
        interpreter.predict(x[0, 0])


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 70])
def test_any_batch_size(count: int) -> None:
    interpreter, x = Interpreter(residual()), images(count)
    together = interpreter.run(x)["dense"]
    apart = np.concatenate([interpreter.run(x[i : i + 1])["dense"] for i in range(count)])
    np.testing.assert_array_equal(together, apart)


def test_large_models_run_in_smaller_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgekit.interpreter.interpreter.LARGEST_ARENA", 10_000)
    interpreter, x, sizes = Interpreter(residual()), images(8), []
    found = interpreter.run(x, observe=lambda name, a: sizes.append(len(a)) or None)["dense"]
    assert set(sizes) == {3, 2} and 3 * interpreter.memory.size <= 10_000
    np.testing.assert_array_equal(found, interpreter.run(x)["dense"])


def test_a_batch_is_not_cut_where_samples_mix() -> None:
    builder = GraphBuilder("over the batch")
    x = builder.input("x", (None, 2))
    graph = builder.finish([builder.add("Mean", x, name="mean", axes=(0,), keepdims=True)])
    data = np.arange(200, dtype=np.float32).reshape(100, 2)
    assert Interpreter(graph).run(data)["mean"].tolist() == [[99.0, 100.0]]
    builder = GraphBuilder("shares of the batch")
    x = builder.input("x", (None, 2))
    graph = builder.finish([builder.add("Softmax", x, name="shares", axis=0)])
    np.testing.assert_allclose(Interpreter(graph).run(0 * data)["shares"], 0.01, rtol=1e-6)


def test_threads_change_nothing_but_time() -> None:
    graph, x = residual(), images(150)
    wanted = Interpreter(graph).run(x)["dense"]
    interpreter = Interpreter(graph, threads=3)
    np.testing.assert_array_equal(interpreter.run(x)["dense"], wanted)
    with ThreadPoolExecutor(4) as pool:  # and callers may have threads of their own
        parts = pool.map(lambda i: interpreter.run(x[i : i + 1])["dense"], range(150))
    np.testing.assert_array_equal(np.concatenate(list(parts)), wanted)


def test_results_are_copies() -> None:
    interpreter = Interpreter(with_softmax())
    first = interpreter.run(images(1, seed=1))
    kept = {name: y.copy() for name, y in first.items()}
    interpreter.run(images(1, seed=2))
    for name, y in first.items():
        np.testing.assert_array_equal(y, kept[name])
        y[:] = 0  # and they may be written
    np.testing.assert_array_equal(interpreter.run(images(1, seed=1))["join"], kept["join"])


def test_inputs_are_left_alone() -> None:
    x = np.random.default_rng(0).normal(size=(1, 12, 10, 3)).astype(np.float32)
    before = x.copy()
    x.flags.writeable = False
    Interpreter(residual("float32")).run(x)
    Interpreter(residual()).run(x)
    np.testing.assert_array_equal(x, before)


def test_an_output_may_be_an_input_or_a_constant() -> None:
    builder = GraphBuilder("ends")
    x = builder.input("x", (None, 2), "int8", per_tensor(0.5, 3))
    c = builder.constant(np.array([1.5, 2.5], np.float32), "c")
    y = builder.add("Relu", x, name="y", quant=per_tensor(0.5, 3))
    graph = builder.finish([c, x, y])
    found = Interpreter(graph).run(np.array([[-1, 9]], np.int8))
    assert list(found) == ["c", "x", "y"]
    assert found["x"].tolist() == [[-1, 9]] and found["c"].tolist() == [1.5, 2.5]
    found["c"][:] = 0
    assert graph.value("c").array().tolist() == [1.5, 2.5]


def test_observe_sees_every_activation_once_in_order() -> None:
    graph, seen = with_softmax(), []
    interpreter, x = Interpreter(graph), images(2)
    outputs = interpreter.run(x, observe=lambda name, array: seen.append((name, array)))
    assert [name for name, _ in seen] == [value.name for value in graph.activations()]
    for name, array in seen:
        value = graph.value(name)
        assert array.dtype.name == value.dtype and array.shape[1:] == value.shape[1:]
    named = dict(seen)
    np.testing.assert_array_equal(named["image"], x)
    for name, y in outputs.items():
        np.testing.assert_array_equal(named[name], y)
    # "join" and "pool" share one scale: what is observed of them must agree
    pooled = named["join"].reshape(2, 6, 2, 5, 2, 8).max(axis=(2, 4))
    np.testing.assert_array_equal(named["pool"], pooled)


def test_observe_covers_large_batches_in_chunks() -> None:
    seen = []
    interpreter = Interpreter(residual(), threads=4)
    interpreter.run(images(70), observe=lambda name, array: seen.append((name, len(array))))
    assert [n for name, n in seen if name == "dense"] == [32, 32, 6]


def test_preprocessing_and_labels_come_from_the_model() -> None:
    rule = Preprocessing((127.5, 0.0, 1.0), (2.0, 1.0, 0.5))
    metadata = Metadata(labels=("cat", "dog"), preprocessing=rule)
    interpreter = Interpreter(replace(residual("float32"), metadata=metadata))
    assert interpreter.labels == ("cat", "dog")
    found = interpreter.preprocess(np.array([[255, 3, 2]], np.uint8))
    assert found.dtype == np.float32 and found.tolist() == [[63.75, 3.0, 2.0]]
    with pytest.raises(InputError, match="3 channels last"):
        interpreter.preprocess(np.zeros((4, 4, 2)))
    plain = Interpreter(residual("float32"))
    assert plain.labels == ()
    assert plain.preprocess([1, 2]).tolist() == [1.0, 2.0]


def test_a_graph_of_fixed_batch() -> None:
    builder = GraphBuilder("fixed")
    x = builder.input("x", (2, 3))
    interpreter = Interpreter(builder.finish([builder.add("Relu", x, name="y")]))
    assert interpreter.run(-np.ones((2, 3)))["y"].tolist() == [[0.0] * 3] * 2
    with pytest.raises(ShapeError, match=r"expects \[2, 3\], received \[1, 3\]"):
        interpreter.run(np.ones((1, 3)))


def test_sources() -> None:
    graph = residual()
    with pytest.raises(InputError, match="one model is needed"):
        Interpreter()
    with pytest.raises(InputError, match="one model is needed"):
        Interpreter(graph, model_content=b"")
    with pytest.raises(InputError, match="threads must be a whole number from 1 on, received 0"):
        Interpreter(graph, threads=0)
    with pytest.raises(InputError, match=r"nowhere\.edge"):
        Interpreter("nowhere.edge")
    with pytest.raises(ShapeError, match="never computed"):
        Interpreter(replace(graph, outputs=("nothing",)))


def test_a_missing_kernel_names_the_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(kernels.kernels_of("MaxPool2D"), "int8")
    with pytest.raises(UnsupportedOperator, match="layer 'pool': MaxPool2D has no kernel for int8"):
        Interpreter(residual())
    with pytest.raises(UnsupportedOperator, match="layer 'pool'.*'MaxPool' is not known"):
        find_kernel("MaxPool", "int8", "pool")


def test_a_kernel_is_registered_once() -> None:
    with pytest.raises(ValueError, match="Dense in int8 exists already"):
        kernel("Dense", "int8")(lambda step: None)


@pytest.mark.parametrize("name", ["m.keras", "m.H5"])
def test_a_file_to_be_converted_is_told_so(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK\3\4 and the rest of a Keras model")
    with pytest.raises(ModelFormatError, match=r"m\.\w+: this runs .* with edgekit convert"):
        Interpreter(path)


def test_an_onnx_file_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x08\x07\x12\x07pytorch:\x8a\x01")
    with pytest.raises(ModelFormatError, match=r"m\.onnx: .* writes ONNX, but reads none"):
        Interpreter(path)


def test_what_is_wrong_with_a_file_is_told_once() -> None:
    with pytest.raises(ModelFormatError, match="a file of another kind") as caught:
        Interpreter(bytes(64))
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("source", [np.zeros(3), object(), {"model": 1}])
def test_what_is_no_model_at_all_is_told_so(source: Any) -> None:
    with pytest.raises(InputError, match=r"a path, the bytes of a file or a graph, received \w+;"):
        Interpreter(source)


@pytest.mark.parametrize("count", [1, 40])
def test_numbers_beyond_float32_warn_nobody(count: int) -> None:
    """Nor does the interpreter change what its caller wants to be told, in whatever thread."""
    builder = GraphBuilder("overflow")
    x = builder.input("x", (None, 3))
    graph = builder.finish([builder.add("Mul", builder.add("Exp", x, name="exp"), x, name="y")])
    interpreter, given = Interpreter(graph), np.full((count, 3), 1000.0, np.float32)

    def run(observer: Any = None) -> dict[str, str]:
        with np.errstate(all="raise"):
            assert np.isinf(interpreter.run(given, observe=observer)["y"]).all()
            return dict(np.geterr())

    with ThreadPoolExecutor(1) as pool:
        settings = [run(), run(lambda name, array: None), pool.submit(run).result(), run()]
    assert all(set(each.values()) == {"raise"} for each in settings)
