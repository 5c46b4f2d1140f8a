"""Model.export writes what other runtimes run: TFLite by LiteRT, ONNX by onnxruntime, and .edge."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError
from edgekit.interpreter import Interpreter
from edgekit.train import Sequential, layers, set_random_seed
from tests import litert
from tests.export import onnx_runtime

X = np.random.default_rng(0).normal(size=(3, 6, 6, 2)).astype(np.float32)
# float32 sums of the same products in other orders, of probabilities
TOLERANCE = 1e-6


@pytest.fixture
def model():
    set_random_seed(1)
    return Sequential(
        [
            layers.Input((6, 6, 2), name="x"),
            layers.Conv2D(3, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(4, activation="softmax", name="y"),
        ]
    )


@pytest.mark.parametrize("format", [None, "litert", "tflite"])
def test_litert_runs_the_file(format, model, tmp_path):
    model.export(tmp_path / "m.tflite", format=format)
    (found,) = litert.run((tmp_path / "m.tflite").read_bytes(), {"x": X}).values()
    np.testing.assert_allclose(found, model.predict(X, verbose=0), atol=TOLERANCE)


@pytest.mark.parametrize("options", [{}, {"format": "onnx"}, {"verbose": True}])
def test_onnxruntime_runs_the_file(options, model, tmp_path, capsys):
    model.export(str(tmp_path / "m.onnx"), **options)
    (found,) = onnx_runtime.run((tmp_path / "m.onnx").read_bytes(), {"x": X}).values()
    np.testing.assert_allclose(found, model.predict(X, verbose=0), atol=TOLERANCE)
    assert ("m.onnx" in capsys.readouterr().out) == bool(options.get("verbose"))


def test_the_interpreter_runs_the_file(model, tmp_path):
    model.export(tmp_path / "m.edge", format="edge")
    found = Interpreter(tmp_path / "m.edge").predict(X)
    np.testing.assert_allclose(found, model.predict(X, verbose=0), atol=TOLERANCE)


@pytest.mark.parametrize("format", ["tf_saved_model", "openvino"])
def test_formats_of_others_are_refused_with_what_to_do(format, model, tmp_path):
    with pytest.raises(InputError, match=rf"'{format}'.*edge, litert, onnx, tflite"):
        model.export(tmp_path / "m", format=format)


def test_names_that_do_not_say_the_format_are_refused(model, tmp_path):
    with pytest.raises(InputError, match=r"m has no suffix; known: \.edge, \.onnx, \.tflite"):
        model.export(tmp_path / "m")
    with pytest.raises(InputError, match=r"m\.edge: format='onnx' goes with a name in \.onnx"):
        model.export(tmp_path / "m.edge", format="onnx")
    with pytest.raises(InputError, match="input_signature is not supported"):
        model.export(tmp_path / "m.edge", input_signature=[1])
    assert not list(tmp_path.iterdir())
